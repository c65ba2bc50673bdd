import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { changed, type Db, row, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { systemClock } from '@mingdan/kernel';
import {
  createOrder,
  findOrder,
  findProduct,
  giveCoinsBack,
  grantCoins,
  type Order,
  recordNotice,
} from '@mingdan/orders';
import { anAttempt, aUser, paidNotice, testDatabase, testVault } from '@mingdan/orders/testing';
import request from 'supertest';
import { GatewayInMemory, operationsWith } from './gateways.ts';
import { anApp, testSettings } from './support.ts';

let database: TestDatabase;
let db: Db;
let alipay: GatewayInMemory;
let wechat: GatewayInMemory;
let oxapay: GatewayInMemory;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());
beforeEach(async () => {
  alipay = new GatewayInMemory('alipay');
  wechat = new GatewayInMemory('wechat');
  oxapay = new GatewayInMemory('oxapay');
  await changed(db, 'delete from provider_health');
});

const BASE = '/api/v1/payments';
const KEY = `Bearer ${testSettings.apiKey}`;

const app = () => {
  const offered = ['alipay', 'wechat', 'oxapay', 'redpacket', 'points'] as const;
  return anApp(db, { operations: operationsWith(db, [alipay, wechat, oxapay], { offered }) }).app;
};
const post = (path: string, body: object | string = {}) =>
  request(app()).post(`${BASE}${path}`).set('Authorization', KEY).set('Content-Type', 'application/json').send(body);
const get = (path: string) => request(app()).get(`${BASE}${path}`).set('Authorization', KEY);

async function anOrder(externalId?: string): Promise<Order> {
  const product = await findProduct(db, 'bazi-basic');
  if (!product) throw new Error('no such product');
  const wish = {
    userId: (await aUser(db)).id,
    product,
    input: {},
    language: 'zh-CN',
    confirmationId: `test:${Math.random()}`,
    baziSource: 'local',
    expiryMinutes: 30,
    maxOpen: 100,
    ...(externalId === undefined ? {} : { externalId }),
  } as const;
  return (await createOrder(db, testVault, wish, systemClock)).order;
}

const create = (order: Pick<Order, 'orderNo'>, changes: object = {}, provider = 'alipay') =>
  post(`/${provider}/create`, { orderId: order.orderNo, amount: 19.9, method: 'ALIPAY_QR', subject: 'x', ...changes });

async function aPaidOrder(provider: 'alipay' | 'oxapay' = 'alipay'): Promise<Order> {
  const order = await anOrder();
  await create(order, provider === 'alipay' ? {} : { method: undefined }, provider).expect(200);
  const attempt = await row<{ paymentId: string | null; minor: number; currency: string }>(
    db,
    'select provider_payment_id as "paymentId", amount_minor as minor, currency from payment_attempts where order_id = :id',
    { id: order.id },
  );
  const amount = { minor: attempt?.minor ?? 0, currency: provider === 'oxapay' ? 'USDT' : 'CNY' } as const;
  const notice = paidNotice(order, { provider, amount, paymentId: attempt?.paymentId ?? null });
  await recordNotice(db, { ...notice, problem: null }, { digest: Buffer.alloc(32), sealed: null });
  const paid = await findOrder(db, order.orderNo);
  if (paid?.status !== 'paid') throw new Error(`the order is ${paid?.status}`);
  return paid;
}

describe('the API key', () => {
  test.each([
    ['no key', undefined],
    ['another key', 'Bearer wrong'],
    ['an empty one', 'Bearer '],
    ['the key by itself', 'the-key-of-the-api'],
    ['another scheme', 'Basic the-key-of-the-api'],
  ])('is asked for where %s comes, in a text that says how', async (_what, authorization) => {
    for (const path of ['/alipay/create', '/alipay/refund', '/alipay/close/x']) {
      const asked = request(app()).post(`${BASE}${path}`);
      const reply = await (authorization === undefined ? asked : asked.set('Authorization', authorization)).expect(401);
      expect(reply.body).toEqual({
        success: false,
        error: { code: 'unauthorized', message: expect.stringContaining('Authorization: Bearer') },
      });
      expect(reply.headers['www-authenticate']).toContain('Bearer');
    }
    await request(app()).get(`${BASE}/alipay/query/x`).expect(401);
  });

  test('never opens anything where none is set', async () => {
    const open = anApp(db, { settings: { apiKey: '' } }).app;
    await request(open).get(`${BASE}/alipay/query/x`).set('Authorization', 'Bearer ').expect(401);
  });

  test('comes before rates are counted and before the body is read', async () => {
    const limited = anApp(db, {
      settings: { trustProxy: ['loopback'] },
      limits: { windowMs: 60_000, reads: 1, writes: 1 },
    }).app;
    const from = () => request(limited).post(`${BASE}/alipay/create`).set('X-Forwarded-For', '203.0.113.5');
    for (let n = 0; n < 3; n += 1) await from().send('{broken').expect(401);
    await from().set('Authorization', KEY).send({}).expect(422);
    await from().set('Authorization', KEY).send({}).expect(429);
  });

  test('is never for a browser of another site', async () => {
    const reply = await request(app()).options(`${BASE}/alipay/create`).set('Origin', 'https://shop.example');
    expect(reply.headers['access-control-allow-origin']).toBeUndefined();
  });
});

describe('create', () => {
  test('opens the payment of an order, echoing the caller’s words', async () => {
    const order = await anOrder();
    alipay.shows = { paymentUrl: null, qrCode: 'https://qr.example/abc' };
    const { body } = await create(order, { method: 'alipay_qr' }, 'ALIPAY').expect(200);
    expect(body).toEqual({
      success: true,
      data: {
        order_no: order.orderNo,
        provider: 'ALIPAY',
        method: 'alipay_qr',
        qr_code: 'https://qr.example/abc',
        track_id: `alipay-${order.orderNo}`,
        amount: 19.9,
        currency: 'CNY',
        expires_at: order.expiresAt.toISOString(),
      },
    });
  });

  test('gives an app what it calls the gateway with', async () => {
    wechat.shows = { paymentUrl: null, clientParams: { prepayid: 'wx1' } };
    const { body } = await create(await anOrder(), { method: 'WECHAT_APP' }, 'wechat').expect(200);
    expect(body.data.client_params).toEqual({ prepayid: 'wx1' });
  });

  test('gives ten callers at once one payment, asked of the gateway once', async () => {
    const order = await anOrder();
    alipay.slow = 150;
    const server = app();
    const replies = await Promise.all(
      Array.from({ length: 10 }, () =>
        request(server)
          .post(`${BASE}/alipay/create`)
          .set('Authorization', KEY)
          .send({ orderId: order.orderNo, amount: '19.90', method: 'ALIPAY_WEB' })
          .expect(200),
      ),
    );
    expect(new Set(replies.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(alipay.created).toHaveLength(1);
    const attempts = await rows(db, 'select id from payment_attempts where order_id = :id', { id: order.id });
    expect(attempts).toHaveLength(1);
  });

  test('takes another method as another payment, under an id of its own', async () => {
    const order = await anOrder();
    await create(order).expect(200);
    await create(order, { method: 'ALIPAY_WEB' }).expect(200);
    expect(alipay.created.map(({ gatewayOrderId }) => gatewayOrderId)).toEqual([order.orderNo, `${order.orderNo}-2`]);
  });

  test('asks the gateway for the order’s money, whatever else the body says', async () => {
    const order = await anOrder();
    await create(order, { price: 1, total: 1, currency: 'cny', quantity: 9, notifyUrl: 'https://evil.example' }).expect(
      200,
    );
    expect(alipay.created).toMatchObject([
      { amount: { minor: 1990, currency: 'CNY' }, notifyUrl: 'https://pay.example/webhook/alipay' },
    ]);
  });

  test('compares OxaPay’s amount with the order’s own, and asks for USDT', async () => {
    const order = await anOrder();
    const { body } = await create(order, { method: undefined }, 'oxapay').expect(200);
    expect(body.data).toMatchObject({ method: 'OXAPAY_INVOICE', amount: 2.85, currency: 'USDT' });
  });

  test.each([19.9, '19.9', '19.90', ' 19.900000 '])('takes the amount as %j', async (amount) => {
    await create(await anOrder(), { amount }).expect(200);
  });

  test.each([
    [{ amount: 19.91 }, 409, 'amount_mismatch', 'amount'],
    [{ amount: 19.899 }, 409, 'amount_mismatch', 'amount'],
    [{ amount: 0 }, 409, 'amount_mismatch', 'amount'],
    [{ amount: '1990' }, 409, 'amount_mismatch', 'amount'],
    [{ amount: 1e21 }, 409, 'amount_mismatch', 'amount'],
    [{ amount: undefined }, 422, 'invalid_field', 'amount'],
    [{ amount: -19.9 }, 422, 'invalid_field', 'amount'],
    [{ amount: '19,90' }, 422, 'invalid_field', 'amount'],
    [{ amount: '1e1' }, 422, 'invalid_field', 'amount'],
    [{ amount: null }, 422, 'invalid_field', 'amount'],
    [{ amount: [19.9] }, 422, 'invalid_field', 'amount'],
    [{ currency: 'USD' }, 409, 'currency_mismatch', 'currency'],
    [{ method: undefined }, 422, 'invalid_field', 'method'],
    [{ method: 'WECHAT_APP' }, 422, 'invalid_field', 'method'],
    [{ method: 7 }, 422, 'invalid_field', 'method'],
    [{ orderId: undefined }, 422, 'invalid_field', 'orderId'],
    [{ orderId: 'REPORT_20261121_ZZZZZZZZ' }, 404, 'order_not_found', 'orderId'],
    [{ orderId: 'a\u0000b' }, 404, 'order_not_found', 'orderId'],
    [{ returnUrl: 'https://evil.example/' }, 400, 'return_url_not_allowed', 'returnUrl'],
    [{ returnUrl: 'https://shop.example.evil.example/' }, 400, 'return_url_not_allowed', 'returnUrl'],
    [{ returnUrl: 'https://shop.example@evil.example/' }, 400, 'return_url_not_allowed', 'returnUrl'],
    [{ returnUrl: 'https://me:x@shop.example/' }, 400, 'return_url_not_allowed', 'returnUrl'],
    [{ returnUrl: 'javascript://shop.example/%0aalert(1)' }, 400, 'return_url_not_allowed', 'returnUrl'],
    [{ returnUrl: '/back' }, 400, 'return_url_not_allowed', 'returnUrl'],
  ])('answers %j with %d %s', async (change, status, code, field) => {
    const { body } = await create(await anOrder(), change).expect(status);
    expect(body).toEqual({ success: false, error: { code, message: expect.any(String), field } });
    expect(alipay.created).toEqual([]);
  });

  test('sends buyers back to our own page, or to a host that the operator named', async () => {
    const order = await anOrder();
    await create(order).expect(200);
    expect(alipay.created[0]?.returnUrl).toBe(`https://mingdan.example/payment/success?order_no=${order.orderNo}`);
    for (const returnUrl of ['https://shop.example/done?x=1', 'https://mingdan.example/app', 'https://SHOP.example/']) {
      await create(await anOrder(), { returnUrl }).expect(200);
      expect(alipay.created.at(-1)?.returnUrl).toBe(new URL(returnUrl).href);
    }
  });

  test.each([
    'https://mingdan.example\\@evil.example/',
    'https://user@mingdan.example/',
    'javascript:alert(1)',
    '//evil.example',
  ])('never sends buyers where another reader would see another host: %s', async (returnUrl) => {
    const before = alipay.created.length;
    const { status } = await create(await anOrder(), { returnUrl });
    if (status === 200) expect(alipay.created.at(-1)?.returnUrl).toMatch(/^https:\/\/mingdan\.example\//);
    else expect([status, alipay.created.length]).toEqual([400, before]);
  });

  test('wants the openid where WeChat does', async () => {
    const order = await anOrder();
    const { body } = await create(order, { method: 'WECHAT_JSAPI' }, 'wechat').expect(422);
    expect(body.error).toMatchObject({ code: 'invalid_field', field: 'openid' });
    await create(order, { method: 'WECHAT_JSAPI', openid: 'o-1' }, 'wechat').expect(200);
    expect(wechat.created[0]?.buyer.openid).toBe('o-1');
  });

  test('finds the order by the seller’s own number', async () => {
    const order = await anOrder('their 命 number/7');
    const { body } = await create({ orderNo: 'their 命 number/7' }).expect(200);
    expect(body.data.order_no).toBe(order.orderNo);
  });

  test.each([
    ['paid', `status = 'paid', paid_at = now()`],
    ['expired', `status = 'expired'`],
    ['over', `expires_at = now() - interval '1 second'`],
  ])('answers 409 for an order that is %s', async (_state, change) => {
    const order = await anOrder();
    await changed(db, `update orders set ${change} where id = :id`, { id: order.id });
    const { body } = await create(order).expect(409);
    expect(body.error.code).toBe('order_not_payable');
    expect(alipay.created).toEqual([]);
  });

  test('answers 404 for a provider that does not exist and 409 for one that is not offered', async () => {
    const order = await anOrder();
    expect((await create(order, {}, 'nobody').expect(404)).body.error.code).toBe('provider_not_found');
    expect((await create(order, { method: undefined }, 'stripe').expect(409)).body.error.code).toBe(
      'provider_not_offered',
    );
  });

  test('answers a gateway’s no with 502 and its silence with 504, and the order stays payable', async () => {
    const order = await anOrder();
    alipay.refuses = true;
    expect((await create(order).expect(502)).body.error.code).toBe('gateway_refused');
    alipay.refuses = false;
    alipay.down = true;
    expect((await create(order).expect(504)).body.error.code).toBe('gateway_timeout');
    alipay.down = false;
    await create(order).expect(200);
  });

  test('answers within 3 s when the gateway is slow, and finds the same payment afterwards', async () => {
    const order = await anOrder();
    alipay.slow = 4_000;
    const server = app();
    const asking = () =>
      request(server)
        .post(`${BASE}/alipay/create`)
        .set('Authorization', KEY)
        .send({ orderId: order.orderNo, amount: 19.9, method: 'ALIPAY_QR' });
    const started = performance.now();
    expect((await asking().expect(504)).body.error.code).toBe('gateway_timeout');
    expect(performance.now() - started).toBeLessThan(3_000);
    expect((await findOrder(db, order.orderNo))?.status).toBe('pending_payment');
    const { body } = await asking().expect(200);
    expect(body.data.track_id).toBe(`alipay-${order.orderNo}`);
    expect(alipay.created).toHaveLength(1);
  });
});

describe('query', () => {
  test('asks the gateway now, and books what it says', async () => {
    const order = await anOrder();
    await create(order).expect(200);
    const waiting = await get(`/alipay/query/${order.orderNo}`).expect(200);
    expect(waiting.body).toMatchObject({ success: true, data: { status: 'waiting', provider_status: 'PENDING' } });
    expect(waiting.body.data.paid_at).toBeUndefined();
    alipay.states.set(order.orderNo, 'paid');
    const { body } = await get(`/Alipay/query/${order.orderNo}`).expect(200);
    expect(body.data).toEqual({
      order_no: order.orderNo,
      status: 'paid',
      order_status: 'paid',
      provider_status: 'PAID',
      amount: 19.9,
      currency: 'CNY',
      paid_at: expect.stringMatching(/Z$/),
    });
  });

  test('finds the order by the seller’s own number too', async () => {
    await anOrder('X 1/2');
    await create({ orderNo: 'X 1/2' }).expect(200);
    await get(`/alipay/query/${encodeURIComponent('X 1/2')}`).expect(200);
  });

  test('answers 404 for an unknown order and for one without a payment there', async () => {
    expect((await get('/alipay/query/REPORT_20261121_ZZZZZZZZ').expect(404)).body.error.code).toBe('order_not_found');
    expect((await get('/alipay/query/%00').expect(404)).body.error.code).toBe('order_not_found');
    const order = await anOrder();
    expect((await get(`/alipay/query/${order.orderNo}`).expect(404)).body.error.code).toBe('payment_not_found');
  });

  test('says that the gateway does not answer', async () => {
    const order = await anOrder();
    await create(order).expect(200);
    alipay.down = true;
    expect((await get(`/alipay/query/${order.orderNo}`).expect(504)).body.error.code).toBe('gateway_timeout');
  });

  test('takes GET and HEAD only', async () => {
    expect((await post('/alipay/query/x').expect(405)).headers.allow).toBe('GET, HEAD');
    expect((await get('/alipay/create').expect(405)).headers.allow).toBe('POST');
  });
});

describe('query of what has no gateway', () => {
  test('says of coins that they went back', async () => {
    const order = await anOrder();
    await grantCoins(db, { userId: Number(order.userId), amount: 199, reason: 'test', actor: 'test' });
    await create(order, { method: 'POINTS' }, 'points').expect(200);
    const query = async () => (await get(`/points/query/${order.orderNo}`).expect(200)).body.data;
    expect(await query()).toMatchObject({ status: 'paid', provider_status: 'paid' });
    await giveCoinsBack(db, {
      refundId: 'back',
      gatewayOrderId: order.orderNo,
      amount: { minor: 199, currency: 'COIN' },
    });
    expect((await query()).provider_status).toBe('given_back');
  });

  test('says of a mock payment what we know of it', async () => {
    const order = await anOrder();
    await anAttempt(db, order, `MOCK-${order.orderNo}`, 'mock');
    const query = async () => (await get(`/mock/query/${order.orderNo}`).expect(200)).body.data;
    expect(await query()).toMatchObject({ status: 'waiting', provider_status: 'waiting' });
    const notice = paidNotice(order, { provider: 'mock', paymentId: `MOCK-${order.orderNo}` });
    await recordNotice(db, { ...notice, problem: null }, { digest: Buffer.alloc(32), sealed: null });
    expect(await query()).toMatchObject({ status: 'paid', provider_status: 'paid' });
  });
});

describe('close', () => {
  test('ends the order at the gateway and here, and a repeat changes nothing', async () => {
    const order = await anOrder();
    await create(order).expect(200);
    const first = await post(`/alipay/close/${order.orderNo}`).expect(200);
    expect(first.body.data).toMatchObject({ status: 'expired', order_status: 'expired', provider_status: 'closed' });
    expect(alipay.states.get(order.orderNo)).toBe('closed');
    expect((await findOrder(db, order.orderNo))?.reason).toBe('cancelled');
    expect((await post(`/alipay/close/${order.orderNo}`).expect(200)).body).toEqual(first.body);
  });

  test('books a payment that came through meanwhile instead', async () => {
    const order = await anOrder();
    await create(order).expect(200);
    alipay.states.set(order.orderNo, 'paid');
    expect((await post(`/alipay/close/${order.orderNo}`).expect(409)).body.error.code).toBe('order_paid');
    expect((await findOrder(db, order.orderNo))?.status).toBe('paid');
  });

  test('leaves an order open whose money was seen, whatever the gateway says now', async () => {
    const order = await anOrder();
    await create(order).expect(200);
    const seen = {
      ...paidNotice(order, { provider: 'alipay', paymentId: null }),
      kind: 'processing',
      eventId: 'seen',
    } as const;
    await recordNotice(db, { ...seen, problem: null }, { digest: Buffer.alloc(32), sealed: null });
    expect((await post(`/alipay/close/${order.orderNo}`).expect(409)).body.error.code).toBe('payment_processing');
    const { body } = await request(app()).get(`/api/order-status/${order.orderNo}`).expect(200);
    expect(body.data).toMatchObject({ status: 'pending_payment', payment_status: 'processing' });
  });

  test('waits for money that is seen', async () => {
    const order = await anOrder();
    await create(order).expect(200);
    alipay.states.set(order.orderNo, 'processing');
    const { body } = await post(`/alipay/close/${order.orderNo}`).expect(409);
    expect(body.error.code).toBe('payment_processing');
  });
});

describe('refund', () => {
  const refund = (order: Order, wish: object = {}, provider = 'alipay') =>
    post(`/${provider}/refund`, { orderId: order.orderNo, ...wish });
  const idsOf = async (order: Order) =>
    rows<{ id: string; minor: number }>(
      db,
      'select refund_id as id, amount_minor as minor from refund_records where order_id = :id order by id',
      { id: order.id },
    );

  test('asks for all that is left, once however often it is repeated', async () => {
    const order = await aPaidOrder();
    const first = await refund(order, { reason: 'changed their mind' }).expect(200);
    expect(first.body).toEqual({
      success: true,
      data: {
        order_no: order.orderNo,
        refund_id: expect.any(String),
        status: 'requested',
        amount: 19.9,
        currency: 'CNY',
      },
    });
    expect((await refund(order).expect(200)).body.data.refund_id).toBe(first.body.data.refund_id);
    expect(await idsOf(order)).toHaveLength(1);
  });

  test('takes the caller’s id, and ten at once are one refund', async () => {
    const order = await aPaidOrder();
    const replies = await Promise.all(
      Array.from({ length: 10 }, () => refund(order, { amount: 5, refundId: 'R-77' }).expect(200)),
    );
    for (const { body } of replies) expect(body.data).toMatchObject({ refund_id: 'R-77', amount: 5 });
    expect(await idsOf(order)).toEqual([{ id: 'R-77', minor: 500 }]);
  });

  test('refuses the same id for another amount or another order', async () => {
    const order = await aPaidOrder();
    await refund(order, { amount: '5.00', refundId: 'R-78' }).expect(200);
    for (const [of, amount] of [
      [order, 6],
      [await aPaidOrder(), 5],
    ] as const) {
      const { body } = await refund(of, { amount, refundId: 'R-78' }).expect(409);
      expect(body.error).toMatchObject({ code: 'refund_id_taken', field: 'refundId' });
    }
  });

  test('gives parts back until nothing is left', async () => {
    const order = await aPaidOrder();
    await refund(order, { amount: 5, refundId: 'P-1' }).expect(200);
    expect((await refund(order, { amount: 19.9, refundId: 'P-1b' }).expect(409)).body.error.field).toBe('amount');
    await refund(order, { amount: 14.9, refundId: 'P-2' }).expect(200);
    const { body } = await refund(order, { amount: 0.01, refundId: 'P-3' }).expect(409);
    expect(body.error.code).toBe('nothing_to_refund');
    expect((await refund(order, { refundId: 'P-4' }).expect(409)).body.error.code).toBe('nothing_to_refund');
    expect((await idsOf(order)).reduce((sum, { minor }) => sum + minor, 0)).toBe(1990);
  });

  test('says how much went back where no amount was named', async () => {
    const order = await aPaidOrder();
    await refund(order, { amount: 5, refundId: 'Q-1' }).expect(200);
    const { body } = await refund(order, { refundId: 'Q-2' }).expect(200);
    expect(body.data).toMatchObject({ refund_id: 'Q-2', amount: 14.9 });
  });

  test('of the rest is another one while a part is on its way; each repeated is the same', async () => {
    const order = await aPaidOrder();
    const part = (await refund(order, { amount: 5 }).expect(200)).body.data;
    expect((await refund(order, { amount: 5 }).expect(200)).body.data).toEqual(part);
    const rest = (await refund(order).expect(200)).body.data;
    expect(rest).toMatchObject({ amount: 14.9, status: 'requested' });
    expect((await refund(order).expect(200)).body.data).toEqual(rest);
    expect((await refund(order, { amount: 5 }).expect(200)).body.data).toEqual(part);
    expect(await idsOf(order)).toHaveLength(2);
  });

  test('is by hand where the gateway has no call for it, whoever asks', async () => {
    const order = await aPaidOrder('oxapay');
    const { body } = await refund(order, {}, 'oxapay').expect(200);
    expect(body.data).toMatchObject({ status: 'manual', amount: 2.85, currency: 'USDT' });
    const status = await request(app()).get(`/api/order-status/${order.orderNo}`).expect(200);
    expect(status.body.data.refund_status).toBe('manual');
    expect((await refund(order, {}, 'oxapay').expect(200)).body.data).toEqual(body.data);
  });

  test('answers 409 for an unpaid order and for a provider that did not take its money', async () => {
    const unpaid = await anOrder();
    await create(unpaid).expect(200);
    expect((await refund(unpaid).expect(409)).body.error.code).toBe('nothing_to_refund');
    const order = await anOrder();
    await create(order, { method: 'WECHAT_NATIVE' }, 'wechat').expect(200);
    await create(order).expect(200);
    const notice = paidNotice(order, { provider: 'alipay', paymentId: `alipay-${order.orderNo}` });
    await recordNotice(db, { ...notice, problem: null }, { digest: Buffer.alloc(32), sealed: null });
    expect((await refund(order, {}, 'wechat').expect(409)).body.error.code).toBe('other_provider');
  });

  test.each([
    [{ amount: 0 }, 'amount'],
    [{ amount: -1 }, 'amount'],
    [{ amount: 1.005 }, 'amount'],
    [{ amount: 'all' }, 'amount'],
    [{ refundId: 'a b' }, 'refundId'],
    [{ refundId: '' }, 'refundId'],
    [{ refundId: 'x'.repeat(65) }, 'refundId'],
  ])('answers 422 for %j', async (wish, field) => {
    const { body } = await refund(await aPaidOrder(), wish).expect(422);
    expect(body.error.field).toBe(field);
  });

  test('refuses more than was paid', async () => {
    const { body } = await refund(await aPaidOrder(), { amount: 20 }).expect(409);
    expect(body.error).toMatchObject({ code: 'amount_exceeds_payment', field: 'amount' });
  });
});

describe('the body', () => {
  test.each([
    ['broken JSON', '{', 400],
    ['an array', '[]', 400],
    ['more than 64 KB', `{"subject":"${'x'.repeat(70_000)}"}`, 413],
  ])('as %s is refused', async (_what, body, status) => {
    expect((await post('/alipay/create', body).expect(status)).body.success).toBe(false);
  });
});
