import type { Charge, Payment, Refund } from '../contract.ts';
import type { WechatKeys } from './keys.ts';

/** RFC 3339 in China time. */
export function chinaTime(at: Date | string | number): string {
  return `${new Date(new Date(at).getTime() + 8 * 3_600_000).toISOString().slice(0, 19)}+08:00`;
}

/** What WeChat Pay takes off the buyer's side where a coupon of its own is used, fen. */
export const COUPON_FEN = 100;

const TYPES: Readonly<Record<string, string>> = { native: 'NATIVE', jsapi: 'JSAPI', app: 'APP', h5: 'MWEB' };

/** The transaction object of queries and notices. */
export function showTransaction(keys: WechatKeys, payment: Payment, charge: Charge | undefined, state: string) {
  const { details } = payment;
  const amount = charge?.amount ?? payment.amount;
  const paidBySelf = amount.minor - (details['coupon'] ? Math.min(COUPON_FEN, amount.minor - 1) : 0);
  return {
    mchid: keys.mchId,
    appid: details['appid'] ?? keys.appIds[0],
    out_trade_no: payment.orderId,
    ...(charge && { transaction_id: charge.paymentId }),
    trade_type: TYPES[details['kind'] ?? ''] ?? 'NATIVE',
    trade_state: state,
    trade_state_desc: DESCRIPTIONS[state] ?? state,
    attach: '',
    ...(charge && {
      bank_type: 'OTHERS',
      success_time: chinaTime(charge.at),
      payer: { openid: details['openid'] ?? 'oSandboxBuyerOfWeChatPay0001' },
    }),
    amount: charge
      ? { total: amount.minor, payer_total: paidBySelf, currency: amount.currency, payer_currency: amount.currency }
      : { total: amount.minor, currency: amount.currency },
  };
}

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  SUCCESS: '支付成功',
  REFUND: '转入退款',
  NOTPAY: '订单未支付',
  CLOSED: '订单已关闭',
  USERPAYING: '用户支付中',
};

/** `REFUND` once any of it went back or is on its way, be it a part. A declined try leaves it `NOTPAY`. */
export function tradeState(payment: Payment, refunds: readonly Refund[]): string {
  if (payment.status === 'closed') return 'CLOSED';
  if (payment.status === 'processing') return 'USERPAYING';
  if (payment.status !== 'paid') return 'NOTPAY';
  return refunds.some(({ status }) => status !== 'failed') ? 'REFUND' : 'SUCCESS';
}

export const REFUND_STATES = { succeeded: 'SUCCESS', pending: 'PROCESSING', failed: 'ABNORMAL' } as const;

/** A refund as answers have it. In notices its state is called `refund_status`, and no currency is named. */
export function showRefund(payment: Payment, refund: Refund) {
  const { minor: total } = payment.charges[0]?.amount ?? payment.amount;
  return {
    refund_id: refund.gatewayRefundId,
    out_refund_no: refund.refundId,
    transaction_id: refund.chargeId,
    out_trade_no: refund.orderId,
    channel: 'ORIGINAL',
    user_received_account: '支付用户零钱',
    ...(refund.status === 'succeeded' && { success_time: chinaTime(Date.now()) }),
    create_time: chinaTime(refund.at),
    status: REFUND_STATES[refund.status],
    funds_account: 'AVAILABLE',
    amount: {
      total,
      refund: refund.amount.minor,
      payer_total: total,
      payer_refund: refund.amount.minor,
      settlement_total: total,
      settlement_refund: refund.amount.minor,
      discount_refund: 0,
      currency: refund.amount.currency,
    },
  };
}
