import {
  ForgedNotice,
  type NoticeVerifier,
  type PaymentNotice,
  type RawNotice,
  UnreadableNotice,
} from '../../contract.ts';
import { equalsHex, singleHeader } from '../../signatures.ts';
import { jsonObject, textOf } from '../../wire-text.ts';
import type { PingpongWebhook } from './settings.ts';
import { namedMoney, noticeKind, SIGNATURE_HEADER, signature } from './wire.ts';

export function createVerifier(settings: PingpongWebhook): NoticeVerifier {
  return {
    provider: 'pingpong',
    acknowledgement: { status: 200, contentType: 'text/plain; charset=utf-8', body: 'OK' },
    verify(notice) {
      checkSignature(notice, settings.webhookSecret);
      const fields = jsonObject(notice.body);
      if (!fields) throw new UnreadableNotice('the body is no JSON object');
      return paymentNotice(fields, settings.merchantId);
    },
  };
}

function checkSignature(notice: RawNotice, secret: string): void {
  const header = singleHeader(notice, SIGNATURE_HEADER);
  if (header === null) throw withoutSignature(notice);
  if (secret === '') throw new ForgedNotice('no notice secret is set, and an empty one verifies nothing');
  const hex = header.trim().replace(/^sha256=/i, '');
  if (!/^[0-9a-f]{64}$/i.test(hex)) throw new ForgedNotice('X-Signature is not 64 characters of hex');
  if (!equalsHex(hex, signature(secret, notice.body)))
    throw new ForgedNotice('X-Signature does not match the body under PINGPONG_WEBHOOK_SECRET');
}

/** Which protocol a notice is judged by is decided by its form, never by trying one after the other. */
function withoutSignature(notice: RawNotice): ForgedNotice {
  const fields = jsonObject(notice.body);
  const acquirer = fields !== undefined && 'bizContent' in fields && 'sign' in fields;
  return new ForgedNotice(
    acquirer
      ? 'this is a notice of the acquirer API v4, which is not set up here'
      : 'the header X-Signature is missing',
  );
}

function paymentNotice(fields: Readonly<Record<string, unknown>>, ourMerchant: string | null): PaymentNotice {
  const status = textOf(fields.status)?.toLowerCase() ?? 'none';
  const kind = noticeKind(status);
  const isRefund = kind === 'refunded' || kind === 'refund_failed';
  const orderId = textOf(fields.order_id) ?? '';
  const paymentId = textOf(fields.payment_id);
  const refundId = isRefund ? textOf(fields.refund_id) : null;
  const merchant = textOf(fields.merchant_id);
  const money = namedMoney(fields.amount, fields.currency);
  return {
    provider: 'pingpong',
    eventId: `${status}:${isRefund ? (refundId ?? orderId) : (paymentId ?? orderId)}`,
    kind,
    gatewayOrderId: orderId,
    providerPaymentId: paymentId,
    refundId,
    amount: money.amount,
    merchantMatches: ourMerchant === null || !isNamed(fields.merchant_id) || merchant === ourMerchant,
    problem: isNamed(fields.payment_id) && paymentId === null ? 'unreadable_payment_id' : money.problem,
    occurredAt: null,
  };
}

/** True where a field says something, be it readable or not. */
function isNamed(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}
