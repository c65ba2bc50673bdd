import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { changed, type Db, row, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { activateMembership, findOrder, membershipCause, membershipOf, recordNotice } from '@mingdan/orders';
import { anUnpaidOrder, aPaidOrder, paidNotice, testDatabase } from '@mingdan/orders/testing';
import request from 'supertest';
import { GatewayInMemory, operationsWith } from './gateways.ts';
import { initDataFor, type SignedIn, signedIn } from './signed-in.ts';
import { anApp, testSettings } from './support.ts';

let database: TestDatabase;
let db: Db;
let stars: GatewayInMemory;
let buyer: SignedIn;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
  await changed(db, `update products set price_stars = 150 where slug = 'member-month'`);
  await changed(db, `update products set price_stars = 100 where slug = 'bazi-basic'`);
});
afterAll(() => database.drop());
beforeEach(async () => {
  stars = new GatewayInMemory('stars');
  buyer = await signedIn(db);
});

const KEY = `Bearer ${testSettings.apiKey}`;
const app = () => anApp(db, { operations: operationsWith(db, [stars]) }).app;
const wish = (changes: object = {}) => ({
  productName: 'member-month',
  telegramPayload: initDataFor(buyer.user.telegramId),
  ...changes,
});
const pay = (changes: object = {}) => request(app()).post('/api/create-payment').send(wish(changes));

describe('POST /api/create-payment', () => {
  test('makes an invoice in Stars for the user of initData, at the price of the catalogue', async () => {
    const { body } = await pay({ userId: buyer.user.telegramId, amount: 150 }).expect(200);
    expect(body).toEqual({
      success: true,
      invoiceLink: expect.stringContaining('https://stars.example/'),
      order_no: expect.stringMatching(/^MEMBER_/),
      amount: 150,
      currency: 'XTR',
      expires_at: expect.any(String),
    });
    expect((await findOrder(db, body.order_no))?.userId).toBe(buyer.user.id);
    expect(stars.created[0]).toMatchObject({ amount: { minor: 150, currency: 'XTR' }, gatewayOrderId: body.order_no });
  });

  test('takes the price of the catalogue as well as the one in Stars', async () => {
    await pay({ amount: 29 }).expect(200);
    await pay({ amount: '29.00' }).expect(200);
  });

  test.each(['月度会员', '月度會員', 'Membership, one month', 'MEMBER-MONTH'])(
    'finds the product by %s',
    async (productName) => {
      expect((await pay({ productName }).expect(200)).body.amount).toBe(150);
    },
  );

  test('takes Telegram’s number of the same user, and no number of ours', async () => {
    await pay({ userId: `tg:${buyer.user.telegramId}` }).expect(200);
    await pay({ userId: buyer.user.id }).expect(403);
    await pay({ userId: String(buyer.user.telegramId) }).expect(200);
  });

  test('wants the birth of a report', async () => {
    const input = { name: '张三', date: '1990-05-15', time: '14:30', gender: 'male', place: '北京' };
    const { body } = await pay({ productName: 'bazi-basic', input }).expect(200);
    expect(body.order_no).toMatch(/^REPORT_/);
    expect((await pay({ productName: 'bazi-basic' }).expect(422)).body).toMatchObject({
      code: 'input_required',
      field: 'input',
    });
    expect((await pay({ productName: 'bazi-basic', input: { date: 'x' } }).expect(422)).body.field).toMatch(/^input/);
  });

  test('asks a member for the member’s share of Stars', async () => {
    await activateMembership(db, {
      userId: buyer.user.id,
      productSlug: 'member-month',
      months: 1,
      cause: `test:${buyer.user.id}`,
      orderId: null,
      actor: 'test',
    });
    await changed(
      db,
      `update products set member_price_minor = price_minor / 2, price_stars = 99 where slug = 'bazi-year'`,
    );
    const input = { date: '1990-05-15', gender: 'male' };
    const { body } = await pay({ productName: 'bazi-year', input });
    expect(body.amount).toBe(50);
  });

  test('with the same request_id is the same invoice', async () => {
    const request_id = 'one-click-of-the-button';
    const one = await pay({ request_id }).expect(200);
    const two = await pay({ request_id }).expect(200);
    expect(two.body).toEqual(one.body);
  });

  test.each([
    ['userId', 403, 'user_mismatch', { userId: 1 }],
    ['userId', 422, 'invalid_field', { userId: 'me' }],
    ['amount', 409, 'amount_mismatch', { amount: 1 }],
    ['amount', 409, 'amount_mismatch', { amount: '150.5' }],
    ['productName', 404, 'product_not_found', { productName: 'a yacht' }],
    ['productName', 409, 'not_sold_for_stars', { productName: 'consult' }],
    ['productName', 409, 'not_sold_for_stars', { productName: 'tarot-free' }],
    ['productName', 422, 'invalid_field', { productName: undefined }],
    ['telegramPayload', 422, 'invalid_field', { telegramPayload: undefined }],
    ['telegramPayload', 401, 'bad_init_data', { telegramPayload: 'user=1&hash=2' }],
    ['telegramPayload', 401, 'bad_init_data', { telegramPayload: initDataFor(1, {}, '1:other') }],
    ['telegramPayload', 401, 'init_data_expired', { telegramPayload: initDataFor(1, { auth_date: '1700000000' }) }],
  ])('complains of %s with %i %s, as a text with its code', async (field, status, code, changes) => {
    const { body } = await pay(changes).expect(status);
    expect(body).toEqual({ success: false, error: expect.any(String), code, field });
    expect(await rows(db, 'select 1 from orders where user_id = :id', { id: buyer.user.id })).toEqual([]);
  });

  test('says when Stars are not offered', async () => {
    const { app: without } = anApp(db, { operations: operationsWith(db, [stars], { offered: [] }) });
    const { body } = await request(without).post('/api/create-payment').send(wish()).expect(409);
    expect(body.code).toBe('provider_not_offered');
  });
});

describe('GET /api/membership-status', () => {
  const status = (auth: string) => request(app()).get('/api/membership-status').set('Authorization', auth);

  test('tells what a membership gives, and until when', async () => {
    expect((await status(buyer.bearer).expect(200)).body).toEqual({ success: true, status: 'inactive', features: [] });
    await activateMembership(db, {
      userId: buyer.user.id,
      productSlug: 'member-month',
      months: 1,
      cause: `test-status:${buyer.user.id}`,
      orderId: null,
      actor: 'test',
    });
    const { expiresAt } = await membershipOf(db, buyer.user.id);
    expect((await status(buyer.bearer).expect(200)).body).toEqual({
      success: true,
      status: 'active',
      expiryDate: expiresAt?.toISOString(),
      features: ['member_prices', 'free_basic_report', 'priority'],
    });
  });

  test('is refused as a text to who is not signed in', async () => {
    const { body } = await request(app()).get('/api/membership-status').expect(401);
    expect(body).toEqual({ success: false, error: expect.any(String), code: 'unauthorized' });
  });
});

describe('POST /api/activate-membership', () => {
  const activate = (changes: object = {}, auth = KEY) =>
    request(app())
      .post('/api/activate-membership')
      .set('Authorization', auth)
      .send({
        userId: buyer.user.telegramId,
        paymentId: `T-${buyer.user.id}`,
        amount: 29,
        currency: 'CNY',
        ...changes,
      });
  const periods = () =>
    rows<{ cause: string; actor: string; months: number }>(
      db,
      'select cause, actor, months from membership_periods where user_id = :id order by id',
      { id: buyer.user.id },
    );

  test('gives the plan of that price, and keeps who did it', async () => {
    const { body } = await activate().expect(200);
    const { expiresAt } = await membershipOf(db, buyer.user.id);
    expect(body).toEqual({
      success: true,
      membershipDetails: { status: 'active', expiryDate: expiresAt?.toISOString() },
    });
    expect(await periods()).toEqual([{ cause: `api:T-${buyer.user.id}`, actor: 'api', months: 1 }]);
  });

  test('gives nothing more for the same payment, however often and at once', async () => {
    const replies = await Promise.all(Array.from({ length: 8 }, () => activate()));
    for (const reply of replies) expect(reply.body).toEqual(replies[0]?.body);
    expect(await periods()).toHaveLength(1);
  });

  test('puts another payment behind the first', async () => {
    await activate().expect(200);
    const first = (await membershipOf(db, buyer.user.id)).expiresAt;
    await activate({ paymentId: `T2-${buyer.user.id}`, amount: '79.00' }).expect(200);
    const second = (await membershipOf(db, buyer.user.id)).expiresAt;
    expect((second?.getTime() ?? 0) - (first?.getTime() ?? 0)).toBeGreaterThan(85 * 86_400_000);
  });

  test.each([
    [150, 'XTR'],
    [150, 'xtr'],
    [4.15, 'USD'],
    ['4.15', 'Usdt'],
    [29, 'cny'],
  ])('takes the price %s %s, as the catalogue shows it', async (amount, currency) => {
    await activate({ amount, currency }).expect(200);
    await activate({ amount, currency }).expect(200);
    expect(await periods()).toMatchObject([{ months: 1 }]);
  });

  test('makes a Telegram user known who has never written to the bot', async () => {
    const userId = buyer.user.telegramId + 1;
    await activate({ userId }).expect(200);
    const known = await row<{ id: number }>(db, 'select id from users where telegram_id = :userId', { userId });
    expect((await membershipOf(db, Number(known?.id))).active).toBe(true);
  });

  test.each([
    ['its order number', (orderNo: string) => orderNo],
    ['a later attempt’s number', (orderNo: string) => `${orderNo}-2`],
    ['the gateway’s number of the payment', (orderNo: string) => `PAY-${orderNo}`],
  ])('takes a payment of ours by %s, and gives one term with the worker', async (_name, idOf) => {
    const order = await anUnpaidOrder(db, { slug: 'member-month', userId: buyer.user.id });
    const payment = { paymentId: idOf(order.orderNo) };
    expect((await activate(payment).expect(409)).body).toMatchObject({ code: 'payment_not_paid', field: 'paymentId' });
    expect((await activate({ ...payment, amount: 79 }).expect(409)).body.code).toBe('amount_mismatch');
    await recordNotice(db, paidNotice(order));
    await activate(payment).expect(200);
    await activate({ paymentId: order.orderNo }).expect(200);
    const worker = {
      userId: buyer.user.id,
      productSlug: 'member-month',
      months: 1,
      orderId: order.id,
      actor: 'worker',
    };
    expect(await activateMembership(db, { ...worker, cause: membershipCause(order.orderNo) })).toBe(false);
    expect(await periods()).toEqual([{ cause: `order:${order.orderNo}`, actor: 'api', months: 1 }]);
  });

  test('takes no number of an order that bought something else', async () => {
    const report = await aPaidOrder(db, { userId: buyer.user.id });
    const { body } = await activate({ paymentId: report.orderNo, amount: 29 }).expect(409);
    expect(body.code).toBe('no_such_plan');
    expect(await periods()).toEqual([]);
  });

  test('gives the plan of a payment that we have, once with the worker', async () => {
    const order = await aPaidOrder(db, { slug: 'member-quarter', userId: buyer.user.id });
    const payment = { paymentId: `PAY-${order.orderNo}`, amount: 79 };
    await activate(payment).expect(200);
    await activate(payment).expect(200);
    expect(await periods()).toEqual([{ cause: `order:${order.orderNo}`, actor: 'api', months: 3 }]);
  });

  test('refuses what does not fit a payment that we have', async () => {
    const order = await aPaidOrder(db, { slug: 'member-quarter', userId: buyer.user.id });
    const report = await aPaidOrder(db, { userId: buyer.user.id });
    const paymentId = `PAY-${order.orderNo}`;
    const other = (await signedIn(db)).user.telegramId;
    expect((await activate({ paymentId, userId: other, amount: 79 }).expect(403)).body.code).toBe('user_mismatch');
    expect((await activate({ paymentId, amount: 29 }).expect(409)).body.code).toBe('amount_mismatch');
    const ofReport = { paymentId: `PAY-${report.orderNo}`, amount: 19.9 };
    expect((await activate(ofReport).expect(409)).body.code).toBe('no_such_plan');
    await changed(db, 'update payment_transactions set refund_reserved_minor = amount_minor where order_id = :id', {
      id: order.id,
    });
    expect((await activate({ paymentId, amount: 79 }).expect(409)).body.code).toBe('payment_refunded');
    expect(await periods()).toEqual([]);
  });

  test('takes a payment for one user and one price', async () => {
    await activate().expect(200);
    const other = (await signedIn(db)).user;
    expect((await activate({ userId: other.telegramId }).expect(409)).body).toMatchObject({
      code: 'payment_taken',
      field: 'paymentId',
    });
    expect((await activate({ amount: 79 }).expect(409)).body.code).toBe('payment_taken');
    expect((await membershipOf(db, other.id)).active).toBe(false);
  });

  test.each([
    ['amount', 409, 'no_such_plan', { amount: 1 }],
    ['amount', 422, 'invalid_field', { amount: 0 }],
    ['amount', 422, 'invalid_field', { amount: '29.001' }],
    ['currency', 422, 'invalid_field', { currency: 'DOGE' }],
    ['paymentId', 422, 'invalid_field', { paymentId: '' }],
    ['paymentId', 422, 'invalid_field', { paymentId: 'a\nb' }],
    ['userId', 422, 'invalid_field', { userId: undefined }],
    ['userId', 422, 'invalid_field', { userId: 0 }],
  ])('complains of %s with %i %s', async (field, status, code, changes) => {
    const { body } = await activate(changes).expect(status);
    expect(body).toEqual({ success: false, error: expect.any(String), code, field });
  });

  test('is for the API key alone', async () => {
    const { body } = await activate({}, buyer.bearer).expect(401);
    expect(body).toEqual({ success: false, error: expect.stringContaining('API_KEY'), code: 'unauthorized' });
    expect(
      await row(db, 'select 1 from membership_periods where user_id = :id', { id: buyer.user.id }),
    ).toBeUndefined();
  });
});

test('the Mini App’s home asks the database for its settings once, and once for each product’s price', async () => {
  const asked: string[] = [];
  const listen = ({ sql }: { sql: string }) => asked.push(sql);
  db.on('query', listen);
  try {
    await request(app()).get('/app/view/home').set('Authorization', buyer.bearer).expect(200);
  } finally {
    db.removeListener('query', listen);
  }
  const products = await row<{ count: number }>(db, 'select count(*)::integer as count from products where active');
  expect(asked.filter((sql) => sql.includes('from settings'))).toHaveLength(1);
  // of a stranger without orders: user, products, settings, membership, coins, orders, subscription
  expect(asked.length).toBeLessThanOrEqual(7 + (products?.count ?? 0));
});
