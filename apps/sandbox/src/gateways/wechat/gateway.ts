import { randomInt } from 'node:crypto';
import { randomCode } from '@mingdan/kernel';
import type { ExtraAction, Gateway, Payment, Till } from '../contract.ts';
import { makePrepayId } from './create.ts';
import { makeKeys, type WechatKeys, wechatKeys } from './keys.ts';
import { noticesOf, ownNotice } from './notices.ts';
import { wechatRoutes } from './routes.ts';
import { COUPON_FEN } from './show.ts';

const KINDS: Readonly<Record<string, string>> = {
  native: '扫码支付 Native',
  jsapi: '微信内支付 JSAPI',
  app: 'App 支付',
  h5: '手机网页支付 H5',
};

/** WeChat Pay, API v3. */
export const wechat: Gateway<'wechat', WechatKeys> = {
  name: 'wechat',
  title: '微信支付 WeChat Pay',
  keys: wechatKeys,
  makeKeys,
  addresses: (base) => ({ WECHAT_API_BASE: base }),
  // Its published schedule: 15s/15s/30s/3m/10m/20m/30m/30m/30m/60m, then hours that no sandbox lives to see.
  retryMs: [15_000, 15_000, 30_000, 180_000, 600_000, 1_200_000, 1_800_000, 1_800_000, 1_800_000, 3_600_000],
  noticeTimeoutMs: 5_000,
  // The status decides, not the body: 200 with FAIL counts as accepted.
  accepts: ({ status }) => status === 200 || status === 204,
  // The first answer is PROCESSING nearly always.
  refundMs: 1_000,
  ids: {
    payment: makePrepayId,
    charge: () => `42000${digits(23)}`,
    refund: () => `50${digits(27)}`,
    dispute: () => `20000${randomCode(12)}`,
  },
  actions: ['pay', 'fail', 'pay-twice', 'pay-late', 'pay-wrong-amount', 'pay-too-much', 'pay-other-currency'],
  page: { brand: '微信支付', letter: '微', facts, inset },
  open: (desk) => ({
    routes: wechatRoutes(desk),
    notices: (event) => noticesOf(desk, event),
    ownNotice: (payment, fields) => ownNotice(desk.keys, payment, fields),
    actions: [payWithCoupon(desk.till)],
    // Whatever an app or a page was given holds the prepay id somewhere.
    scan: (text) => desk.till.ledger.byCode(/\bwx\d{14}[0-9a-z]{20}\b/.exec(text)?.[0] ?? ''),
  }),
};

function digits(count: number): string {
  return Array.from({ length: count }, () => randomInt(10)).join('');
}

function facts(payment: Payment): readonly (readonly [string, string])[] {
  return [
    ['支付方式 Method', KINDS[payment.details['kind'] ?? ''] ?? ''],
    ['收款方 Payee', '命单 (sandbox)'],
  ];
}

function inset({ status, details }: Payment): string {
  if (status !== 'pending' && status !== 'failed') return '';
  const how = details['kind'] === 'native' ? '已识别二维码，请确认付款' : '请确认付款';
  return `<p class="wechat-how" data-testid="wechat-how">${how} <small>Please confirm</small><br>付款方式：零钱 <small>from the balance</small></p>`;
}

/** A coupon of WeChat Pay itself: the buyer pays less (`payer_total`), the merchant still gets the whole (`total`). */
function payWithCoupon(till: Till): ExtraAction {
  return {
    name: 'pay-with-coupon',
    label: {
      zh: '用立减券支付',
      en: 'Pay with a coupon',
      note: '微信出券，商户照收全额 · the buyer pays less, the shop gets the whole',
    },
    fits: ({ status, amount }) => (status === 'pending' || status === 'failed') && amount.minor > COUPON_FEN,
    run: async (payment) => {
      payment.details['coupon'] = 'yes';
      await till.pay(payment);
    },
  };
}
