import { type NoticeVerifier, type PaymentNotice, UnreadableNotice } from '../../contract.ts';
import { checkHmacHeader } from '../../signatures.ts';
import { moneyOf } from '../../wire-money.ts';
import { type Fields, isoDateOf, jsonObject, textOf } from '../../wire-text.ts';
import type { MockSettings } from './settings.ts';
import { MERCHANT, noticeKind, SIGNATURE_HEADER, signature } from './wire.ts';

export function createVerifier(settings: MockSettings): NoticeVerifier {
  return {
    provider: 'mock',
    acknowledgement: { status: 200, contentType: 'text/plain; charset=utf-8', body: 'OK' },
    verify(notice) {
      checkHmacHeader(
        notice,
        { header: SIGNATURE_HEADER, secret: settings.webhookSecret, variable: 'MOCK_WEBHOOK_SECRET' },
        signature,
      );
      const fields = jsonObject(notice.body);
      if (!fields) throw new UnreadableNotice('the body is no JSON object');
      return paymentNotice(fields);
    },
  };
}

function paymentNotice(fields: Fields): PaymentNotice {
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
    occurredAt: isoDateOf(fields.sent_at),
  };
}
