import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { startTestSystem, type TestSystem } from './browser/support/system.ts';

const KEY = 'the-api-key-of-this-test';
const PROVIDERS = ['pingpong', 'alipay', 'wechat', 'stripe', 'oxapay', 'stars', 'points', 'redpacket', 'mock'];
/** Every method, and what comes of it when its payment is made to fail. */
const METHODS = [
  ['PINGPONG_CHECKOUT', 'failed'],
  ['ALIPAY_WEB', 'expired'],
  ['ALIPAY_WAP', 'expired'],
  ['ALIPAY_APP', 'expired'],
  ['ALIPAY_QR', 'expired'],
  ['WECHAT_NATIVE', 'expired'],
  ['WECHAT_H5', 'expired'],
  ['WECHAT_APP', 'expired'],
  ['WECHAT_JSAPI', 'expired'],
  ['STRIPE_CHECKOUT', 'expired'],
  ['OXAPAY_INVOICE', 'expired'],
  ['STARS_INVOICE', 'expired'],
  ['POINTS', 'paid'],
  ['ALIPAY_REDPACKET', 'expired'],
  ['MOCK_CHECKOUT', 'failed'],
] as const;
const BUYER = 7_001_002;

const answer = z.object({
  success: z.boolean(),
  data: z.record(z.string(), z.unknown()).optional(),
  error: z.object({ code: z.string() }).optional(),
});

describe('playing payments against the stand-ins of every provider', () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await startTestSystem({
      API_KEY: KEY,
      MOCK_WEBHOOK_SECRET: 'of-this-test-alone',
      PAYMENT_PROVIDERS: PROVIDERS.join(','),
    });
  }, 90_000);
  afterAll(() => system?.stop(), 60_000);

  async function call(path: string, body?: object) {
    const reply = await fetch(system.botUrl + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { Authorization: `Bearer ${KEY}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(20_000),
    });
    return { status: reply.status, ...answer.parse(await reply.json()) };
  }

  const providerOf = (method: string) =>
    method === 'ALIPAY_REDPACKET' ? 'redpacket' : (method.toLowerCase().split('_')[0] ?? '');

  async function anOrderBy(method: string): Promise<string> {
    const made = await call('/api/create-order', {
      product_slug: 'bazi-basic',
      user_id: BUYER,
      input: { name: '张三', date: '1990-05-15', gender: 'male' },
    });
    const orderNo = String(made.data?.order_no);
    const wish = { orderId: orderNo, amount: 19.9, method, openid: 'o-of-a-buyer' };
    const opened = await call(`/api/v1/payments/${providerOf(method)}/create`, wish);
    expect([opened.status, opened.error?.code]).toEqual([200, undefined]);
    return orderNo;
  }
  const play = (outcome: string, orderNo: string) => call(`/api/payment/mock/${outcome}/${orderNo}`, {});

  /** Coins of the buyer's own, bought by Alipay. */
  async function getCoins(): Promise<void> {
    const made = await call('/api/coin/order', { package_id: 4, payment_method: 'alipay', user_id: BUYER });
    expect((await play('success', String(made.data?.order_no))).data?.payment_status).toBe('paid');
    for (let tries = 0; tries < 100; tries += 1) {
      if (Number((await call(`/api/coin/balance?user_id=${BUYER}`)).data?.balance) >= 500) return;
      await new Promise((done) => setTimeout(done, 200));
    }
    throw new Error('the coins never came');
  }

  test.each(METHODS.map(([method]) => [method]))(
    '%s is paid',
    async (method) => {
      if (method === 'POINTS') await getCoins();
      const orderNo = await anOrderBy(method);
      const { status, data } = await play('success', orderNo);
      expect([status, data?.payment_status]).toEqual([200, 'paid']);
      expect((await play('failure', orderNo)).error?.code).toBe('not_playable');
      const { data: after } = await call(`/api/order-status/${orderNo}`);
      expect(after?.payment_status).toBe('paid');
    },
    60_000,
  );

  test.each(METHODS)(
    '%s fails, and ends as %s',
    async (method, ending) => {
      const orderNo = await anOrderBy(method);
      const { status, data, error } = await play('failure', orderNo);
      // Coins are taken at once: there is nothing left that could fail.
      if (ending === 'paid') return expect([status, error?.code]).toEqual([409, 'not_playable']);
      expect([status, data?.payment_status]).toEqual([200, ending]);
      return expect((await play('failure', orderNo)).data?.payment_status).toBe(ending);
    },
    60_000,
  );

  test('of an order with several payments open pays the last one', async () => {
    const orderNo = await anOrderBy('STRIPE_CHECKOUT');
    await call('/api/v1/payments/wechat/create', { orderId: orderNo, amount: 19.9, method: 'WECHAT_NATIVE' });
    await play('success', orderNo);
    const { data } = await call(`/api/v1/payments/wechat/query/${orderNo}`);
    expect(data).toMatchObject({ status: 'paid', provider_status: 'SUCCESS' });
  }, 60_000);
});
