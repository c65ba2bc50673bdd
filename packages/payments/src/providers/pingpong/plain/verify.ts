import { ForgedNotice, type PaymentNotice, type RawNotice, UnreadableNotice } from '../../../contract.ts';
import { equalsHex, singleHeader } from '../../../signatures.ts';
import { jsonObject, textOf } from '../../../wire-text.ts';
import type { PlainNotices } from '../settings.ts';
import { PLAIN_SIGNATURE_HEADER } from '../wire.ts';
import { namedMoney, noticeKind, signature } from './wire.ts';

/** A notice with `X-Signature`. @throws ForgedNotice or UnreadableNotice */
export function verifyPlain(notice: RawNotice, settings: PlainNotices): PaymentNotice {
  checkSignature(notice, settings.webhookSecret);
  const fields = jsonObject(notice.body);
  if (!fields) throw new UnreadableNotice('the body is no JSON object');
  return paymentNotice(fields, settings.merchantId ?? null);
}

function checkSignature(notice: RawNotice, secret: string): void {
  const header = singleHeader(notice, PLAIN_SIGNATURE_HEADER);
  if (header === null) throw new ForgedNotice('the header X-Signature is missing');
  if (secret === '') throw new ForgedNotice('no notice secret is set, and an empty one verifies nothing');
  const hex = header.trim().replace(/^sha256=/i, '');
  if (!/^[0-9a-f]{64}$/i.test(hex)) throw new ForgedNotice('X-Signature is not 64 characters of hex');
  if (!equalsHex(hex, signature(secret, notice.body)))
    throw new ForgedNotice('X-Signature does not match the body under PINGPONG_WEBHOOK_SECRET');
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
