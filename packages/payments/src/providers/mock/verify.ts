import {
  ForgedNotice,
  type NoticeVerifier,
  type PaymentNotice,
  type RawNotice,
  UnreadableNotice,
} from '../../contract.ts';
import { equalsHex, singleHeader } from '../../signatures.ts';
import { moneyOf } from '../../wire-money.ts';
import { jsonObject, textOf } from '../../wire-text.ts';
import type { MockSettings } from './settings.ts';
import { MERCHANT, noticeKind, SIGNATURE_HEADER, signature } from './wire.ts';

export function createVerifier(settings: MockSettings): NoticeVerifier {
  return {
    provider: 'mock',
    acknowledgement: { status: 200, contentType: 'text/plain; charset=utf-8', body: 'OK' },
    verify(notice) {
      checkSignature(notice, settings.webhookSecret);
      const fields = jsonObject(notice.body);
      if (!fields) throw new UnreadableNotice('the body is no JSON object');
      return paymentNotice(fields);
    },
  };
}

function checkSignature(notice: RawNotice, secret: string): void {
  const header = singleHeader(notice, SIGNATURE_HEADER);
  if (header === null) throw new ForgedNotice('the header X-Mock-Signature is missing');
  if (secret === '') throw new ForgedNotice('no notice secret is set, and an empty one verifies nothing');
  if (!equalsHex(header.trim(), signature(secret, notice.body)))
    throw new ForgedNotice('X-Mock-Signature does not match the body under MOCK_WEBHOOK_SECRET');
}

function paymentNotice(fields: Readonly<Record<string, unknown>>): PaymentNotice {
  const status = textOf(fields.status) ?? 'none';
  const kind = noticeKind(status);
  const isRefund = kind === 'refunded' || kind === 'refund_failed';
  const orderId = textOf(fields.order_id) ?? '';
  const paymentId = textOf(fields.payment_id);
  const refundId = isRefund ? textOf(fields.refund_id) : null;
  const money = moneyOf(fields.amount, fields.currency);
  return {
    provider: 'mock',
    eventId: `${status}:${(isRefund ? refundId : paymentId) ?? orderId}`,
    kind,
    gatewayOrderId: orderId,
    providerPaymentId: paymentId,
    refundId,
    amount: money.amount,
    merchantMatches: textOf(fields.merchant) === MERCHANT,
    problem: paymentId === null ? 'payment_id_missing' : money.problem,
    occurredAt: dateOf(fields.sent_at),
  };
}

function dateOf(value: unknown): Date | null {
  const date = new Date(typeof value === 'string' ? value : Number.NaN);
  return Number.isNaN(date.getTime()) ? null : date;
}
