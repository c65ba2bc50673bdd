import { createHash, type KeyObject, sign } from 'node:crypto';
import type { NoticeToSign, RawNotice } from '../../contract.ts';
import type { WechatWebhook } from './settings.ts';
import { chinaTime, HEADERS, noticeStatus, SIGNATURE_TYPE, seal, signedBytes } from './wire.ts';

/** What the webhook process is set up with, and the one thing that only WeChat Pay has. */
export interface WechatSigner extends Pick<WechatWebhook, 'mchId' | 'appIds' | 'apiV3Key'> {
  readonly platformPrivateKey: KeyObject;
  readonly platformKeyId: string;
}

/** A notice as WeChat Pay sends it: sealed with the APIv3 key, signed with a platform key. */
export function signNotice(signer: WechatSigner, notice: NoticeToSign): RawNotice {
  const isRefund = notice.kind === 'refunded' || notice.kind === 'refund_failed';
  return isRefund ? signedRefund(signer, notice) : signedPayment(signer, notice);
}

function signedPayment(signer: WechatSigner, notice: NoticeToSign): RawNotice {
  const isOurs = notice.merchant === 'ours';
  const state = noticeStatus[notice.kind];
  const plain = {
    mchid: isOurs ? signer.mchId : '1900009999',
    appid: isOurs ? (signer.appIds[0] ?? '') : 'wx9999999999999999',
    out_trade_no: notice.gatewayOrderId,
    ...(notice.providerPaymentId === null ? {} : { transaction_id: notice.providerPaymentId }),
    trade_type: 'NATIVE',
    trade_state: state,
    trade_state_desc: state,
    bank_type: 'OTHERS',
    success_time: chinaTime(notice.at),
    payer: { openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' },
    ...(notice.amount === null ? {} : { amount: paidAmount(notice.amount) }),
  };
  return signResource(signer, { eventType: `TRANSACTION.${state}`, about: 'transaction', plain, at: notice.at });
}

function signedRefund(signer: WechatSigner, notice: NoticeToSign): RawNotice {
  const state = noticeStatus[notice.kind];
  const plain = {
    mchid: notice.merchant === 'ours' ? signer.mchId : '1900009999',
    out_trade_no: notice.gatewayOrderId,
    ...(notice.providerPaymentId === null ? {} : { transaction_id: notice.providerPaymentId }),
    ...(notice.refundId === null ? {} : { out_refund_no: notice.refundId, refund_id: `50${notice.refundId}` }),
    refund_status: state,
    success_time: chinaTime(notice.at),
    user_received_account: '支付用户零钱',
    ...(notice.amount === null
      ? {}
      : {
          amount: {
            total: notice.amount.minor,
            refund: notice.amount.minor,
            payer_total: notice.amount.minor,
            payer_refund: notice.amount.minor,
          },
        }),
  };
  return signResource(signer, { eventType: `REFUND.${state}`, about: 'refund', plain, at: notice.at });
}

function paidAmount({ minor, currency }: NonNullable<NoticeToSign['amount']>): Record<string, unknown> {
  return { total: minor, payer_total: minor, currency, payer_currency: currency };
}

export interface ResourceToSign {
  readonly eventType: string;
  /** `transaction` or `refund` */
  readonly about: string;
  /** what is sealed; a text stands for itself */
  readonly plain: unknown;
  readonly at: Date;
  /** the notice's own id; the same for every repeat */
  readonly id?: string;
}

/** Any plain text, rightly sealed and signed. Nonces follow from what is sealed, so that the same notice is the same bytes. */
export function signResource(signer: WechatSigner, resource: ResourceToSign): RawNotice {
  const plain = typeof resource.plain === 'string' ? resource.plain : JSON.stringify(resource.plain);
  const digest = createHash('sha256').update(`${resource.at.getTime()}\n${plain}`).digest('hex');
  const body = JSON.stringify({
    id: resource.id ?? `EV-${digest.slice(0, 32)}`,
    create_time: chinaTime(resource.at),
    resource_type: 'encrypt-resource',
    event_type: resource.eventType,
    summary: resource.eventType,
    resource: {
      original_type: resource.about,
      algorithm: 'AEAD_AES_256_GCM',
      ...seal(plain, signer.apiV3Key, digest.slice(0, 12), resource.about),
    },
  });
  return signBody(signer, body, resource.at);
}

/** Any bytes with a right signature: of notices that WeChat Pay would never send, and of the answers to our calls. */
export function signBody(
  signer: Pick<WechatSigner, 'platformPrivateKey' | 'platformKeyId'>,
  body: string | Buffer,
  at: Date,
): RawNotice {
  const bytes = Buffer.from(body);
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const nonce = createHash('sha256').update(bytes).update(timestamp).digest('hex').slice(0, 32).toUpperCase();
  return {
    headers: {
      'content-type': 'application/json',
      [HEADERS.timestamp]: timestamp,
      [HEADERS.nonce]: nonce,
      [HEADERS.serial]: signer.platformKeyId,
      [HEADERS.type]: SIGNATURE_TYPE,
      [HEADERS.signature]: sign('sha256', signedBytes(timestamp, nonce, bytes), signer.platformPrivateKey).toString(
        'base64',
      ),
    },
    body: bytes,
  };
}
