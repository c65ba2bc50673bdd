import { formatAmount } from '@mingdan/kernel';
import type { NoticeToSign, RawNotice } from '../../../contract.ts';
import { moneyFields } from '../../../wire-money.ts';
import type { Fields } from '../../../wire-text.ts';
import type { V4Keys } from '../settings.ts';
import { signatureOf } from './wire.ts';

const STATUS: Readonly<Record<NoticeToSign['kind'], string>> = {
  paid: 'SUCCESS',
  failed: 'FAILED',
  expired: 'CLOSED',
  pending: 'INIT',
  processing: 'PROCESSING',
  refunded: 'SUCCESS',
  refund_failed: 'FAILED',
  disputed: 'PENDING',
  unheard_of: 'UNDER_REVIEW',
};

/** A notice as the acquirer API v4 sends it. */
export function signV4Notice(keys: V4Keys, notice: NoticeToSign): RawNotice {
  const ours = notice.merchant === 'ours';
  const accId = ours ? keys.accId : '2099010100000000000001';
  if (notice.kind === 'disputed') return signV4Fields(keys, { accId, signType: keys.signType, ...dispute(notice) });
  const content = notice.kind === 'refunded' || notice.kind === 'refund_failed' ? refund(notice) : recharge(notice);
  const clientId = ours ? keys.clientId : '2099010100000000000';
  return signV4Fields(keys, { accId, clientId, signType: keys.signType, version: '1.0', bizContent: content });
}

function recharge(notice: NoticeToSign): string {
  return JSON.stringify({
    notifyType: 'RECHARGE',
    status: STATUS[notice.kind],
    ...common(notice),
    transactionTime: String(notice.at.getTime()),
    captureDelayHours: 0,
    requestId: notice.gatewayOrderId,
  });
}

function refund(notice: NoticeToSign): string {
  return JSON.stringify({
    notifyType: 'REFUND',
    status: STATUS[notice.kind],
    ...common(notice),
    refundId: `PP-${notice.refundId}`,
    merchantRefundId: notice.refundId ?? undefined,
    refundTime: String(notice.at.getTime()),
    refundEndingTime: String(notice.at.getTime()),
  });
}

function common(notice: NoticeToSign): Fields {
  return {
    merchantTransactionId: notice.gatewayOrderId,
    transactionId: notice.providerPaymentId ?? undefined,
    // With six decimals, as v4 answers.
    ...(notice.amount === null
      ? {}
      : { amount: sixDecimals(formatAmount(notice.amount)), currency: notice.amount.currency }),
  };
}

function sixDecimals(text: string): string {
  const [whole = '', fraction = ''] = text.split('.');
  return `${whole}.${fraction.padEnd(6, '0')}`;
}

function dispute(notice: NoticeToSign): Fields {
  return {
    eventCode: 'NOTIFICATION_OF_CHARGEBACK',
    chargebackStatus: STATUS.disputed,
    disputePspReference: `D-${notice.gatewayOrderId}`,
    merchantReference: notice.gatewayOrderId,
    originalReference: notice.providerPaymentId ?? undefined,
    defendable: true,
    ...(notice.amount === null ? {} : moneyFields(notice.amount)),
  };
}

/** Any fields with a right signature: for messages that PingPong would never send. */
export function signV4Fields(keys: Pick<V4Keys, 'salt' | 'signType'>, fields: Fields): RawNotice {
  const sign = signatureOf(fields, keys.salt, fields.signType === 'MD5' ? 'MD5' : keys.signType);
  return { headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify({ ...fields, sign })) };
}
