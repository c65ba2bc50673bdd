import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { changed, type Db, row } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { activateMembership, findOrder, promoterOf } from '@mingdan/orders';
import { aPaidOrder, testDatabase } from '@mingdan/orders/testing';
import request from 'supertest';
import { GatewayInMemory, operationsWith } from './gateways.ts';
import { type SignedIn, signedIn } from './signed-in.ts';
import { anApp, type Changes } from './support.ts';

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

function app(changes: Changes = {}) {
  const operations = operationsWith(db, [new GatewayInMemory('alipay')], { offered: ['alipay', 'points'] });
  return request(anApp(db, { operations, ...changes }).app);
}
const orders = async () => (await row<{ count: number }>(db, 'select count(*) as count from orders'))?.count ?? 0;

describe('somebody who is signed in, in the shop', () => {
  const get = (path: string) => app().get(path).set('Cookie', buyer.cookie).expect(200);
  const send = (slug: string, fields: Record<string, string>) =>
    app()
      .post(`/shop/${slug}?lang=en`)
      .set('Cookie', buyer.cookie)
      .set('Sec-Fetch-Site', 'same-origin')
      .type('form')
      .send(fields);

  test('sees a member’s price, and nobody else is shown that page', async () => {
    await activateMembership(db, {
      userId: buyer.user.id,
      productSlug: 'member-month',
      months: 1,
      cause: `test:${buyer.user.id}`,
      orderId: null,
      actor: 'test',
    });
    await changed(db, `update products set member_price_minor = 8123 where slug = 'bazi-full'`);
    const page = await get('/shop/bazi-full?lang=en');
    expect(page.text).toContain('CN¥81.23');
    expect(page.headers['cache-control']).toContain('no-store');
    const list = await app().get('/shop?lang=en').set('Cookie', buyer.cookie).set('Accept-Encoding', 'br').expect(200);
    expect(list.text).toContain('CN¥81.23');
    expect(list.headers['cache-control']).toContain('no-store');
    expect(list.headers['content-encoding']).toBeUndefined();
    const stranger = await app().get('/shop?lang=en').expect(200);
    expect(stranger.text).not.toContain('CN¥81.23');
    expect(stranger.headers['vary']).toContain('Cookie');
  });

  test('orders without an address, for their account, and may pay with coins', async () => {
    const { text } = await get('/shop/consult?lang=en');
    expect(text).not.toContain('name="email"');
    expect(text).toContain('value="points"');
    const { headers } = await send('consult', { quantity: '1', pay: 'points' }).expect(303);
    const number = /GOODS_\w+/.exec(String(headers['location']))?.[0] ?? '';
    expect(await findOrder(db, number)).toMatchObject({ userId: buyer.user.id, email: null });
  });

  test('is a stranger to a form that another site sends', async () => {
    const before = await orders();
    await app()
      .post('/shop/consult?lang=en')
      .set('Cookie', buyer.cookie)
      .set('Origin', 'https://evil.example')
      .type('form')
      .send({ quantity: '1', pay: 'points' })
      .expect(422);
    expect(await orders()).toBe(before);
  });
});

describe('POST /api/price', () => {
  const price = (body: object) => app().post('/api/price?lang=en').send(body);

  test('tells the price with a coupon, and counts no use of it', async () => {
    await changed(db, `insert into coupons (code, percent, most_uses) values ('TENTH', 10, 1)`);
    const wish = { product_slug: 'bazi-full', coupon: 'tenth', email: 'ann@example.com' };
    for (let count = 0; count < 3; count += 1)
      expect((await price(wish).expect(200)).body.data).toMatchObject({ amount: 89.1, discount: 9.9, currency: 'CNY' });
    expect(await row(db, `select uses from coupons where code = 'TENTH'`)).toEqual({ uses: 0 });
  });

  test('says which field is wrong', async () => {
    const unknown = await price({ product_slug: 'bazi-full', coupon: 'NOSUCH' }).expect(409);
    expect(unknown.body.error).toMatchObject({ code: 'coupon_not_valid', field: 'coupon' });
    expect((await price({ product_slug: 'bazi-full', quantity: 2 }).expect(422)).body.error.field).toBe('quantity');
    await price({ product_slug: 'no-such' }).expect(404);
  });

  test('lets coupons be tried thirty times a minute from one address, wherever; what names none is not counted', async () => {
    const one = request(anApp(db, { settings: { trustProxy: ['loopback'] } }).app);
    const post = (path: string, body: object) => one.post(path).set('X-Forwarded-For', '198.51.100.9').send(body);
    const guess = { product_slug: 'bazi-full', coupon: 'GUESS-1' };
    for (let count = 0; count < 30; count += 1) await post('/api/price', guess).expect(409);
    await post('/api/price', guess).expect(429);
    await post('/api/create-order', { ...guess, email: 'a@example.com' }).expect(429);
    await post('/api/create-payment', { telegramPayload: 'x', productName: 'x', coupon: 'GUESS-1' }).expect(429);
    const form = { coupon: 'GUESS-1' };
    await one.post('/shop/bazi-full').type('form').set('X-Forwarded-For', '198.51.100.9').send(form).expect(429);
    await post('/api/price', { product_slug: 'bazi-full' }).expect(200);
  });
});

describe('a promoter’s own page', () => {
  const page = (query = '') =>
    app({ bot: () => ({ name: '@mingdan_test_bot', address: 'https://t.me/mingdan_test_bot' }) })
      .get(`/promote?lang=en${query}`)
      .set('Authorization', buyer.bearer)
      .expect(200);
  const withdraw = async (fields: Record<string, string>) => {
    const asked = app().post('/promote?lang=en').set('Authorization', buyer.bearer).type('form').send(fields);
    return String((await asked.expect(303)).headers['location']);
  };

  test('shows nothing of anybody to who is not signed in', async () => {
    const { text } = await app().get('/promote?lang=en').expect(200);
    expect(text).toContain('data-sign-in');
    expect(text).not.toContain('ref_');
    await app().post('/promote').type('form').send({ currency: 'CNY', destination: 'x' }).expect(401);
  });

  test('shows link and numbers, and takes a withdrawal once', async () => {
    const { id, code } = await promoterOf(db, buyer.user.id);
    const paid = await aPaidOrder(db);
    await changed(
      db,
      `insert into promoter_credits (promoter_id, order_id, amount_minor, currency, commission_minor, held_until)
       values (:id, :orderId, 10000, 'CNY', 1000, now() - interval '1 day')`,
      { id, orderId: paid.id },
    );
    const shown = (await page()).text;
    expect(shown).toContain(`https://t.me/mingdan_test_bot?start&#61;ref_${code}`);
    expect(shown).toContain('Withdraw CN¥10.00');
    expect(await withdraw({ currency: 'CNY', destination: ' ' })).toContain('withdrawal=destination_missing');
    expect(await withdraw({ currency: 'CNY', destination: 'alipay ann' })).toContain('withdrawal=requested');
    expect(await withdraw({ currency: 'CNY', destination: 'alipay ann' })).toContain('withdrawal=already_requested');
    expect((await page('&withdrawal=requested')).text).not.toContain('Withdraw CN¥');
    expect(await withdraw({ currency: 'BTC', destination: 'alipay ann' })).toContain('withdrawal=nothing_available');
  });
});
