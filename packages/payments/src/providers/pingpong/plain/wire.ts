import { createHmac } from 'node:crypto';
import type { Currency } from '@mingdan/kernel';
import type { GatewayPaymentState, NoticeKind, RefundState } from '../../../contract.ts';
import { currencyOf, moneyOf, type NamedMoney } from '../../../wire-money.ts';
import { translate } from '../../../wire-text.ts';

/** The plain protocol asks PingPong for yuan. A notice may name the amount alone: it is compared as yuan then. */
const PLAIN_CURRENCY: Currency = 'CNY';

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
  return translate(NOTICE_KINDS, status) ?? 'pending';
}

export const noticeStatus: Readonly<Record<NoticeKind | 'unheard_of', string>> = {
  paid: 'paid',
  failed: 'failed',
  refunded: 'refunded',
  refund_failed: 'refund_failed',
  pending: 'pending',
  processing: 'processing',
  disputed: 'disputed',
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

/** What a notice or an answer says of its money; each part may be missing, and yuan are meant where no currency is named. */
export function namedMoney(amount: unknown, currency: unknown): NamedMoney {
  const code = currency ?? PLAIN_CURRENCY;
  if (amount !== undefined && amount !== null) {
    const money = moneyOf(amount, code);
    return money.problem === 'amount_missing' ? { amount: null, problem: 'unreadable_amount' } : money;
  }
  const named = currencyOf(code);
  if (named === null) return { amount: null, problem: 'unknown_currency' };
  // A currency alone cannot be compared with the order's, only with the one that we ask for.
  return { amount: null, problem: named === PLAIN_CURRENCY ? null : 'currency_mismatch' };
}
