import { createHash, timingSafeEqual } from 'node:crypto';
import type { GatewayPaymentState, NoticeKind, RefundState } from '../../../contract.ts';
import { type Fields, translate } from '../../../wire-text.ts';
import type { V4Keys } from '../settings.ts';

/**
 * The signature of a message in either direction: every field but `sign` that is not empty, by name, as `name=value` joined by `&`, with
 * the salt in FRONT; a plain digest and no HMAC, in upper case. Values as they travel: `bizContent` is text and stays text.
 * @returns null where a field is no text, number or truth value, which nobody signs
 */
export function signatureOf(fields: Fields, salt: string, signType: V4Keys['signType']): string | null {
  const named = Object.entries(fields).filter(
    ([name, value]) => name !== 'sign' && value !== undefined && value !== null && value !== '',
  );
  if (named.some(([, value]) => typeof value === 'object')) return null;
  const content = named
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${String(value)}`)
    .join('&');
  return createHash(signType === 'MD5' ? 'md5' : 'sha256')
    .update(salt + content)
    .digest('hex')
    .toUpperCase();
}

export type SignatureVerdict = 'right' | 'wrong' | 'missing' | 'unknown_sign_type' | 'no_salt';

/** Judges a signed message. MD5 counts only where the shop is set to it; SHA256 always does. */
export function judgeSignature(fields: Fields, keys: V4Keys): SignatureVerdict {
  if (keys.salt === '') return 'no_salt';
  const { sign, signType } = fields;
  if (typeof sign !== 'string' || sign.trim() === '') return 'missing';
  if (signType !== 'SHA256' && (signType !== 'MD5' || keys.signType !== 'MD5')) return 'unknown_sign_type';
  const expected = Buffer.from(signatureOf(fields, keys.salt, signType) ?? '');
  // One of the vendor's own samples ends in a blank.
  const given = Buffer.from(sign.trim().toUpperCase());
  const right = expected.length > 0 && given.length === expected.length && timingSafeEqual(given, expected);
  return right ? 'right' : 'wrong';
}

/** FAILED is one try: the buyer may try again on the same page and succeed. AUTH_SUCCESS is a promise and no money. */
const PAYMENT_STATES: Readonly<Record<string, GatewayPaymentState['status']>> = {
  INIT: 'pending',
  PROCESSING: 'pending',
  FAILED: 'pending',
  AUTH_SUCCESS: 'pending',
  SUCCESS: 'paid',
  CLOSED: 'closed',
  CANCEL: 'closed',
};

export function paymentStatus(word: string): GatewayPaymentState['status'] {
  return translate(PAYMENT_STATES, word) ?? 'unknown';
}

const REFUND_STATES: Readonly<Record<string, RefundState['status']>> = {
  SUCCESS: 'succeeded',
  PROCESSING: 'pending',
  FAILED: 'failed',
};

export function refundStatus(word: string): RefundState['status'] {
  return translate(REFUND_STATES, word) ?? 'unknown';
}

/** Of a notice, by its type and status together. What neither ends a payment nor gives money back is pending. */
export function noticeKind(notifyType: string, status: string): NoticeKind {
  if (notifyType === 'REFUND') {
    if (status === 'SUCCESS') return 'refunded';
    return status === 'FAILED' ? 'refund_failed' : 'pending';
  }
  if (status === 'SUCCESS') return notifyType === 'RECHARGE' ? 'paid' : 'pending';
  return status === 'CLOSED' || status === 'CANCEL' ? 'expired' : 'pending';
}

/** Money that a bank takes back, or has taken for good. Questions, and disputes that were won, are for people to read. */
const TAKEN_BACK = ['NOTIFICATION_OF_CHARGEBACK', 'PREARBITRATION', 'PREARBITRATION_LOST'];

export function disputeKind(eventCode: string): NoticeKind {
  return TAKEN_BACK.includes(eventCode) ? 'disputed' : 'pending';
}

/** Milliseconds since 1970, as text or number; null for anything else. */
export function dateOf(milliseconds: unknown): Date | null {
  const text = typeof milliseconds === 'number' ? String(milliseconds) : milliseconds;
  return typeof text === 'string' && /^\d{12,14}$/.test(text) ? new Date(Number(text)) : null;
}
