import { formatAmount } from '@mingdan/kernel';
import type { NoticeToSign, RawNotice } from '../../contract.ts';
import type { PingpongWebhook } from './settings.ts';
import { noticeStatus, SIGNATURE_HEADER, signature } from './wire.ts';

/** A notice as PingPong's plain protocol sends it. */
export function signNotice(settings: PingpongWebhook, notice: NoticeToSign): RawNotice {
  const body = JSON.stringify({
    order_id: notice.gatewayOrderId,
    status: noticeStatus[notice.kind],
    ...(notice.providerPaymentId === null ? {} : { payment_id: notice.providerPaymentId }),
    ...(notice.refundId === null ? {} : { refund_id: notice.refundId }),
    ...(notice.amount === null ? {} : { amount: formatAmount(notice.amount), currency: notice.amount.currency }),
    merchant_id: notice.merchant === 'ours' ? (settings.merchantId ?? 'M-OURS') : 'M-SOMEBODY-ELSE',
    sent_at: notice.at.toISOString(),
  });
  return signBody(settings, body);
}

/** Any bytes with a right signature: for bodies that PingPong would never send. */
export function signBody(settings: Pick<PingpongWebhook, 'webhookSecret'>, body: string | Buffer): RawNotice {
  const bytes = Buffer.from(body);
  return {
    headers: {
      'content-type': 'application/json',
      [SIGNATURE_HEADER]: signature(settings.webhookSecret, bytes).toString('hex'),
    },
    body: bytes,
  };
}
