"""Makes an order, opens its payment, waits until it is paid, and gives the money back. Needs Python 3.8 or newer.

    API_KEY=… PLAY=1 python3 docs/examples/client.py

PUBLIC_URL: base of the API. PLAY=1: plays the payment, in development only. PROVIDER, METHOD: the way to pay.
"""
import hashlib
import hmac
import json
import os
import time
import urllib.error
import urllib.request
import uuid

API_KEY = os.environ["API_KEY"]
BASE = os.environ.get("PUBLIC_URL", "http://127.0.0.1:3001")
PROVIDER = os.environ.get("PROVIDER", "alipay")
METHOD = os.environ.get("METHOD", "ALIPAY_QR")


def call(method, path, content=None):
    """A signed call. Returns the `data` of its answer, raises what the answer says went wrong."""
    body = b"" if content is None else json.dumps(content).encode()
    timestamp = str(int(time.time()))
    signed = f"{timestamp}.{method} {path}\n".encode() + body
    headers = {
        "Authorization": f"Bearer {API_KEY}",
        "Content-Type": "application/json",
        "X-Timestamp": timestamp,
        "X-Signature": hmac.new(API_KEY.encode(), signed, hashlib.sha256).hexdigest(),
    }
    request = urllib.request.Request(BASE + path, body or None, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=15) as reply:
            return json.load(reply)["data"]
    except urllib.error.HTTPError as refused:
        error = json.load(refused)["error"]
        raise RuntimeError(f"{method} {path}: {error['code']}: {error['message']}") from None


def wait_for(ask, fits):
    """Asks every second, a minute long."""
    for _ in range(60):
        answer = ask()
        if fits(answer):
            return answer
        time.sleep(1)
    raise TimeoutError("it took too long")


def main():
    # Your own number of the order: the same one again is the same order, so this may be repeated after any failure.
    external_id = f"example-{uuid.uuid4()}"
    birth = {"name": "张三", "date": "1990-05-15", "time": "14:30", "gender": "male", "place": "北京"}
    order = call(
        "POST",
        "/api/create-order",
        {"product_slug": "bazi-basic", "email": "zhang@example.com", "external_id": external_id, "input": birth},
    )
    order_no = order["order_no"]
    print("order", order_no)

    payments = f"/api/v1/payments/{PROVIDER}"
    payment = call("POST", f"{payments}/create", {"orderId": order_no, "amount": order["amount"], "method": METHOD})
    print("payment", payment.get("payment_url") or payment.get("qr_code"))

    if os.environ.get("PLAY") == "1":
        play = urllib.request.Request(f"{BASE}/api/payment/mock/success/{order_no}", method="POST")
        urllib.request.urlopen(play, timeout=15).close()
    wait_for(lambda: call("GET", f"{payments}/query/{order_no}"), lambda state: state["status"] == "paid")
    print("paid")

    refund_id = f"R-{external_id}"
    refund = call("POST", f"{payments}/refund", {"orderId": order_no, "reason": "an example", "refundId": refund_id})
    print("refund", refund["refund_id"])
    wait_for(
        lambda: call("GET", f"/api/order-status/{order_no}"), lambda state: state["refund_status"] == "succeeded"
    )
    print("refunded")


if __name__ == "__main__":
    main()
