import { createHmac } from 'node:crypto';
import { type Currency, orderNumberPattern, splitGatewayOrderId } from '@mingdan/kernel';
import type { RefundState } from '../../contract.ts';
import { currencyOf, minorMoneyOf, type NamedMoney } from '../../wire-money.ts';
import { type Fields, fieldsOf, textOf, translate } from '../../wire-text.ts';

export const SIGNATURE_HEADER = 'stripe-signature';

/** HMAC-SHA256 of `<t>.<raw body>`; the key is the whole secret as text, with its `whsec_`. */
export function signature(secret: string, timestamp: string, body: Buffer): Buffer {
  return createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest();
}

/** Ours, on whatever Stripe lets us write metadata: session, payment intent (and so its charge), refund. */
export interface OurMetadata {
  readonly order_no: string;
  /** with `-2`, `-3` for a later attempt */
  readonly gateway_order_id: string;
  readonly refund_id?: string;
}

export function ourMetadata(gatewayOrderId: string): OurMetadata {
  return { order_no: orderNoOf(gatewayOrderId), gateway_order_id: gatewayOrderId };
}

export function orderNoOf(gatewayOrderId: string): string {
  return splitGatewayOrderId(gatewayOrderId)?.orderNo ?? gatewayOrderId;
}

/**
 * Whose order an object of Stripe is about. A refund and a dispute know it by their own metadata or by those of the payment where it
 * came along; without any the id is ''.
 */
export function orderOf(object: Fields): { gatewayOrderId: string; contradicts: boolean } {
  const metadata = metadataOf(object);
  const named = [metadata.gateway_order_id, metadata.order_no, object.client_reference_id]
    .map(textOf)
    .filter((id) => id !== null);
  const [first = ''] = named;
  return { gatewayOrderId: first, contradicts: named.some((id) => orderNoOf(id) !== orderNoOf(first)) };
}

/** False: a session that some other program on the same account has made. Other programs use `client_reference_id` too. */
export function isOurSession(session: Fields): boolean {
  const metadata = metadataOf(session);
  if (textOf(metadata.order_no) !== null || textOf(metadata.gateway_order_id) !== null) return true;
  return orderNumberPattern.test(orderNoOf(textOf(session.client_reference_id) ?? ''));
}

export function metadataOf(object: Fields): Fields {
  const [charge, intent] = [fieldsOf(object.charge), fieldsOf(object.payment_intent)];
  return { ...fieldsOf(charge.metadata), ...fieldsOf(intent.metadata), ...fieldsOf(object.metadata) };
}

// Stripe counts in the smallest unit as we do: fen, cents, whole yen. Our own and other ledgers' units are none that it could name.
const NEVER_STRIPE: readonly Currency[] = ['USDT', 'XTR', 'COIN'];

export function namedMoney(amount: unknown, currency: unknown): NamedMoney {
  const code = currencyOf(currency);
  return minorMoneyOf(amount, code !== null && NEVER_STRIPE.includes(code) ? null : code);
}

/** Money went all the way in; nothing was due counts too, and is compared with the order like any other amount. */
export function isPaid(paymentStatus: unknown): boolean {
  return paymentStatus === 'paid' || paymentStatus === 'no_payment_required';
}

const REFUND_STATES: Readonly<Record<string, RefundState['status']>> = {
  succeeded: 'succeeded',
  pending: 'pending',
  requires_action: 'pending',
  failed: 'failed',
  canceled: 'failed',
};

export function refundStatus(word: string): RefundState['status'] {
  return translate(REFUND_STATES, word) ?? 'unknown';
}

/** Stripe's times are whole seconds since 1970. */
export function dateOf(seconds: unknown): Date | null {
  const date = typeof seconds === 'number' ? new Date(seconds * 1000) : null;
  return date === null || Number.isNaN(date.getTime()) ? null : date;
}
