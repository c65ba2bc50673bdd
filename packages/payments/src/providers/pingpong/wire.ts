import { createHmac } from 'node:crypto';
import { type Currency, isCurrency, type Money, parseAmount } from '@mingdan/kernel';
import type { GatewayPaymentState, NoticeKind, RefundState } from '../../contract.ts';

/** The plain protocol asks PingPong for yuan. A notice may name the amount alone: it is compared as yuan then. */
export const PLAIN_CURRENCY: Currency = 'CNY';

export const SIGNATURE_HEADER = 'x-signature';

/** HMAC-SHA256 of the bytes as they travel: the raw body, or the path of a call that has none. */
export function signature(secret: string, signed: string | Buffer): Buffer {
  return createHmac('sha256', secret).update(signed).digest();
}

const NOTICE_KINDS: Readonly<Record<string, NoticeKind>> = {
  paid: 'paid',
  failed: 'failed',
  refunded: 'refunded',
  refund_failed: 'refund_failed',
};

/** A status that we have never seen ends nothing: it is kept as pending. */
export function noticeKind(status: string): NoticeKind {
  return (Object.hasOwn(NOTICE_KINDS, status) ? NOTICE_KINDS[status] : undefined) ?? 'pending';
}

export const noticeStatus: Readonly<Record<NoticeKind | 'unheard_of', string>> = {
  paid: 'paid',
  failed: 'failed',
  refunded: 'refunded',
  refund_failed: 'refund_failed',
  pending: 'pending',
  expired: 'closed',
  unheard_of: 'under_review',
};

const PAYMENT_STATES = [
  'pending',
  'paid',
  'failed',
  'closed',
] as const satisfies readonly GatewayPaymentState['status'][];
const REFUND_STATES = ['succeeded', 'pending', 'failed'] as const satisfies readonly RefundState['status'][];

export function paymentStatus(word: string): GatewayPaymentState['status'] {
  return PAYMENT_STATES.find((status) => status === word.toLowerCase()) ?? 'unknown';
}

export function refundStatus(word: string): RefundState['status'] {
  return REFUND_STATES.find((status) => status === word.toLowerCase()) ?? 'unknown';
}

export interface NamedMoney {
  readonly amount: Money | null;
  /** what could not be read, or what does not fit by itself */
  readonly problem: 'unreadable_amount' | 'unknown_currency' | 'currency_mismatch' | null;
}

/** What a notice or an answer says of its money; each part may be missing. A number counts by its own text, never as a float. */
export function namedMoney(amount: unknown, currency: unknown): NamedMoney {
  const word = currency ?? PLAIN_CURRENCY;
  const named = typeof word === 'string' ? word.toUpperCase() : word;
  if (!isCurrency(named)) return { amount: null, problem: 'unknown_currency' };
  if (amount === undefined || amount === null) {
    // A currency alone cannot be compared with the order's, only with the one that we ask for.
    return { amount: null, problem: named === PLAIN_CURRENCY ? null : 'currency_mismatch' };
  }
  const text = typeof amount === 'number' ? String(amount) : amount;
  try {
    if (typeof text === 'string') return { amount: parseAmount(text, named), problem: null };
  } catch {
    // said below: a sign, an exponent, or more decimals than the currency has
  }
  return { amount: null, problem: 'unreadable_amount' };
}
