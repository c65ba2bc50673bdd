import { createHmac } from 'node:crypto';
import type { Money } from '@mingdan/kernel';
import type { NoticeKind, RawNotice } from '../../contract.ts';
import { moneyFields } from '../../wire-money.ts';
import type { MockSettings } from './settings.ts';

export const SIGNATURE_HEADER = 'X-Mock-Signature';
/** The merchant that a notice of ours names. */
export const MERCHANT = 'mingdan';

/** HMAC-SHA256 of the raw body. */
export function signature(secret: string, body: Buffer): Buffer {
  return createHmac('sha256', secret).update(body).digest();
}

const KINDS: readonly NoticeKind[] = [
  'paid',
  'failed',
  'expired',
  'processing',
  'refunded',
  'refund_failed',
  'disputed',
];

/** Its words are ours; any other one ends nothing. */
export function noticeKind(status: string): NoticeKind {
  return KINDS.find((kind) => kind === status) ?? 'pending';
}

const PREFIX = 'MOCK-';

/** One payment for each id of ours: the mock has no memory in which to look an id of its own up. */
export function mockPaymentId(gatewayOrderId: string): string {
  return `${PREFIX}${gatewayOrderId}`;
}

/** @param id a payment id of the mock, or the order number itself */
export function gatewayOrderIdOf(id: string): string {
  return id.startsWith(PREFIX) ? id.slice(PREFIX.length) : id;
}

export interface MockNotice {
  readonly kind: NoticeKind | 'unheard_of';
  readonly gatewayOrderId: string;
  readonly paymentId: string | null;
  readonly refundId: string | null;
  readonly amount: Money | null;
  readonly merchant: string;
  readonly at: Date;
}

export function signedNotice(settings: MockSettings, notice: MockNotice): RawNotice {
  const { kind, gatewayOrderId, paymentId, refundId, amount, merchant, at } = notice;
  return signedBody(
    settings,
    JSON.stringify({
      merchant,
      order_id: gatewayOrderId,
      status: kind,
      ...(paymentId === null ? {} : { payment_id: paymentId }),
      ...(refundId === null ? {} : { refund_id: refundId }),
      ...(amount === null ? {} : moneyFields(amount)),
      sent_at: at.toISOString(),
    }),
  );
}

export function signedBody(settings: MockSettings, body: string | Buffer): RawNotice {
  const bytes = Buffer.from(body);
  return {
    headers: {
      'content-type': 'application/json',
      [SIGNATURE_HEADER.toLowerCase()]: signature(settings.webhookSecret, bytes).toString('hex'),
    },
    body: bytes,
  };
}
