import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { changed, type Db, row, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { failOrder } from '@mingdan/fulfilment';
import { claimForUser, orderLinkToken } from '@mingdan/operations';
import { claimGift, findOrder, newGiftToken, type Order, openGift, openInput } from '@mingdan/orders';
import { aUser, testDatabase, testVault } from '@mingdan/orders/testing';
import request from 'supertest';
import { GatewayInMemory, operationsWith } from './gateways.ts';
import { signedIn } from './signed-in.ts';
import { anApp, type Changes, testSettings } from './support.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());

const operations = () =>
  operationsWith(db, [new GatewayInMemory('alipay')], { offered: ['alipay', 'stars', 'points'] });
const anHttpApp = (changes: Changes = {}) =>
  anApp(db, {
    operations: operations(),
    bot: () => ({ name: '@mingdan_bot', address: 'https://t.me/mingdan_bot' }),
    ...changes,
  });
const http = (changes: Changes = {}) => request(anHttpApp(changes).app);

const orders = async () => (await row<{ count: number }>(db, 'select count(*) as count from orders'))?.count ?? 0;
const WISH = { product_slug: 'bazi-basic', email: 'giver@example.com', gift: true };
const create = (body: object, authorization = '') =>
  http().post('/api/create-order').set('Authorization', authorization).send(body);
const linkOf = ({ orderNo }: Pick<Order, 'orderNo'>) => `t=${orderLinkToken(testSettings, orderNo)}`;
const BIRTH = { gender: 'male', date: '1990-05-15', time: '14:30', place: '北京', name: '张三' };
const address = () => `${randomBytes(6).toString('hex')}@example.com`;
const formToken = () => randomBytes(18).toString('base64url');

/** A gift whose link is in its buyer's hands, as the worker leaves it. */
async function aGift(wish: object = {}, authorization = ''): Promise<{ order: Order; token: string }> {
  const { body } = await create({ ...WISH, ...wish }, authorization).expect(200);
  await changed(db, `update orders set status = 'paid', paid_at = now(), status_by = 'test' where order_no = :no`, {
    no: body.data.order_no,
  });
  const order = (await findOrder(db, body.data.order_no)) as Order;
  const given = newGiftToken(testVault);
  await openGift(db, order, given);
  return { order, token: given.token };
}

const look = (token: string, headers: Record<string, string> = {}) => http().get(`/gift/${token}?lang=en`).set(headers);
const claim = (token: string, fields: object = {}, headers: Record<string, string> = {}) =>
  http()
    .post(`/gift/${token}?lang=en`)
    .set(headers)
    .type('form')
    .send({ ...BIRTH, email: address(), token: formToken(), ...fields });
const orderNoIn = (location: unknown) => /\/order\/(\w+)\?/.exec(String(location))?.[1] ?? '';
const giftOf = ({ id }: Order) =>
  row<{ claimed: boolean; claimedBy: number | null; orderNo: string | null }>(
    db,
    `select claimed_at is not null as claimed, claimed_by as "claimedBy", (select order_no from orders where id = claimed_order_id) as "orderNo"
       from gifts where order_id = :id`,
    { id },
  );
const mailsOf = ({ id }: Order) =>
  rows<{ key: string }>(db, 'select dedupe_key as key from outbox where order_id = :id and mail_to is not null', {
    id,
  });

describe('POST /api/create-order with gift', () => {
  test('takes no birth, and marks the order', async () => {
    const { body } = await create({ ...WISH, input: { name: '张三', date: 'nonsense' } }).expect(200);
    const order = (await findOrder(db, body.data.order_no)) as Order;
    expect(order).toMatchObject({ gift: true, kind: 'report', amount: { minor: 1990 } });
    expect(openInput(testVault, order)).toEqual({});
  });

  test('sells a membership without an account, which otherwise belongs to one', async () => {
    const { body } = await create({ ...WISH, product_slug: 'member-month', payment_method: 'alipay' }).expect(200);
    expect(body.data).toMatchObject({ order_no: expect.stringMatching(/^MEMBER_/), payment_url: expect.any(String) });
    await create({ ...WISH, product_slug: 'member-month', gift: false }).expect(401);
  });

  test.each([
    [{ product_slug: 'consult' }],
    [{ product_slug: 'gift-card' }],
    [{ product_slug: 'coins-1' }],
    [{ gift: 'yes' }],
    [{ gift: 1 }],
  ])('answers 422 naming gift for %j, and makes nothing', async (change) => {
    const before = await orders();
    const { body } = await create({ ...WISH, ...change }).expect(422);
    expect(body.error).toMatchObject({ code: 'invalid_field', field: 'gift' });
    expect(await orders()).toBe(before);
  });

  test('with the same request_id is the same order, and another one where one of the two is no gift', async () => {
    const mark = { request_id: 'r'.repeat(20) };
    const [first, again] = [await create({ ...WISH, ...mark }), await create({ ...WISH, ...mark })];
    expect(again.body.data.order_no).toBe(first.body.data.order_no);
    await create({ ...WISH, ...mark, gift: false, input: BIRTH }).expect(409);
  });

  test('gives a member no free reading to give away', async () => {
    const member = await signedIn(db);
    await claimForUser(operations(), (await aGift({ product_slug: 'member-month' })).token, member.user.id);
    const { body } = await create(WISH, member.bearer).expect(200);
    expect(body.data.amount).toBe(19.9);
  });
});

describe('a gift, for its buyer', () => {
  test('shows its link on the order page to who holds the order’s link, and to nobody else', async () => {
    const { order, token } = await aGift();
    const own = await http()
      .get(`/order/${order.orderNo}?${linkOf(order)}&lang=en`)
      .expect(200);
    expect(own.text).toContain(`https://mingdan.example/gift/${token}`);
    expect(own.text).toContain('Not claimed yet');
    expect(own.text).toContain('all of it goes straight back while nobody has claimed the gift');
    const stranger = await http().get(`/order/${order.orderNo}?lang=en`).expect(200);
    expect(stranger.text).not.toContain('/gift/');
  });

  test('is told by the API in the same way, with a new link for one that was lost', async () => {
    const { order, token } = await aGift();
    const path = `/api/order/${order.orderNo}`;
    await http().get(`${path}/gift`).expect(401);
    const first = await http()
      .get(`${path}/gift?${linkOf(order)}`)
      .expect(200);
    expect(first.body.data).toEqual({
      order_no: order.orderNo,
      status: 'open',
      claim_url: `https://mingdan.example/gift/${token}`,
    });
    const renewed = await http()
      .post(`${path}/gift-link?${linkOf(order)}`)
      .send({})
      .expect(200);
    expect(renewed.body.data.claim_url).not.toBe(first.body.data.claim_url);
    await look(token).expect(404);
    const now = await http()
      .get(`${path}/gift?${linkOf(order)}`)
      .expect(200);
    expect(now.body.data.claim_url).toBe(renewed.body.data.claim_url);
    await look(String(renewed.body.data.claim_url).split('/').at(-1) ?? '').expect(200);
  });

  test('gets a new link on the order page, and none when it was claimed', async () => {
    const { order, token } = await aGift();
    const renew = () =>
      http()
        .post(`/order/${order.orderNo}/gift-link`)
        .type('form')
        .send({ t: linkOf(order).slice(2), lang: 'en' });
    const { headers } = await renew().expect(303);
    expect(headers.location).toContain('gift=renewed');
    await look(token).expect(404);
    const { body } = await http().get(`/api/order/${order.orderNo}/gift?${linkOf(order)}`);
    await claim(String(body.data.claim_url).split('/').at(-1) ?? '').expect(303);
    expect((await renew().expect(303)).headers.location).toContain('gift=not_open');
    const claimed = await http().get(`/order/${order.orderNo}?${linkOf(order)}&lang=en`);
    expect(claimed.text).toContain('Claimed on');
    expect(claimed.text).not.toContain('/gift/');
    const answer = await http()
      .post(`/api/order/${order.orderNo}/gift-link?${linkOf(order)}`)
      .send({})
      .expect(409);
    expect(answer.body.error.code).toBe('gift_not_open');
    await http().post(`/order/${order.orderNo}/gift-link`).type('form').send({ t: 'x' }).expect(403);
  });

  test('that was refunded unclaimed says so, and its link ends', async () => {
    const { order, token } = await aGift();
    await db.raw(
      `insert into payment_transactions (order_id, provider, provider_payment_id, amount_minor, currency) values (?, 'alipay', ?, 1990, 'CNY')`,
      [order.id, order.orderNo],
    );
    const { body } = await http()
      .post(`/api/order/${order.orderNo}/refund-request?${linkOf(order)}`)
      .send({ reason: 'x' });
    expect(body.data.outcome).toBe('requested');
    const { text } = await look(token).expect(410);
    expect(text).toContain('was taken back');
    await claim(token).expect(410);
  });

  test('is no gift for an order that is none', async () => {
    const { body } = await create({ ...WISH, gift: false, input: BIRTH }).expect(200);
    const link = linkOf({ orderNo: body.data.order_no });
    await http().get(`/api/order/${body.data.order_no}/gift?${link}`).expect(404);
  });
});

describe('GET /gift/<token>', () => {
  test('says what it is and both ways on, claims nothing, and is neither indexed, kept nor told on', async () => {
    const { order, token } = await aGift();
    const { text, headers } = await look(token).expect(200);
    for (const said of [
      'A gift for you',
      'Bazi in brief',
      `https://t.me/mingdan_bot?start&#61;gift_${token}`,
      'id="date"',
    ])
      expect(text).toContain(said);
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'x-robots-tag': 'noindex, nofollow',
      'referrer-policy': 'no-referrer',
    });
    expect(text).not.toContain(order.orderNo);
    await http().head(`/gift/${token}`).expect(200);
    expect(await giftOf(order)).toEqual({ claimed: false, claimedBy: null, orderNo: null });
  });

  test('tells what to send to the bot where its name is not known', async () => {
    const { token } = await aGift();
    const { text } = await http({ bot: () => undefined })
      .get(`/gift/${token}?lang=en`)
      .expect(200);
    expect(text).toContain(`/start gift_${token}`);
    expect(text).not.toContain('t.me');
  });

  test.each(['x', `${'a'.repeat(42)}`, 'a'.repeat(43), '%F0%9F%92%A5', "'; drop table gifts; --"])(
    'of no gift (%s) is a kind page with a way on',
    async (token) => {
      const { text } = await look(encodeURIComponent(token)).expect(404);
      expect(text).toContain('This gift link is not right');
      expect(text).toContain('href="/shop?');
      await claim(encodeURIComponent(token)).expect(404);
    },
  );

  test('has its token in no line of the log', async () => {
    const { token } = await aGift();
    const { app, log } = anHttpApp();
    await request(app).get(`/gift/${token}`).expect(200);
    await request(app).post(`/gift/${token}`).type('form').send({ email: 'x', date: '1990-13-13' }).expect(422);
    expect(log.length).toBeGreaterThan(0);
    expect(JSON.stringify(log)).not.toContain(token);
    expect(JSON.stringify(log)).toContain('/gift/…');
  });

  test('is under the limits of every page', async () => {
    const { token } = await aGift();
    const { app } = anHttpApp({
      settings: { trustProxy: ['loopback'] },
      limits: { windowMs: 60_000, reads: 2, writes: 1 },
    });
    const ask = () => request(app).get(`/gift/${token}`).set('X-Forwarded-For', '203.0.113.9');
    expect([(await ask()).status, (await ask()).status, (await ask()).status]).toEqual([200, 200, 429]);
  });
});

describe('claiming a report on the web', () => {
  test('makes the claimer’s order, paid by the gift, and tells the giver', async () => {
    const { order, token } = await aGift();
    const { headers } = await claim(token, { email: 'lisi@example.com' }).expect(303);
    const made = (await findOrder(db, orderNoIn(headers.location))) as Order;
    expect(made).toMatchObject({ status: 'paid', amount: { minor: 0 }, gift: false, userId: null, language: 'en' });
    expect(openInput(testVault, made)).toMatchObject({ name: '张三', date: '1990-05-15' });
    expect(await giftOf(order)).toEqual({ claimed: true, claimedBy: null, orderNo: made.orderNo });
    expect(await mailsOf(order)).toEqual([{ key: `gift-claimed:${order.orderNo}` }]);
    await http().get(String(headers.location)).expect(200);
    const [kept] = await rows<{ text: string }>(
      db,
      'select (o::text || g::text) as text from orders o join gifts g on g.id = o.claims_gift where o.id = :id',
      { id: made.id },
    );
    expect(kept?.text).not.toMatch(/lisi|张三|1990-05/);
    expect(kept?.text).not.toContain(token);
    const late = await look(token).expect(410);
    expect(late.text).toContain('has been claimed already');
    expect(late.text).toContain('/shop/lost-link');
    await claim(token).expect(410);
  });

  test('sent twice is one order, also at once', async () => {
    const { token } = await aGift();
    const form = { email: address(), token: formToken() };
    const replies = await Promise.all([1, 2, 3].map(() => claim(token, form).expect(303)));
    expect(new Set(replies.map(({ headers }) => headers.location)).size).toBe(1);
  });

  test.each([
    [{ date: '1990-02-31' }, 'date'],
    [{ date: '' }, 'date'],
    [{ gender: 'x' }, 'gender'],
    [{ time: '' }, 'time'],
    [{ email: '' }, 'email'],
    [{ email: 'a@example.com\r\nBcc: all@example.com' }, 'email'],
  ])('refuses %j beside its field, keeps what was typed, and claims nothing', async (wrong, field) => {
    const { order, token } = await aGift();
    const { text } = await claim(token, wrong).expect(422);
    expect(text).toMatch(new RegExp(`<p class="error" id="${field}-error">[^<]`));
    expect(text).toContain('value="张三"');
    expect(await giftOf(order)).toMatchObject({ claimed: false });
  });

  test('of one’s own gift is refused, by session and by address', async () => {
    const giver = await signedIn(db);
    const mine = await aGift({ email: undefined }, giver.bearer);
    const { text } = await look(mine.token, { Cookie: giver.cookie }).expect(200);
    expect(text).toContain('You bought this gift yourself');
    expect(text).toContain(`/order/${mine.order.orderNo}`);
    await claim(mine.token, {}, { Authorization: giver.bearer }).expect(200);
    const bought = await aGift();
    const refused = await claim(bought.token, { email: 'Giver@example.com' }).expect(200);
    expect(refused.text).toContain('You bought this gift yourself');
    expect(refused.text).not.toContain(bought.order.orderNo);
    expect(await giftOf(bought.order)).toMatchObject({ claimed: false });
  });

  test('by who is signed in is theirs, needs no address, and may begin in chat', async () => {
    const { order, token } = await aGift();
    const person = await signedIn(db);
    await claimGift(db, token, person.user.id);
    const page = await look(token, { Cookie: person.cookie }).expect(200);
    expect(page.text).not.toContain('id="email"');
    const { headers } = await claim(token, { email: '' }, { Authorization: person.bearer }).expect(303);
    const made = await findOrder(db, orderNoIn(headers.location));
    expect(made).toMatchObject({ userId: person.user.id, status: 'paid', claimsGift: expect.any(Number) });
    expect(await giftOf(order)).toMatchObject({ claimedBy: person.user.id, orderNo: made?.orderNo });
    expect((await look(token, { Cookie: person.cookie }).expect(200)).text).toContain('This gift is yours');
    await look(token).expect(410);
  });

  test('waits through maintenance, and nothing is claimed', async () => {
    const { order, token } = await aGift();
    await changed(db, `insert into settings (key, value) values ('maintenance', '{"on":true}')`);
    const { text } = await claim(token).expect(503);
    await changed(db, `delete from settings where key = 'maintenance'`);
    expect(text).toContain('The gift waits for you');
    expect(await giftOf(order)).toMatchObject({ claimed: false });
    await claim(token).expect(303);
  });

  test('gives what was paid for, also when it is sold no more', async () => {
    const { token } = await aGift({ product_slug: 'bazi-year' });
    await changed(db, `update products set active = false where slug = 'bazi-year'`);
    await claim(token).expect(303);
    await changed(db, `update products set active = true where slug = 'bazi-year'`);
  });

  test('whose report fails can be claimed again by the same link, even by the same form', async () => {
    const { order, token } = await aGift();
    const form = { email: address(), token: formToken() };
    const { headers } = await claim(token, form).expect(303);
    const failed = (await findOrder(db, orderNoIn(headers.location))) as Order;
    await db.transaction((tx) =>
      failOrder({ ...operations(), operatorChatId: null }, tx, failed, {
        reason: 'model_failed',
        owner: null,
        by: 'test',
      }),
    );
    expect(await giftOf(order)).toEqual({ claimed: false, claimedBy: null, orderNo: null });
    expect((await mailsOf(failed)).map(({ key }) => key)).toContain(`gift-again:${failed.orderNo}`);
    const page = await http().get(`/order/${failed.orderNo}?${linkOf(failed)}&lang=en`);
    expect(page.text).toContain('is not used up');
    const again = await claim(token, form).expect(303);
    const made = (await findOrder(db, orderNoIn(again.headers.location))) as Order;
    expect(made.status).toBe('paid');
    expect(made.orderNo).not.toBe(failed.orderNo);
  });
});

describe('claimed by many at once', () => {
  test('by web, by session and in chat, one has it, with one order at most', async () => {
    for (const slug of ['bazi-basic', 'bazi-full']) {
      const { order, token } = await aGift({ product_slug: slug });
      const people = await Promise.all(Array.from({ length: 8 }, () => aUser(db)));
      const sessions = await Promise.all(Array.from({ length: 6 }, () => signedIn(db)));
      const byWeb = Array.from({ length: 12 }, () => claim(token));
      const bySession = sessions.map(({ bearer }) => claim(token, { email: '' }, { Authorization: bearer }));
      const inChat = people.map(({ id }) => claimForUser(operations(), token, id));
      const [web, chat] = await Promise.all([Promise.all([...byWeb, ...bySession]), Promise.all(inChat)]);
      const won = web.filter(({ status }) => status === 303).length;
      expect(won + chat.filter(({ outcome }) => outcome === 'claimed').length).toBe(1);
      expect(web.filter(({ status }) => status === 410)).toHaveLength(web.length - won);
      const made = await rows(
        db,
        'select 1 from orders where claims_gift = (select id from gifts where order_id = :id)',
        {
          id: order.id,
        },
      );
      expect(made).toHaveLength(won);
      expect(await giftOf(order)).toMatchObject({ claimed: true });
    }
  }, 30_000);
});

describe('a membership as a gift', () => {
  test('leads to Telegram, and cannot be claimed by who has no account', async () => {
    const { order, token } = await aGift({ product_slug: 'member-month' });
    const { text } = await look(token).expect(200);
    expect(text).toContain('belongs to a Telegram account');
    expect(text).toContain(`https://t.me/mingdan_bot?start&#61;gift_${token}`);
    expect(text).not.toContain('<form');
    await claim(token).expect(200);
    expect(await giftOf(order)).toMatchObject({ claimed: false });
  });

  test('begins at once for who is signed in', async () => {
    const { order, token } = await aGift({ product_slug: 'member-month' });
    const person = await signedIn(db);
    const as = { Authorization: person.bearer };
    expect((await look(token, as).expect(200)).text).toContain('Claim the membership');
    await claim(token, {}, as).expect(303);
    await claim(token, {}, as).expect(303);
    expect((await look(token, as).expect(200)).text).toMatch(/a membership until \d{4}-\d\d-\d\d/);
    const { body } = await http().get('/api/membership-status').set(as);
    expect(body.status).toBe('active');
    expect(await mailsOf(order)).toEqual([{ key: `gift-claimed:${order.orderNo}` }]);
    const other = await signedIn(db);
    await claim(token, {}, { Authorization: other.bearer }).expect(410);
  });
});

describe('the shop', () => {
  const order = (slug: string, fields: Record<string, string>) =>
    http()
      .post(`/shop/${slug}?lang=en`)
      .type('form')
      .send({ email: 'giver@example.com', pay: 'alipay', ...fields });

  test('asks for whom a report is, and takes no birth for a gift', async () => {
    const { text } = await http().get('/shop/bazi-basic?lang=en').expect(200);
    expect(text).toContain('A gift for somebody else');
    const { headers } = await order('bazi-basic', { gift: '1' }).expect(303);
    expect(await findOrder(db, orderNoIn(headers.location))).toMatchObject({ gift: true });
    const page = await http().get(String(headers.location)).expect(200);
    expect(page.text).toContain('nobody has claimed the gift');
    await order('bazi-basic', { gift: '0' }).expect(422);
  });

  test('sells a membership as a gift, whatever the form says', async () => {
    const { headers } = await order('member-quarter', {}).expect(303);
    expect(await findOrder(db, orderNoIn(headers.location))).toMatchObject({ gift: true, kind: 'membership' });
  });

  test('makes no gift of goods and of what is free', async () => {
    const { text } = await http().get('/shop/tarot-free?lang=en').expect(200);
    expect(text).not.toContain('name="gift"');
    const { headers } = await order('consult', { gift: '1' }).expect(303);
    expect(await findOrder(db, orderNoIn(headers.location))).toMatchObject({ gift: false });
  });
});

describe('the Mini App', () => {
  test('shows the price with a coupon or as a gift before anything is paid, and counts no use', async () => {
    await changed(
      db,
      `insert into coupons (code, percent, product_slugs) values ('HALF', 50, array['bazi-full', 'member-month'])`,
    );
    await changed(db, `update products set price_stars = 800 where slug = 'bazi-full'`);
    const { bearer } = await signedIn(db);
    const price = (slug: string, wish: object) =>
      http().post(`/app/view/price/${slug}?lang=en`).set('Authorization', bearer).send(wish);
    const full = await price('bazi-full', { coupon: ' half ' }).expect(200);
    expect(full.text).toContain('400');
    expect(full.text).toMatch(/instead of CN¥99\.00/);
    expect((await price('bazi-full', { gift: true }).expect(200)).text).toContain('nobody has claimed the gift');
    await price('bazi-year', { coupon: 'HALF' }).expect(409);
    await price('bazi-year', { coupon: 'no such' }).expect(422);
    await price('consult', {}).expect(404);
    await http().post('/app/view/price/bazi-full').send({}).expect(401);
    const { text } = await http().get('/app/view/member/member-month?lang=en').set('Authorization', bearer).expect(200);
    expect(text).toContain('name="coupon"');
    expect(text).toContain('name="gift"');
    expect(await row(db, `select uses from coupons where code = 'HALF'`)).toEqual({ uses: 0 });
  });
});
