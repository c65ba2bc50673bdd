import { type PaymentNotice, type RawNotice, UnreadableNotice } from '../../../contract.ts';
import { checkHmacHeader } from '../../../signatures.ts';
import { type Fields, isNamed, jsonObject, textOf } from '../../../wire-text.ts';
import type { PlainNotices } from '../settings.ts';
import { PLAIN_SIGNATURE_HEADER } from '../wire.ts';
import { namedMoney, noticeKind, signature } from './wire.ts';

/** A notice with `X-Signature`. @throws ForgedNotice or UnreadableNotice */
export function verifyPlain(notice: RawNotice, settings: PlainNotices): PaymentNotice {
  const { webhookSecret: secret } = settings;
  const signed = { header: PLAIN_SIGNATURE_HEADER, secret, variable: 'PINGPONG_WEBHOOK_SECRET', prefix: /^sha256=/i };
  checkHmacHeader(notice, signed, signature);
  const fields = jsonObject(notice.body);
  if (!fields) throw new UnreadableNotice('the body is no JSON object');
  return paymentNotice(fields, settings.merchantId ?? null);
}

function paymentNotice(fields: Fields, ourMerchant: string | null): PaymentNotice {
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
