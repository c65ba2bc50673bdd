import { formatAmount, type Money } from '@mingdan/kernel';
import type { Charge, Payment, Till } from '../contract.ts';
import { addressOf, coinOf, hashOf, inCoin } from './coins.ts';

/** An invoice in OxaPay's word. It is not simply the ledger's: partly paid coins and late ones have names of their own here. */
export function statusOf({ ledger }: Till, payment: Payment, now = Date.now()): string {
  const received = ledger.receivedMinor(payment);
  const isShort = received < payment.amount.minor;
  if (received > 0 && ledger.refundedMinor(payment) >= received) {
    return ledger.refundsOf(payment).some(({ status }) => status === 'pending') ? 'refunding' : 'refunded';
  }
  if (payment.details.accepted) return 'manual_accept';
  if (isLate(payment)) return 'expired';
  switch (payment.status) {
    case 'paid':
      return isShort ? 'underpaid' : 'paid';
    case 'processing':
      return isShort && now >= endOf(payment) ? 'underpaid' : 'paying';
    case 'pending':
      return payment.details.coin ? 'waiting' : 'new';
    default:
      return received > 0 ? 'underpaid' : 'expired';
  }
}

/** Money that came after the invoice's time: OxaPay goes on calling it expired, whole or not. */
export function isLate(payment: Payment): boolean {
  const [first] = payment.charges;
  return first !== undefined && Date.parse(first.at) >= endOf(payment);
}

function endOf({ details, expiresAt }: Payment): number {
  return details.ended ? Date.parse(details.ended) : expiresAt;
}

/** As `GET /v1/payment/{track_id}` and the history show it. Neither names the address of its page. */
export function show(till: Till, payment: Payment) {
  const { details, amount } = payment;
  return {
    track_id: payment.paymentId,
    type: 'invoice',
    amount: numberOf(amount),
    currency: amount.currency,
    status: statusOf(till, payment),
    mixed_payment: details.mixed === 'true',
    callback_url: payment.notifyUrl,
    description: payment.subject,
    email: '',
    fee_paid_by_payer: Number(details.feePaidByPayer ?? 0),
    lifetime: Number(details.lifetime),
    order_id: payment.orderId,
    under_paid_coverage: Number(details.coverage ?? 0),
    return_url: payment.returnUrl,
    thanks_message: '',
    expired_at: secondsOf(payment.expiresAt),
    date: secondsOf(Date.parse(payment.createdAt)),
    txs: payment.charges.map((charge) => transaction(payment, charge)),
  };
}

function transaction(payment: Payment, charge: Charge) {
  const coin = coinOf(payment);
  const confirmed = isConfirmed(payment);
  return {
    tx_hash: hashOf(charge.paymentId),
    amount: Number(inCoin(charge.amount, coin)),
    currency: coin.symbol,
    network: coin.network,
    address: addressOf(payment, coin),
    status: confirmed ? 'confirmed' : 'confirming',
    confirmations: confirmed ? coin.confirmations : 0,
    auto_convert: { processed: false, amount: 0, currency: null },
    auto_withdrawal: { processed: false },
    date: secondsOf(Date.parse(charge.at)),
  };
}

export function isConfirmed({ status }: Payment): boolean {
  return status !== 'processing';
}

/** OxaPay writes money as JSON numbers in major units. */
export function numberOf(amount: Money): number {
  return Number(formatAmount(amount));
}

export function secondsOf(milliseconds: number): number {
  return Math.floor(milliseconds / 1_000);
}
