import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { changed, type Db, row } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { coinBalance, coinsAddUp, creditCoins, findOrder, grantCoins, recordNotice } from '@mingdan/orders';
import { anUnpaidOrder, aUser, paidNotice, testDatabase } from '@mingdan/orders/testing';
import request from 'supertest';
import { GatewayInMemory, operationsWith } from './gateways.ts';
import { type SignedIn, signedIn } from './signed-in.ts';
import { anApp, completed, testSettings } from './support.ts';

let database: TestDatabase;
let db: Db;
let alipay: GatewayInMemory;
let wechat: GatewayInMemory;
let buyer: SignedIn;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());
beforeEach(async () => {
  alipay = new GatewayInMemory('alipay');
  wechat = new GatewayInMemory('wechat');
  buyer = await signedIn(db);
  await changed(db, 'delete from provider_health');
});

const KEY = `Bearer ${testSettings.apiKey}`;
const app = () => {
  const stars = new GatewayInMemory('stars');
  const offered = ['alipay', 'wechat', 'stars', 'points'] as const;
  return anApp(db, { operations: operationsWith(db, [alipay, wechat, stars], { offered, starsByRate: true }) }).app;
};
const get = (path: string, auth: string = buyer.bearer) => request(app()).get(path).set('Authorization', auth);
const order = (body: object, auth: string = buyer.bearer) =>
  request(app()).post('/api/coin/order').set('Authorization', auth).send(body);
const WISH = { package_id: 1, payment_method: 'alipay' };

describe('GET /api/coin/packages', () => {
  test('lists what coins cost, with the part that is on top', async () => {
    const { body } = await request(app()).get('/api/coin/packages?lang=en').expect(200);
    expect(body.data.map((each: { package_id: number }) => each.package_id)).toEqual([1, 2, 3, 4]);
    expect(body.data[0]).toEqual({
      package_id: 1,
      slug: 'coins-1',
      name: '100 coins',
      description: expect.any(String),
      coins: 100,
      bonus_coins: 0,
      price: 9.9,
      currency: 'CNY',
    });
    expect(body.data[1]).toMatchObject({ coins: 310, bonus_coins: 10 });
  });
});

describe('POST /api/coin/order', () => {
  test('opens the payment of a package for the account of who asks', async () => {
    const { body } = await order({ ...WISH, payment_method: 'ALIPAY' }).expect(200);
    expect(body).toEqual({
      success: true,
      data: {
        order_id: expect.any(Number),
        order_no: expect.stringMatching(/^COIN_\d{8}_[0-9A-Z]{8}$/),
        amount: 9.9,
        currency: 'CNY',
        coins: 100,
        payment_method: 'ALIPAY',
        provider: 'alipay',
        method: 'ALIPAY_WEB',
        payment_url: expect.stringContaining('https://alipay.example/'),
        track_id: expect.any(String),
        expires_at: expect.any(String),
      },
    });
    const made = await findOrder(db, body.data.order_no);
    expect(made).toMatchObject({ id: body.data.order_id, userId: buyer.user.id, kind: 'coins' });
  });

  test('takes the slug of a package, too, and a method of its provider', async () => {
    wechat.shows = { paymentUrl: null, qrCode: 'weixin://x' };
    const wish = { package_id: 'coins-2', payment_method: 'wechat', method: 'WECHAT_NATIVE' };
    const { body } = await order(wish).expect(200);
    expect(body.data).toMatchObject({ coins: 310, amount: 29.9, payment_url: null, qr_code: 'weixin://x' });
  });

  test('gives the invoice of Stars to who has a Telegram account', async () => {
    const { body } = await order({ package_id: 1, payment_method: 'stars' }).expect(200);
    expect(body.data).toMatchObject({ provider: 'stars', payment_url: expect.stringContaining('stars.example') });
  });

  test('with the same request_id is the same order', async () => {
    const wish = { ...WISH, request_id: 'mark-of-this-very-click' };
    const [one, two] = await Promise.all([order(wish), order(wish)]);
    expect(two.body.data.order_no).toBe(one.body.data.order_no);
    expect((await order({ ...wish, package_id: 2 }).expect(409)).body.error.code).toBe('request_id_taken');
    const other = await signedIn(db);
    const theirs = await order(wish, other.bearer).expect(200);
    expect(theirs.body.data.order_no).not.toBe(one.body.data.order_no);
  });

  test('stands where its gateway does not answer, and says so', async () => {
    alipay.down = true;
    const { body } = await order(WISH).expect(200);
    expect(body.data).toMatchObject({ payment_url: null, payment_error: { code: 'gateway_timeout' } });
  });

  test.each([
    ['package_id', 422, 'invalid_field', { package_id: undefined }],
    ['package_id', 422, 'invalid_field', { package_id: 0 }],
    ['package_id', 422, 'invalid_field', { package_id: 1.5 }],
    ['package_id', 404, 'package_not_found', { package_id: 99 }],
    ['package_id', 404, 'package_not_found', { package_id: 'bazi-basic' }],
    ['package_id', 404, 'package_not_found', { package_id: "1' or '1'='1" }],
    ['payment_method', 422, 'invalid_field', { payment_method: 'stripe' }],
    ['payment_method', 422, 'method_not_offered', { payment_method: 'points' }],
    ['method', 422, 'method_not_offered', { method: 'WECHAT_NATIVE' }],
    ['amount', 409, 'amount_mismatch', { amount: 0.01 }],
    ['user_id', 403, 'user_mismatch', { user_id: 1 }],
    ['user_id', 422, 'invalid_field', { user_id: 'me' }],
    ['request_id', 422, 'invalid_field', { request_id: 'short' }],
  ])('complains of %s with %i %s', async (field, status, code, changes) => {
    const { body } = await order({ ...WISH, ...changes }).expect(status);
    expect(body.error).toMatchObject({ code, field });
    const made = await row(db, 'select 1 from orders where user_id = :id', { id: buyer.user.id });
    expect(made).toBeUndefined();
  });

  test('is for who is signed in, or for servers that name a user', async () => {
    expect((await request(app()).post('/api/coin/order').send(WISH).expect(401)).body.error.code).toBe('unauthorized');
    expect((await order(WISH, KEY).expect(422)).body.error.field).toBe('user_id');
    for (const user_id of [buyer.user.telegramId, String(buyer.user.telegramId), `tg:${buyer.user.telegramId}`]) {
      const { body } = await order({ ...WISH, user_id }, KEY).expect(200);
      expect((await findOrder(db, body.data.order_no))?.userId).toBe(buyer.user.id);
    }
  });

  test('takes a number for Telegram’s alone, also of somebody who has never written to the bot', async () => {
    const { body } = await order({ ...WISH, user_id: buyer.user.id }, KEY).expect(200);
    const made = await findOrder(db, body.data.order_no);
    expect(made).toMatchObject({ chatId: buyer.user.id });
    expect(made?.userId).not.toBe(buyer.user.id);
    const balance = await get(`/api/coin/balance?user_id=${buyer.user.telegramId + 1}`, KEY).expect(200);
    expect(balance.body.data).toEqual({ user_id: buyer.user.telegramId + 1, balance: 0 });
  });
});

describe('GET /api/coin/order/status', () => {
  const aCoinOrder = () => anUnpaidOrder(db, { slug: 'coins-2', userId: buyer.user.id });
  const status = async (orderNo: string) => (await get(`/api/coin/order/status/${orderNo}`).expect(200)).body.data;
  const flip = (changes: string, id: number) => changed(db, `update orders set ${changes} where id = :id`, { id });

  test('goes from PENDING over PAID to coins in the account', async () => {
    const made = await aCoinOrder();
    expect(await status(made.orderNo)).toEqual({
      order_no: made.orderNo,
      status: 'PENDING',
      amount: 29.9,
      currency: 'CNY',
      coins: 310,
      refund_status: 'none',
      created_at: expect.any(String),
      expires_at: expect.any(String),
    });
    await recordNotice(db, paidNotice(made), { digest: Buffer.alloc(32), sealed: null });
    const paid = await status(made.orderNo);
    expect(paid).toMatchObject({ status: 'PAID', paid_at: expect.any(String) });
    expect(paid).not.toHaveProperty('credited_at');
    await creditCoins(db, { userId: buyer.user.id, orderId: made.id, orderNo: made.orderNo, coins: 310 });
    await completed(db, made);
    expect(await status(made.orderNo)).toMatchObject({ status: 'PAID', coins: 310, credited_at: expect.any(String) });
  });

  test('says FAILED and EXPIRED', async () => {
    const [failed, expired] = [await aCoinOrder(), await aCoinOrder()];
    await flip(`status = 'failed', failed_at = now()`, failed.id);
    await flip(`status = 'expired'`, expired.id);
    expect((await status(failed.orderNo)).status).toBe('FAILED');
    expect((await status(expired.orderNo)).status).toBe('EXPIRED');
  });

  test('knows only orders of coins of who asks', async () => {
    const theirs = await anUnpaidOrder(db, { slug: 'coins-1' });
    const report = await anUnpaidOrder(db, { userId: buyer.user.id });
    for (const { orderNo } of [theirs, report, { orderNo: 'COIN_20261121_00000000' }, { orderNo: "x'" }]) {
      const { body } = await get(`/api/coin/order/status/${orderNo}`).expect(404);
      expect(body.error.code).toBe('order_not_found');
    }
    await get(`/api/coin/order/status/${theirs.orderNo}`, KEY).expect(200);
    await get(`/api/coin/order/status/${theirs.orderNo}?user_id=${buyer.user.telegramId}`, KEY).expect(404);
    await request(app()).get(`/api/coin/order/status/${theirs.orderNo}`).expect(401);
  });
});

describe('the account', () => {
  const grant = (amount: number) =>
    grantCoins(db, { userId: buyer.user.id, amount, reason: 'sorry for the wait, Wang', actor: 'operator' });

  test('tells its balance, and where the coins came from', async () => {
    await grant(50);
    expect((await get('/api/coin/balance').expect(200)).body.data).toEqual({
      user_id: buyer.user.telegramId,
      balance: 50,
    });
    const { body } = await get('/api/coin/history').expect(200);
    expect(body.data).toEqual([
      { id: expect.any(Number), amount: 50, balance: 50, reason: 'grant', created_at: expect.any(String) },
    ]);
  });

  test('is another’s with the API key only', async () => {
    await grant(7);
    const path = `/api/coin/balance?user_id=${buyer.user.telegramId}`;
    expect((await get(path, KEY).expect(200)).body.data.balance).toBe(7);
    await get(path, (await signedIn(db)).bearer).expect(403);
    await get('/api/coin/balance', KEY).expect(422);
    await request(app()).get(path).expect(401);
  });

  test.each(['0', '-1', 'x', '1.5'])('takes no limit of %s', async (limit) => {
    const { body } = await get(`/api/coin/history?limit=${limit}`).expect(422);
    expect(body.error.field).toBe('limit');
  });

  test('tells its history page by page, from the newest to the last', async () => {
    for (const amount of [1, 2, 3]) await grant(amount);
    const amounts = ({ body }: { body: { data: { amount: number }[] } }) => body.data.map(({ amount }) => amount);
    const newest = await get('/api/coin/history?limit=2').expect(200);
    expect(amounts(newest)).toEqual([3, 2]);
    expect(newest.body.next).toBe(newest.body.data[1].id);
    const older = await get(`/api/coin/history?limit=2&before=${newest.body.next}`).expect(200);
    expect(amounts(older)).toEqual([1]);
    expect(older.body.next).toBeNull();
    const stranger = await signedIn(db);
    const theirs = await get(`/api/coin/history?before=${newest.body.next}`, stranger.bearer).expect(200);
    expect(theirs.body).toEqual({ success: true, data: [], next: null });
  });

  test.each(['0', '-1', 'x', '1.5', '9'.repeat(16)])('goes on before no entry %s', async (before) => {
    const { body } = await get(`/api/coin/history?before=${before}`).expect(422);
    expect(body.error).toMatchObject({ code: 'invalid_field', field: 'before' });
  });

  test('pays with its coins once, however many orders want them at once', async () => {
    await grant(200);
    const orders = await Promise.all(
      Array.from({ length: 6 }, () => anUnpaidOrder(db, { slug: 'bazi-basic', userId: buyer.user.id })),
    );
    const one = app();
    const replies = await Promise.all(
      orders.map(({ orderNo }) =>
        request(one)
          .post('/api/v1/payments/points/create')
          .set('Authorization', buyer.bearer)
          .send({ orderId: orderNo, amount: 19.9 }),
      ),
    );
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409, 409]);
    const refused = replies.find(({ status }) => status === 409);
    expect(refused?.body.error.code).toBe('not_enough_coins');
    expect(await coinBalance(db, buyer.user.id)).toBe(1);
    expect(await coinsAddUp(db)).toBe(true);
  });

  test('never pays for coins with coins', async () => {
    await grant(1_000);
    const coins = await anUnpaidOrder(db, { slug: 'coins-1', userId: buyer.user.id });
    const { body } = await request(app())
      .post('/api/v1/payments/points/create')
      .set('Authorization', buyer.bearer)
      .send({ orderId: coins.orderNo, amount: 9.9 })
      .expect(422);
    expect(body.error.code).toBe('method_not_offered');
    expect(await coinBalance(db, buyer.user.id)).toBe(1_000);
  });
});

describe('/api/v1/payments with a session', () => {
  const call = (path: string, body: object, auth: string) =>
    request(app()).post(`/api/v1/payments/alipay/${path}`).set('Authorization', auth).send(body);

  test('opens, asks about and closes the payment of an own order', async () => {
    const { orderNo } = await anUnpaidOrder(db, { userId: buyer.user.id });
    await call('create', { orderId: orderNo, amount: 19.9, method: 'ALIPAY_WEB' }, buyer.bearer).expect(200);
    const query = `/api/v1/payments/alipay/query/${orderNo}`;
    expect((await get(query).expect(200)).body.data.status).toBe('waiting');
    expect((await request(app()).get(query).set('Cookie', buyer.cookie).expect(200)).body.data.order_no).toBe(orderNo);
  });

  test('knows nobody else’s order', async () => {
    const { orderNo } = await anUnpaidOrder(db, { userId: (await aUser(db)).id });
    await call('create', { orderId: orderNo, amount: 19.9, method: 'ALIPAY_WEB' }, KEY).expect(200);
    const replies = [
      await call('create', { orderId: orderNo, amount: 19.9, method: 'ALIPAY_WEB' }, buyer.bearer).expect(404),
      await call(`close/${orderNo}`, {}, buyer.bearer).expect(404),
      await get(`/api/v1/payments/alipay/query/${orderNo}`).expect(404),
    ];
    for (const { body } of replies) expect(body.error).toMatchObject({ code: 'order_not_found', field: 'orderId' });
  });

  test('gives no money back', async () => {
    const { orderNo } = await anUnpaidOrder(db, { userId: buyer.user.id });
    const { body } = await call('refund', { orderId: orderNo }, buyer.bearer).expect(401);
    expect(body.error).toMatchObject({ code: 'unauthorized', message: expect.stringContaining('API_KEY') });
  });
});
