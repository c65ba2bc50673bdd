import { formatAmount, type Money } from '@mingdan/kernel';
import type { Notice, Payment, TillEvent } from '../contract.ts';
import type { PingPongKeys } from './keys.ts';
import { sign } from './sign.ts';

/** What is told of an event: closing and disputes are not. */
export function noticesOf(keys: PingPongKeys, event: TillEvent): Notice[] {
  const { payment } = event;
  if (event.kind === 'paid') {
    const { paymentId, amount, at } = event.charge;
    return [ownNotice(keys, payment, { status: 'paid', payment_id: paymentId, ...wire(amount), paid_at: at })];
  }
  if (event.kind === 'failed') {
    const said = { status: 'failed', payment_id: payment.paymentId, ...wire(payment.amount) };
    return [ownNotice(keys, payment, { ...said, failure: 'declined by the bank' })];
  }
  if (event.kind === 'refund' && event.refund.status !== 'pending') {
    const { refundId, amount, status } = event.refund;
    const said = status === 'succeeded' ? 'refunded' : 'refund_failed';
    return [ownNotice(keys, payment, { refund_id: refundId, status: said, ...wire(amount) })];
  }
  return [];
}

/** A signed notice with these fields. */
export function ownNotice(keys: PingPongKeys, payment: Payment, fields: Readonly<Record<string, unknown>>): Notice {
  const body = { order_id: payment.orderId, status: 'paid', ...fields };
  const bytes = JSON.stringify(body);
  return {
    url: payment.notifyUrl,
    orderId: payment.orderId,
    says: String(body.status),
    body,
    sign: () => ({
      headers: { 'content-type': 'application/json', 'x-signature': sign(keys.webhookSecret, bytes) },
      body: bytes,
    }),
  };
}

function wire(amount: Money) {
  return { amount: formatAmount(amount), currency: amount.currency };
}
