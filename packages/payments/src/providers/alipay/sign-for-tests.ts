import { createHash, type KeyObject, sign } from 'node:crypto';
import { formatAmount, type Money } from '@mingdan/kernel';
import type { NoticeToSign, RawNotice } from '../../contract.ts';
import type { AlipayWebhook } from './settings.ts';
import { ALGORITHM, chinaTime, SIGN_TYPE, signedText } from './wire.ts';

/** Alipay signs with a key that we never hold: tests and the sandbox have their own pair, and lay its private half beside the settings. */
export interface AlipaySigner extends Pick<AlipayWebhook, 'appId' | 'sellerId'> {
  readonly alipayPrivateKey: KeyObject;
}

const OTHER_APP = '2021000000000000';
const TRADE_STATUS = {
  paid: 'TRADE_SUCCESS',
  expired: 'TRADE_CLOSED',
  refunded: 'TRADE_SUCCESS',
  unheard_of: 'TRADE_UNDER_REVIEW',
} as const;

/** A notice as Alipay sends it. Where Alipay has no such notice (`failed`, `disputed`, …), one of a trade that waits. */
export function signNotice(signer: AlipaySigner, notice: NoticeToSign): RawNotice {
  const status = Object.entries(TRADE_STATUS).find(([kind]) => kind === notice.kind)?.[1] ?? 'WAIT_BUYER_PAY';
  const at = chinaTime(notice.at);
  return signForm(signer.alipayPrivateKey, {
    gmt_create: at,
    charset: 'utf-8',
    subject: '八字精批',
    notify_id: notifyId(notice),
    notify_type: 'trade_status_sync',
    notify_time: at,
    trade_status: status,
    app_id: notice.merchant === 'ours' ? signer.appId : OTHER_APP,
    auth_app_id: notice.merchant === 'ours' ? signer.appId : OTHER_APP,
    seller_id: signer.sellerId ?? '2088531891668739',
    version: '1.0',
    out_trade_no: notice.gatewayOrderId,
    ...(notice.providerPaymentId === null ? {} : { trade_no: notice.providerPaymentId }),
    ...(notice.amount === null ? {} : moneyFields(notice.amount)),
    ...(notice.kind === 'paid' || notice.kind === 'refunded' ? { gmt_payment: at } : {}),
    ...(notice.kind === 'refunded' ? refundFields(notice, at) : {}),
  });
}

function moneyFields(amount: Money): Record<string, string> {
  return {
    total_amount: formatAmount(amount),
    ...(amount.currency === 'CNY' ? {} : { trans_currency: amount.currency }),
  };
}

function refundFields({ refundId, amount }: NoticeToSign, at: string): Record<string, string> {
  return {
    gmt_refund: `${at}.000`,
    ...(refundId === null ? {} : { out_biz_no: refundId }),
    ...(amount === null ? {} : { refund_fee: formatAmount(amount) }),
  };
}

/** The same for repeats of one notice, and for no other. */
function notifyId(notice: NoticeToSign): string {
  return createHash('md5').update(JSON.stringify(notice)).digest('hex');
}

/** Any fields with a right signature: for notices that Alipay would never send. A `sign_type` of their own is kept. */
export function signForm(alipayPrivateKey: KeyObject, fields: Readonly<Record<string, string>>): RawNotice {
  const all = new Map(Object.entries({ sign_type: SIGN_TYPE, ...fields }));
  all.set('sign', signature(alipayPrivateKey, signedText(all, 'notice')));
  return {
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body: Buffer.from(new URLSearchParams([...all]).toString()),
  };
}

/** An answer to a call: the part under the method's own name (or `error_response`), signed as the text that it is. */
export function signAnswer(alipayPrivateKey: KeyObject, partName: string, part: unknown): string {
  // Slashes are escaped there, which is why the text and not the value is signed.
  const text = JSON.stringify(part).replaceAll('/', '\\/');
  return `{"${partName}":${text},"sign":"${signature(alipayPrivateKey, text)}"}`;
}

export function signature(privateKey: KeyObject, text: string): string {
  return sign(ALGORITHM, Buffer.from(text), privateKey).toString('base64');
}
