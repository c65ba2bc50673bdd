import type { Gateway } from '../contract.ts';
import { type AlipayKeys, alipayKeys, digits, makeKeys } from './keys.ts';
import { notice, noticesOf } from './notices.ts';
import { alipayRoutes, openByOrderString } from './routes.ts';
import { chinaTime } from './sign.ts';

const MINUTE = 60_000;

/** Alipay's open platform, protocol v2. */
export const alipay: Gateway<'alipay', AlipayKeys> = {
  name: 'alipay',
  title: '支付宝 Alipay',
  keys: alipayKeys,
  makeKeys,
  addresses: (base) => ({ ALIPAY_GATEWAY_URL: `${base}/gateway.do` }),
  // Its published schedule: eight tries in some 25 hours.
  retryMs: [4, 10, 10, 60, 120, 360, 900].map((minutes) => minutes * MINUTE),
  accepts: ({ status, body }) => status === 200 && body === 'success',
  ids: {
    payment: tradeNo,
    charge: (payment, first) => (first ? payment.paymentId : tradeNo()),
    refund: () => `${chinaTime(Date.now()).slice(0, 10).replaceAll('-', '')}${digits(10)}`,
    dispute: tradeNo,
  },
  actions: ['pay', 'fail', 'pay-twice', 'pay-late', 'pay-wrong-amount', 'pay-too-much'],
  page: {
    brand: '支付宝收银台 Alipay',
    letter: '支',
    facts: () => [['收款方 Payee', '命单（沙盒商户）']],
    inset: ({ status }) =>
      status === 'pending' || status === 'failed'
        ? '<ul class="alipay-ways" aria-label="付款方式 Pay with"><li class="alipay-way-chosen">账户余额 <small>Balance</small></li><li>花呗 <small>Huabei</small></li><li>储蓄卡（尾号 0000） <small>Card</small></li></ul>'
        : '',
  },
  open: (desk) => ({
    routes: alipayRoutes(desk),
    notices: (event) => noticesOf(desk, event),
    ownNotice: (payment, fields) => notice(desk, payment, fields),
    scan: (text) => openByOrderString(desk, text),
  }),
};

/** Day of China, then digits, as trade numbers look. */
function tradeNo(): string {
  return `${chinaTime(Date.now()).slice(0, 10).replaceAll('-', '')}22001${digits(15)}`;
}
