import type { NoticeVerifier, PaymentNotice, RawNotice } from '../src/index.ts';
import type { WechatWebhook } from '../src/providers/wechat/settings.ts';
import { signResource } from '../src/providers/wechat/sign-for-tests.ts';
import { createVerifiers } from '../src/verifiers.ts';
import { webhookSettings as settings, signer } from './wechat-keys.ts';

/** The verifier of WeChat Pay for tests, and notices as it judges them. */

export const now = new Date('2026-11-21T12:00:00Z');
export const seconds = (count: number): Date => new Date(now.getTime() + count * 1000);

export function verifierFor(wanted: WechatWebhook): NoticeVerifier {
  const verifier = createVerifiers(new Map([['wechat', wanted]])).get('wechat');
  if (!verifier) throw new Error('there is no verifier for wechat');
  return verifier;
}
export const verifier = verifierFor(settings);
export const verify = (notice: RawNotice): PaymentNotice => verifier.verify(notice, now);

export const transaction = {
  mchid: settings.mchId,
  appid: settings.appIds[0],
  out_trade_no: 'REPORT_20261121_7K3M9QXA',
  transaction_id: '4200001234202611210123456789',
  trade_type: 'NATIVE',
  trade_state: 'SUCCESS',
  success_time: '2026-11-21T19:59:58+08:00',
  payer: { openid: 'o-1' },
  amount: { total: 1990, payer_total: 1490, currency: 'CNY', payer_currency: 'CNY' },
};
export const refund = {
  mchid: settings.mchId,
  out_trade_no: transaction.out_trade_no,
  transaction_id: transaction.transaction_id,
  out_refund_no: 'R7d1',
  refund_id: '50000000382019052709732678859',
  refund_status: 'SUCCESS',
  success_time: '2026-11-21T19:59:58+08:00',
  user_received_account: '招商银行信用卡0403',
  amount: { total: 1990, refund: 990, payer_total: 1990, payer_refund: 990 },
};
export const payment = (plain: unknown, eventType = 'TRANSACTION.SUCCESS'): RawNotice =>
  signResource(signer, { eventType, about: 'transaction', plain, at: now });
export const refundOf = (plain: unknown, eventType = 'REFUND.SUCCESS'): RawNotice =>
  signResource(signer, { eventType, about: 'refund', plain, at: now });
export const paid = payment(transaction);
