import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { changed, type Db, row, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { orderLinkToken } from '@mingdan/operations';
import { findOrder, grantCoins, openInput } from '@mingdan/orders';
import { aUser, testDatabase, testVault } from '@mingdan/orders/testing';
import request from 'supertest';
import { GatewayInMemory, operationsWith } from './gateways.ts';
import { anApp, testSettings } from './support.ts';

let database: TestDatabase;
let db: Db;
let alipay: GatewayInMemory;
let oxapay: GatewayInMemory;
let wechat: GatewayInMemory;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());
beforeEach(async () => {
  alipay = new GatewayInMemory('alipay');
  oxapay = new GatewayInMemory('oxapay');
  wechat = new GatewayInMemory('wechat');
  await changed(db, 'delete from provider_health');
});

const INPUT = { name: '张三', date: '1990-05-15', time: '14:30', gender: 'male', place: '北京' };
const WISH = { product_slug: 'bazi-basic', quantity: 1, email: 'zhang@example.com', input: INPUT };
const KEY = { Authorization: `Bearer ${testSettings.apiKey}` };

function post(body: object | string, headers: Record<string, string> = {}) {
  const operations = operationsWith(db, [alipay, oxapay, wechat], {
    offered: ['alipay', 'oxapay', 'wechat', 'redpacket', 'points'],
  });
  return request(anApp(db, { operations }).app)
    .post('/api/create-order')
    .set('Content-Type', 'application/json')
    .set(headers)
    .send(body);
}

const orderCount = async () => (await row<{ count: number }>(db, 'select count(*) as count from orders'))?.count;

describe('POST /api/create-order', () => {
  test('makes an unpaid order at the catalogue’s price, and says where its page is', async () => {
    const { body } = await post(WISH).expect(200);
    expect(body).toEqual({
      success: true,
      data: {
        order_no: expect.stringMatching(/^REPORT_\d{8}_[0-9A-Z]{8}$/),
        amount: 19.9,
        currency: 'CNY',
        order_url: `https://mingdan.example/order/${body.data.order_no}?t=${orderLinkToken(testSettings, body.data.order_no)}`,
        expires_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      },
    });
    expect(alipay.created).toEqual([]);
  });

  test('opens the payment where a way to pay is named, in any case, and asks for the order’s own money', async () => {
    const { body } = await post({ ...WISH, payment_method: 'AliPay', amount: 0.01, price: 1, currency: 'USD' }).expect(
      200,
    );
    expect(body.data).toMatchObject({ amount: 19.9, currency: 'CNY', provider: 'alipay', payment_method: 'AliPay' });
    expect(body.data.payment_url).toMatch(/^https:\/\/alipay\.example\//);
    expect(alipay.created).toMatchObject([
      { gatewayOrderId: body.data.order_no, amount: { minor: 1990, currency: 'CNY' } },
    ]);
  });

  test('opens the page for phones where a phone asks', async () => {
    const { body } = await post({ ...WISH, payment_method: 'alipay' }, { 'User-Agent': 'Mozilla/5.0 (iPhone) Mobile' });
    expect(body.data.method).toBe('ALIPAY_WAP');
  });

  test('knows usdt as OxaPay, at the site’s rate', async () => {
    const { body } = await post({ ...WISH, payment_method: 'usdt' }).expect(200);
    expect(body.data).toMatchObject({ amount: 19.9, currency: 'CNY', track_id: `oxapay-${body.data.order_no}` });
    expect(oxapay.created[0]?.amount).toEqual({ minor: 2_850_000, currency: 'USDT' });
  });

  test('knows alipay_redpacket, which has no page of its own', async () => {
    const { body } = await post({ ...WISH, payment_method: 'alipay_redpacket' }).expect(200);
    expect(body.data).toMatchObject({ provider: 'redpacket' });
    expect(body.data.payment_url).toBeUndefined();
  });

  test('keeps what the buyer said sealed, and the email too', async () => {
    const { body } = await post(WISH);
    const order = await findOrder(db, body.data.order_no);
    expect(order && openInput(testVault, order)).toMatchObject({ name: '张三' });
    const [stored] = await rows<{ text: string }>(db, 'select orders::text as text from orders where order_no = :no', {
      no: body.data.order_no,
    });
    expect(stored?.text).not.toMatch(/张三|zhang@|1990-05/);
  });

  test('takes more than one of goods, and prices them together', async () => {
    const { body } = await post({ product_slug: 'consult', quantity: 3, email: 'a@example.com' }).expect(200);
    expect(body.data).toMatchObject({ amount: 897, currency: 'CNY' });
    expect(body.data.order_no).toMatch(/^GOODS_/);
  });

  test('needs no payment for what is free', async () => {
    const { body } = await post({ ...WISH, product_slug: 'tarot-free', payment_method: 'alipay' }).expect(200);
    expect(body.data.amount).toBe(0);
    expect(body.data.payment_url).toBeUndefined();
    expect((await findOrder(db, body.data.order_no))?.status).toBe('paid');
    expect(alipay.created).toEqual([]);
  });

  test.each([
    ['quantity', { quantity: 2 }],
    ['quantity', { quantity: 0 }],
    ['quantity', { quantity: 6, product_slug: 'consult' }],
    ['quantity', { quantity: 1.5 }],
    ['email', { email: undefined }],
    ['email', { email: 'nobody' }],
    ['product_slug', { product_slug: '../x' }],
    ['payment_method', { payment_method: 'cash' }],
    ['payment_method', { payment_method: 'stripe' }],
    ['payment_method', { payment_method: 'points' }],
    ['input.date', { input: { ...INPUT, date: '1990-02-31' } }],
    ['input.date', { input: {} }],
    ['input', { input: undefined }],
  ])('answers 422 naming %s for %j, and makes nothing', async (field, change) => {
    const before = await orderCount();
    const { body } = await post({ ...WISH, ...change }).expect(422);
    expect(body).toMatchObject({
      success: false,
      error: { field, code: expect.any(String), message: expect.any(String) },
    });
    expect(await orderCount()).toBe(before);
  });

  test('answers 404 for a product that does not exist', async () => {
    const { body } = await post({ ...WISH, product_slug: 'nothing' }).expect(404);
    expect(body.error.code).toBe('product_not_found');
  });

  test.each([
    ['broken JSON', '{"product_slug":', 400, 'bad_request'],
    ['an array', '[1]', 400, 'bad_request'],
    ['a text', '"x"', 400, 'bad_request'],
    ['null', 'null', 400, 'bad_request'],
    ['more than 64 KB', JSON.stringify({ ...WISH, note: 'x'.repeat(65_536) }), 413, 'body_too_large'],
  ])('answers %s with its own error', async (_what, body, status, code) => {
    const reply = await post(body).expect(status);
    expect(reply.body).toMatchObject({ success: false, error: { code } });
  });

  test('reads JSON whatever its content type says, and an empty body as an empty object', async () => {
    const { body } = await request(anApp(db).app).post('/api/create-order').expect(422);
    expect(body.error.field).toBe('product_slug');
    await post(JSON.stringify(WISH), { 'Content-Type': 'text/plain' }).expect(200);
  });

  test('leaves the order to be paid later when the gateway does not answer, and says so', async () => {
    alipay.down = true;
    const { body } = await post({ ...WISH, payment_method: 'alipay' }).expect(200);
    expect(body.data.payment_error).toMatchObject({ code: 'gateway_timeout', message: expect.any(String) });
    expect(body.data.payment_url).toBeUndefined();
    expect((await findOrder(db, body.data.order_no))?.status).toBe('pending_payment');
  });

  test('takes no orders during maintenance', async () => {
    await changed(db, `insert into settings (key, value) values ('maintenance', '{"on":true}')`);
    const { body, headers } = await post(WISH).expect(503);
    expect(body.error.code).toBe('maintenance');
    expect(headers['retry-after']).toBeDefined();
    await changed(db, `delete from settings where key = 'maintenance'`);
  });

  test('answers other methods with what it takes', async () => {
    const { app } = anApp(db);
    expect((await request(app).get('/api/create-order').expect(405)).headers.allow).toBe('POST');
    expect((await request(app).options('/api/create-order').expect(204)).headers.allow).toBe('POST');
    await request(app).head('/api/create-order').expect(405);
  });

  test('can be called from the named origins of a browser', async () => {
    const reply = await request(anApp(db).app)
      .options('/api/create-order')
      .set('Origin', 'https://shop.example')
      .set('Access-Control-Request-Method', 'POST')
      .expect(204);
    expect(reply.headers['access-control-allow-origin']).toBe('https://shop.example');
    expect(reply.headers['access-control-allow-methods']).toContain('POST');
  });
});

describe('the seller’s own number of an order', () => {
  test('is for callers with the API key', async () => {
    const { body } = await post({ ...WISH, external_id: 'A-1' }).expect(401);
    expect(body.error).toMatchObject({ code: 'unauthorized', field: 'external_id' });
  });

  test('makes one order of ten requests at once, with one payment', async () => {
    const wish = { ...WISH, external_id: 'A-10', payment_method: 'alipay' };
    const replies = await Promise.all(Array.from({ length: 10 }, () => post(wish, KEY).expect(200)));
    expect(new Set(replies.map(({ body }) => body.data.order_no)).size).toBe(1);
    expect(new Set(replies.map(({ body }) => body.data.payment_url)).size).toBe(1);
    expect(alipay.created).toHaveLength(1);
  });

  test('is refused for another order', async () => {
    await post({ ...WISH, external_id: 'A-11' }, KEY).expect(200);
    const { body } = await post({ ...WISH, product_slug: 'tarot-free', external_id: 'A-11' }, KEY).expect(409);
    expect(body.error).toMatchObject({ code: 'external_id_taken', field: 'external_id' });
  });

  test.each(['', ' ', 'x'.repeat(65), 'a\u0000b', 'a\ud800'])('is refused as %j', async (externalId) => {
    const { body } = await post({ ...WISH, external_id: externalId }, KEY).expect(422);
    expect(body.error.field).toBe('external_id');
  });
});

describe('for a user that a server names', () => {
  const named = async () => {
    const telegramId = Number((await aUser(db)).telegramId);
    const user = await row<{ id: number }>(db, 'select id from users where telegram_id = :telegramId', { telegramId });
    return { telegramId, id: Number(user?.id) };
  };

  test('the order is theirs, with no address', async () => {
    const buyer = await named();
    const wish = { product_slug: 'member-month', user_id: buyer.telegramId };
    const { body } = await post(wish, KEY).expect(200);
    expect((await findOrder(db, body.data.order_no))?.userId).toBe(buyer.id);
    const stranger = await post({ ...wish, user_id: buyer.telegramId + 1 }, KEY).expect(200);
    expect((await findOrder(db, stranger.body.data.order_no))?.chatId).toBe(buyer.telegramId + 1);
  });

  test('nobody else names one, and accounts alone get coins and memberships', async () => {
    const { telegramId } = await named();
    await post({ ...WISH, user_id: telegramId }).expect(401);
    const { body } = await post({ product_slug: 'coins-1', email: WISH.email }).expect(401);
    expect(body.error.message).toMatch(/\/api\/session.*user_id/);
  });

  test('coins pay where there are enough, and else no order is made', async () => {
    const buyer = await named();
    const wish = {
      ...WISH,
      payment_method: 'points',
      user_id: buyer.telegramId,
      request_id: 'one-click-of-the-button',
    };
    const before = await orderCount();
    const { body } = await post(wish, KEY).expect(409);
    expect(body.error).toMatchObject({ code: 'not_enough_coins', field: 'payment_method' });
    expect(await orderCount()).toBe(before);
    await grantCoins(db, { userId: buyer.id, amount: 200, reason: 'test', actor: 'test' });
    const paid = await post(wish, KEY).expect(200);
    expect((await findOrder(db, paid.body.data.order_no))?.status).toBe('paid');
    expect((await post(wish, KEY).expect(200)).body.data.order_no).toBe(paid.body.data.order_no);
  });
});

describe('the input of a report', () => {
  test('has to be there: nothing is guessed', async () => {
    const { body } = await post({ ...WISH, input: undefined }).expect(422);
    expect(body.error).toMatchObject({
      code: 'input_required',
      field: 'input',
      message: expect.stringContaining('1990-05-15'),
    });
  });

  test.each(['张\u0000三', 'a\nb', '\u001b[31m'])('has no control characters in its name: %j', async (name) => {
    const { body } = await post({ ...WISH, input: { ...INPUT, name } }).expect(422);
    expect(body.error.field).toBe('input.name');
  });
});
