import type { NoticeToSign, RawNotice } from '../../contract.ts';
import { moneyFields } from '../../wire-money.ts';
import { noticeStatus, signature } from './plain/wire.ts';
import type { PingpongWebhook, PlainNotices } from './settings.ts';
import { signV4Notice } from './v4/sign-for-tests.ts';
import { PLAIN_SIGNATURE_HEADER } from './wire.ts';

/** A notice as PingPong sends it: in the plain protocol where its secret is there, else in v4. */
export function signNotice(settings: PingpongWebhook, notice: NoticeToSign): RawNotice {
  if (settings.webhookSecret === '' && settings.v4) return signV4Notice(settings.v4, notice);
  const body = JSON.stringify({
    order_id: notice.gatewayOrderId,
    status: noticeStatus[notice.kind],
    ...(notice.providerPaymentId === null ? {} : { payment_id: notice.providerPaymentId }),
    ...(notice.refundId === null ? {} : { refund_id: notice.refundId }),
    ...(notice.amount === null ? {} : moneyFields(notice.amount)),
    merchant_id: notice.merchant === 'ours' ? (settings.merchantId ?? 'M-OURS') : 'M-SOMEBODY-ELSE',
    sent_at: notice.at.toISOString(),
  });
  return signBody(settings, body);
}

/** Any bytes with a right signature of the plain protocol: for bodies that PingPong would never send. */
export function signBody(settings: Pick<PlainNotices, 'webhookSecret'>, body: string | Buffer): RawNotice {
  const bytes = Buffer.from(body);
  return {
    headers: {
      'content-type': 'application/json',
      [PLAIN_SIGNATURE_HEADER.toLowerCase()]: signature(settings.webhookSecret, bytes).toString('hex'),
    },
    body: bytes,
  };
}
