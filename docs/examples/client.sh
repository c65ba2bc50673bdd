#!/usr/bin/env bash
# Makes an order, opens its payment, waits until it is paid, and gives the money back. Needs curl and openssl.
#   API_KEY=… PLAY=1 bash docs/examples/client.sh
# PUBLIC_URL: base of the API. PLAY=1: plays the payment, in development only. PROVIDER, METHOD: the way to pay.
set -euo pipefail

: "${API_KEY:?set API_KEY to the key of the server}"
base=${PUBLIC_URL:-http://127.0.0.1:3001}
provider=${PROVIDER:-alipay}
method=${METHOD:-ALIPAY_QR}

# call METHOD PATH [BODY]: signed, and over when the answer is no success
call() {
  local now signature answer
  now=$(date +%s)
  signature=$(printf '%s.%s %s\n%s' "$now" "$1" "$2" "${3-}" | openssl dgst -sha256 -hmac "$API_KEY" -r | cut -d' ' -f1)
  answer=$(curl --silent --show-error --max-time 15 --request "$1" "$base$2" \
    --header "Authorization: Bearer $API_KEY" --header "X-Timestamp: $now" --header "X-Signature: $signature" \
    --header 'Content-Type: application/json' ${3+--data-binary "$3"})
  case $answer in
    '{"success":true'*) printf '%s\n' "$answer" ;;
    *) printf '%s %s: %s\n' "$1" "$2" "$answer" >&2; return 1 ;;
  esac
}

# field NAME: the value of a field of the answer on standard input
field() { sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p"; }

# wait_for FIELD VALUE COMMAND…: asks every second, a minute long
wait_for() {
  local name=$1 wanted=$2 answer='' tries
  shift 2
  for tries in $(seq 60); do
    answer=$("$@")
    if [ "$(field "$name" <<<"$answer")" = "$wanted" ]; then printf '%s\n' "$answer"; return; fi
    sleep 1
  done
  printf '%s is not %s after %s tries: %s\n' "$name" "$wanted" "$tries" "$answer" >&2
  return 1
}

# Your own number of the order: the same one again is the same order, so this may be repeated after any failure.
external_id="example-$(date +%s)-$$"
order=$(call POST /api/create-order "{\"product_slug\":\"bazi-basic\",\"email\":\"zhang@example.com\",\"external_id\":\"$external_id\",
  \"input\":{\"name\":\"Zhang San\",\"date\":\"1990-05-15\",\"time\":\"14:30\",\"gender\":\"male\",\"place\":\"北京\"}}")
order_no=$(field order_no <<<"$order")
echo "order $order_no"

payment=$(call POST "/api/v1/payments/$provider/create" \
  "{\"orderId\":\"$order_no\",\"amount\":$(field amount <<<"$order"),\"method\":\"$method\"}")
echo "payment $(field payment_url <<<"$payment")$(field qr_code <<<"$payment")"

if [ "${PLAY:-}" = 1 ]; then
  curl --silent --show-error --fail --max-time 15 --request POST "$base/api/payment/mock/success/$order_no" >/dev/null
fi
wait_for status paid call GET "/api/v1/payments/$provider/query/$order_no" >/dev/null
echo 'paid'

refund=$(call POST "/api/v1/payments/$provider/refund" "{\"orderId\":\"$order_no\",\"reason\":\"an example\",\"refundId\":\"R-$external_id\"}")
echo "refund $(field refund_id <<<"$refund")"
wait_for refund_status succeeded call GET "/api/order-status/$order_no" >/dev/null
echo 'refunded'
