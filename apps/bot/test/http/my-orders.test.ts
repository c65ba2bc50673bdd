import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { changed, type Db } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { orderLinkToken } from '@mingdan/operations';
import { activateMembership, coinBalance, creditCoins, findOrder, grantCoins } from '@mingdan/orders';
import { anOrder, anUnpaidOrder, aPaidOrder, testDatabase } from '@mingdan/orders/testing';
import request from 'supertest';
import { GatewayInMemory, operationsWith } from './gateways.ts';
import { type SignedIn, signedIn } from './signed-in.ts';
import { anApp, type Changes, completed, testSettings } from './support.ts';

let database: TestDatabase;
let db: Db;
let buyer: SignedIn;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());
beforeEach(async () => {
  buyer = await signedIn(db);
});

const INPUT = { name: '张三', date: '1990-05-15', time: '14:30', gender: 'male', place: '北京' };
const app = (changes: Changes = {}) => {
  const gateways = [new GatewayInMemory('alipay')];
  const offered = ['alipay', 'points', 'redpacket'] as const;
  return anApp(db, { operations: operationsWith(db, gateways, { offered }), ...changes }).app;
};
const get = (path: string, changes: Changes = {}, auth = buyer.bearer) =>
  request(app(changes)).get(path).set('Authorization', auth);
const post = (path: string, body: object, auth = buyer.bearer) =>
  request(app()).post(path).set('Authorization', auth).send(body);

describe('GET /api/my/orders', () => {
  test('lists own orders with their links, the newest first', async () => {
    const first = await aPaidOrder(db, { userId: buyer.user.id });
    const second = await anUnpaidOrder(db, { slug: 'coins-1', userId: buyer.user.id });
    await anUnpaidOrder(db);
    const { body } = await get('/api/my/orders?lang=en').expect(200);
    expect(body.data.map((each: { order_no: string }) => each.order_no)).toEqual([second.orderNo, first.orderNo]);
    expect(body.data[1]).toEqual({
      order_no: first.orderNo,
      status: 'paid',
      payment_status: 'paid',
      amount: 19.9,
      currency: 'CNY',
      refund_status: 'none',
      created_at: expect.any(String),
      paid_at: expect.any(String),
      expires_at: expect.any(String),
      kind: 'report',
      product_slug: 'bazi-basic',
      product_name: 'Bazi in brief',
      quantity: 1,
      provider: 'pingpong',
      order_url: `https://mingdan.example/order/${first.orderNo}?t=${orderLinkToken(testSettings, first.orderNo)}`,
      has_report: false,
    });
    const coins = await get('/api/my/orders?kind=coins&limit=5').expect(200);
    expect(coins.body.data.map((each: { kind: string }) => each.kind)).toEqual(['coins']);
  });

  test('takes no unknown kind', async () => {
    expect((await get('/api/my/orders?kind=cars').expect(422)).body.error.field).toBe('kind');
  });
});

describe('GET /api/my/reports', () => {
  const readReport = async () => ({ title: 'T', markdown: '# T' });

  test('gives the report of an own order', async () => {
    const order = await completed(db, await aPaidOrder(db, { userId: buyer.user.id }));
    const { body } = await get(`/api/my/reports/${order.orderNo}`, { readReport }).expect(200);
    expect(body.data).toEqual({ order_no: order.orderNo, title: 'T', markdown: '# T' });
    expect((await get('/api/my/orders')).body.data[0].has_report).toBe(true);
  });

  test('gives nobody else’s', async () => {
    const order = await completed(db, await aPaidOrder(db));
    expect((await get(`/api/my/reports/${order.orderNo}`, { readReport }).expect(404)).body.error.code).toBe(
      'order_not_found',
    );
    await request(app({ readReport })).get(`/api/my/reports/${order.orderNo}`).expect(401);
  });

  test('says when there is none yet', async () => {
    const order = await aPaidOrder(db, { userId: buyer.user.id });
    expect((await get(`/api/my/reports/${order.orderNo}`).expect(409)).body.error.code).toBe('report_not_ready');
  });
});

describe('an order with a session', () => {
  const WISH = { product_slug: 'bazi-full', input: INPUT, payment_method: 'alipay' };

  test('is its user’s, and needs no address', async () => {
    const { body } = await post('/api/create-order', WISH).expect(200);
    expect((await findOrder(db, body.data.order_no))?.userId).toBe(buyer.user.id);
    expect(body.data.payment_url).toContain('alipay.example');
  });

  test('costs a member what members pay', async () => {
    await activateMembership(db, {
      userId: buyer.user.id,
      productSlug: 'member-month',
      months: 1,
      cause: `test:${buyer.user.id}`,
      orderId: null,
      actor: 'test',
    });
    const full = (await get('/api/products/bazi-full')).body.data;
    expect((await post('/api/create-order', WISH).expect(200)).body.data.amount).toBe(full.member_price);
    const free = await post('/api/create-order', { ...WISH, product_slug: 'bazi-basic' }).expect(200);
    expect(free.body.data.amount).toBe(0);
  });

  test('is not made anonymously by a token that is over', async () => {
    const { body } = await post('/api/create-order', { ...WISH, email: 'a@example.com' }, 'Bearer s1.x.y').expect(401);
    expect(body.error.code).toBe('unauthorized');
  });

  test('of a stranger is neither coins nor a membership', async () => {
    for (const product_slug of ['coins-1', 'member-month']) {
      const { body } = await request(app())
        .post('/api/create-order')
        .send({ product_slug, email: 'a@example.com' })
        .expect(401);
      expect(body.error).toMatchObject({ code: 'unauthorized', field: 'product_slug' });
    }
  });

  test('says what is sold out, and which coupon does not hold, before it is paid', async () => {
    const sold = await post('/api/create-order', { product_slug: 'gift-card', quantity: 2 }).expect(409);
    expect(sold.body.error).toMatchObject({ code: 'sold_out', field: 'quantity' });
    const coupon = await post('/api/create-order', { ...WISH, coupon: 'NO-SUCH' }).expect(409);
    expect(coupon.body.error).toMatchObject({ code: 'coupon_not_valid', field: 'coupon' });
  });

  test('takes a coupon off the price', async () => {
    await changed(db, `insert into coupons (code, percent) values ('HALF', 50)`);
    const full = (await get('/api/products/bazi-full')).body.data.price;
    const { body } = await post('/api/create-order', { ...WISH, coupon: 'half' }).expect(200);
    expect(body.data.amount).toBeCloseTo(full / 2, 1);
  });

  test('of a stranger with a request_id is found again by their own address alone', async () => {
    const wish = { ...WISH, request_id: 'a-mark-of-one-click' };
    const ask = (email: string) =>
      request(app())
        .post('/api/create-order')
        .send({ ...wish, email })
        .expect(200);
    const one = (await ask('one@example.com')).body.data.order_no;
    expect((await ask('ONE@example.com')).body.data.order_no).toBe(one);
    expect((await ask('one@example.com')).body.data.order_no).toBe(one);
    expect((await ask('two@example.com')).body.data.order_no).not.toBe(one);
  });
});

describe('what a buyer does with their order', () => {
  test('is done with their session, and with nobody else’s', async () => {
    const { orderNo } = await aPaidOrder(db, { userId: buyer.user.id });
    const path = `/api/order/${orderNo}/refund-request`;
    const other = (await signedIn(db)).bearer;
    await post(path, { reason: 'changed my mind' }, other).expect(401);
    const { body } = await post(path, { reason: 'changed my mind' }).expect(200);
    expect(body.data.outcome).toBe('requested');
  });

  test('coins pay a part of it, of the buyer’s own and once; the API then asks for the rest alone', async () => {
    const mine = await signedIn(db);
    await grantCoins(db, { userId: mine.user.id, amount: 80, reason: 'test', actor: 'test' });
    const { orderNo } = await anOrder(db, { userId: mine.user.id });
    const path = `/api/order/${orderNo}/coins`;
    await post(path, {}, (await signedIn(db)).bearer).expect(401);
    for (const coins of [0, -1, 1.5, '80', 81])
      expect((await post(path, { coins }, mine.bearer)).status).toBeGreaterThanOrEqual(409);
    const part = { order_no: orderNo, coins_used: 80, coins_worth: 8, amount_due: 11.9, currency: 'CNY' };
    for (const _again of [1, 2]) expect((await post(path, {}, mine.bearer).expect(200)).body.data).toEqual(part);
    expect((await get(`/api/order-status/${orderNo}`)).body.data).toMatchObject({ amount: 19.9, amount_due: 11.9 });
    const create = (amount: number) =>
      post('/api/v1/payments/alipay/create', { orderId: orderNo, amount, method: 'ALIPAY_QR' }, mine.bearer);
    expect((await create(19.9).expect(409)).body.error.code).toBe('amount_mismatch');
    expect((await create(11.9).expect(200)).body.data).toMatchObject({ amount: 11.9 });
    expect((await post(path, { coins: 40 }, mine.bearer).expect(409)).body.error.code).toBe('coins_not_usable');
  });

  test('of coins that are partly spent a part is offered first, and asked for by saying yes to it', async () => {
    const mine = await signedIn(db);
    const order = await aPaidOrder(db, { slug: 'coins-1', userId: mine.user.id });
    const spent = { userId: mine.user.id, orderId: order.id, orderNo: order.orderNo };
    await db.transaction((tx) => creditCoins(tx, { ...spent, coins: 100 }));
    await changed(db, `update orders set delivery = 'delivered' where id = :id`, { id: order.id });
    await changed(
      db,
      `insert into coin_ledger (user_id, amount, cause, reason, actor) values (:userId, -82, 'test:spent', 'payment', 'test')`,
      spent,
    );
    const path = `/api/order/${order.orderNo}/refund-request`;
    const offered = await post(path, { reason: 'too many' }, mine.bearer).expect(200);
    expect(offered.body.data).toMatchObject({
      outcome: 'part_offered',
      refund_status: 'none',
      amount: 1.78,
      amount_text: '¥1.78',
      coins_left: 100,
      coins_unspent: 18,
    });
    expect(await coinBalance(db, mine.user.id)).toBe(18);
    const taken = await post(path, { reason: 'too many', part: true }, mine.bearer).expect(200);
    expect(taken.body.data).toMatchObject({ outcome: 'requested', amount: 1.78, currency: 'CNY' });
    expect(await coinBalance(db, mine.user.id)).toBe(0);
  });

  test('of coins that pay a part of an unpaid order nothing is asked for, and nobody is told that they are spent', async () => {
    const mine = await signedIn(db);
    const order = await aPaidOrder(db, { slug: 'coins-1', userId: mine.user.id });
    const credit = { userId: mine.user.id, orderId: order.id, orderNo: order.orderNo, coins: 100 };
    await db.transaction((tx) => creditCoins(tx, credit));
    await changed(db, `update orders set delivery = 'delivered' where id = :id`, { id: order.id });
    const { orderNo: other } = await anOrder(db, { userId: mine.user.id });
    await post(`/api/order/${other}/coins`, {}, mine.bearer).expect(200);
    const ask = () => post(`/api/order/${order.orderNo}/refund-request`, { reason: 'x' }, mine.bearer).expect(200);
    expect((await ask()).body.data).toMatchObject({ outcome: 'coins_held', refund_status: 'none' });
    await changed(db, `update orders set status = 'expired', status_reason = 'cancelled' where order_no = :other`, {
      other,
    });
    expect((await ask()).body.data).toMatchObject({ outcome: 'requested', amount: 9.9 });
  });
});
