import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { startTestSystem, type TestSystem } from './browser/support/system.ts';

const KEY = 'the-api-key-of-this-test';
/** Each gateway with a method whose payment its stand-in knows as soon as it is made. */
const GATEWAYS = [
  ['pingpong', 'PINGPONG_CHECKOUT', 'succeeded'],
  ['alipay', 'ALIPAY_QR', 'succeeded'],
  ['wechat', 'WECHAT_NATIVE', 'succeeded'],
  ['stripe', 'STRIPE_CHECKOUT', 'succeeded'],
  ['oxapay', 'OXAPAY_INVOICE', 'manual'],
  ['mock', 'MOCK_CHECKOUT', 'succeeded'],
] as const;

const answer = z.object({ success: z.boolean(), data: z.record(z.string(), z.unknown()).optional() });

describe('the unified API against the stand-ins of all gateways', () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await startTestSystem({
      API_KEY: KEY,
      MOCK_WEBHOOK_SECRET: 'of-this-test-alone',
      PAYMENT_PROVIDERS: GATEWAYS.map(([provider]) => provider).join(','),
    });
  }, 90_000);
  afterAll(() => system?.stop(), 60_000);

  async function call(path: string, body?: object): Promise<Record<string, unknown>> {
    const reply = await fetch(system.botUrl + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { Authorization: `Bearer ${KEY}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(15_000),
    });
    const { success, data } = answer.parse(await reply.json());
    if (!success || !data) throw new Error(`${path}: ${reply.status}`);
    return data;
  }

  async function until(orderNo: string, fits: (status: Record<string, unknown>) => boolean) {
    for (let tries = 0; tries < 100; tries += 1) {
      const status = await call(`/api/order-status/${orderNo}`);
      if (fits(status)) return status;
      await new Promise((done) => setTimeout(done, 200));
    }
    throw new Error(`it never came to that: ${JSON.stringify(await call(`/api/order-status/${orderNo}`))}`);
  }

  test.each(GATEWAYS)(
    'takes an order of %s by %s from its creation to the refund',
    async (provider, method, refunded) => {
      const external = `unified/${provider}`;
      const made = await call('/api/create-order', {
        product_slug: 'bazi-basic',
        email: 'a@example.com',
        external_id: external,
        input: { name: '张三', date: '1990-05-15', gender: 'male' },
      });
      const orderNo = String(made.order_no);
      const base = `/api/v1/payments/${provider}`;
      const wish = { orderId: external, amount: '19.90', method: method.toLowerCase(), subject: 'x' };
      const created = await call(`${base}/create`, wish);
      expect(created).toMatchObject({ order_no: orderNo, provider, method: method.toLowerCase() });
      expect(created.payment_url ?? created.qr_code).toEqual(expect.any(String));
      expect(await call(`${base}/create`, wish)).toEqual(created);
      expect(await call(`${base}/query/${orderNo}`)).toMatchObject({ order_no: orderNo, status: 'waiting' });

      await call(`/api/payment/mock/success/${orderNo}`, {});
      await until(orderNo, ({ status }) => status === 'completed');
      expect(await call(`${base}/query/${encodeURIComponent(external)}`)).toMatchObject({
        status: 'paid',
        amount: 19.9,
      });

      const refund = await call(`${base}/refund`, { orderId: orderNo, refundId: `R-${provider}` });
      expect(refund.refund_id).toBe(`R-${provider}`);
      const after = await until(orderNo, ({ refund_status }) => refund_status === refunded);
      expect(after.payment_status).toBe(refunded === 'succeeded' ? 'refunded' : 'paid');
      expect(await call(`${base}/refund`, { orderId: orderNo, refundId: `R-${provider}` })).toMatchObject({
        refund_id: `R-${provider}`,
        status: refunded,
      });
    },
    60_000,
  );
});
