import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { changed, type Db, row, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import {
  addCodes,
  findOrder,
  grantCoins,
  type Order,
  recordNotice,
  rememberTelegramUser,
  type User,
  writeSetting,
} from '@mingdan/orders';
import { anUnpaidOrder, paidNotice, testDatabase, testVault } from '@mingdan/orders/testing';
import request from 'supertest';
import { sessionToken } from '../../src/http/auth/session-token.ts';
import { GatewayInMemory, operationsWith } from './gateways.ts';
import { anApp, type Changes, testSettings } from './support.ts';

let database: TestDatabase;
let db: Db;
let buyer: User;
let other: User;
let wechat: GatewayInMemory;
let telegramId = 5_000;

beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());
beforeEach(async () => {
  wechat = new GatewayInMemory('wechat');
  wechat.shows = { paymentUrl: null, qrCode: 'weixin://pay/abc' };
  telegramId += 2;
  buyer = await rememberTelegramUser(db, { telegramId, language: 'en' });
  other = await rememberTelegramUser(db, { telegramId: telegramId + 1, language: 'en' });
});

function app(changes: Changes = {}) {
  const alipay = new GatewayInMemory('alipay');
  const operations = operationsWith(db, [alipay, wechat], { offered: ['alipay', 'wechat', 'stars', 'points'] });
  return request(anApp(db, { operations, ...changes }).app);
}

const signedIn = (user: User) =>
  `Bearer ${sessionToken(testSettings.secretKeys, { userId: user.id, name: null, expiresAt: new Date(Date.now() + 60_000) })}`;
const orders = async () => (await row<{ count: number }>(db, 'select count(*) as count from orders'))?.count ?? 0;

/** As a browser reads attributes. */
const plain = (text: string) => text.replaceAll('&#38;', '&').replaceAll('&#61;', '=');

const TOKEN = 'abcdefghijklmnopqrstuvwx';
const GOODS = { quantity: '2', email: 'ann@example.com', pay: 'alipay', token: TOKEN };

const order = (slug: string, fields: Record<string, string>) =>
  app().post(`/shop/${slug}?lang=en`).type('form').send(fields);

describe('the form of the shop', () => {
  test('makes an order and leads to its signed page, and is the same order when it is sent twice', async () => {
    const before = await orders();
    const first = await order('consult', GOODS).expect(303);
    const again = await order('consult', GOODS).expect(303);
    expect(first.headers.location).toMatch(/^\/order\/GOODS_\d{8}_[0-9A-Z]{8}\?t=[\w-]{43}&lang=en&via=alipay$/);
    expect(again.headers.location).toBe(first.headers.location);
    expect(await orders()).toBe(before + 1);
  });

  test('is another order where it asks for something else', async () => {
    const first = await order('consult', GOODS).expect(303);
    const other = await order('consult', { ...GOODS, quantity: '1' }).expect(303);
    expect(other.headers.location).not.toBe(first.headers.location);
  });

  test.each([
    [{ quantity: '0' }, 'quantity'],
    [{ quantity: '6' }, 'quantity'],
    [{ quantity: '1.5' }, 'quantity'],
    [{ quantity: 'three' }, 'quantity'],
    [{ email: 'ann@example.com\r\nBcc: all@example.com' }, 'email'],
    [{ email: '' }, 'email'],
    [{ pay: 'stars' }, 'pay'],
    [{ pay: 'nothing' }, 'pay'],
    [{ coupon: 'no such coupon' }, 'coupon'],
    [{ coupon: 'NOSUCH' }, 'coupon'],
  ])('refuses %j beside its field, keeps what was typed, and orders nothing', async (wrong, field) => {
    const before = await orders();
    const { text } = await order('consult', { ...GOODS, ...wrong, token: '' }).expect(422);
    expect(text).toMatch(new RegExp(`<p class="error" id="${field}-error">[^<]`));
    expect(text).toContain(`href="#${field}"`);
    expect(await orders()).toBe(before);
  });

  test('escapes what was typed', async () => {
    const { text } = await order('consult', { ...GOODS, email: '"><script>alert(1)</script>' }).expect(422);
    expect(text).not.toContain('<script>alert');
    expect(text).toContain('&#60;script&#62;');
  });

  test('says sold out before anybody pays', async () => {
    await addCodes(db, testVault, { slug: 'gift-card', codes: ['ONE-1'], actor: 'test' });
    const one = { ...GOODS, quantity: '1', token: '' };
    await order('gift-card', one).expect(303);
    const { text } = await order('gift-card', one).expect(422);
    // Once, without a field to correct, and what was typed is still there.
    expect(text.split('This is sold out.')).toHaveLength(2);
    expect(text).not.toContain('Something has to be changed');
    expect(text).not.toContain('href="#quantity"');
    expect(text).toContain('value="ann@example.com"');
    expect(text).toContain('Try again');
    const plain = await app().get('/shop/gift-card?lang=en').expect(200);
    expect(plain.text).not.toContain('<form class="card form"');
  });

  test('says how many are left where there are fewer than they want', async () => {
    await addCodes(db, testVault, { slug: 'gift-card', codes: ['TWO-1', 'TWO-2'], actor: 'test' });
    const { text } = await order('gift-card', { ...GOODS, quantity: '3', token: '' }).expect(422);
    expect(text).toContain('href="#quantity"');
    expect(text).toContain('Only 2 left.');
  });

  test('speaks of no payment and no refund where nothing is paid', async () => {
    const { text } = await app().get('/shop/tarot-free?lang=en').expect(200);
    expect(text).not.toContain('Refunds:');
    expect(text).not.toContain('where you pay');
    expect((await app().get('/shop/bazi-full?lang=en')).text).toContain('Refunds:');
  });

  test('is for search engines to find, which orders are not', async () => {
    for (const path of ['/shop', '/shop/bazi-full'])
      expect((await app().get(path)).text).not.toContain('name="robots"');
    expect((await app().get('/shop/lost-link')).text).toContain('content="noindex, nofollow"');
    const { text } = await app()
      .get('/robots.txt')
      .expect(200)
      .expect('Content-Type', /text\/plain/);
    expect(text).toContain('Allow: /shop\n');
    expect(text).toContain('Disallow: /\n');
  });

  test('shows where coins and a membership of one’s own are to be had', async () => {
    const bot = () => ({ name: '@mingdan_test_bot', address: 'https://t.me/mingdan_test_bot' });
    const { text } = await app({ bot }).get('/shop?lang=en').expect(200);
    expect(text).toContain('data-account="coins"');
    expect(text).toContain('https://t.me/mingdan_test_bot?start&#61;buy_member-month');
  });

  test('sells no coins, which belong to an account, and memberships to be given away', async () => {
    await app().get('/shop/coins-1').expect(404);
    const { text } = await app().get('/shop.html?lang=en').expect(200);
    expect(text).toContain('Personal consultation');
    expect(text).not.toContain('/shop/coins');
    expect(text.slice(text.indexOf('To give away'))).toContain('Membership, one month');
    const page = await app().get('/shop/member-month?lang=en').expect(200);
    expect(page.text).toContain('Bought here as a gift');
  });

  test('comes compressed to who takes that, and needs no script of its own page', async () => {
    const page = await app().get('/shop?lang=en').set('Accept-Encoding', 'br').expect(200);
    expect(page.headers['content-encoding']).toBe('br');
    const missing = await app().get('/nothing-here').set('Accept-Encoding', 'br').expect(404);
    expect(missing.headers['content-encoding']).toBe('br');
    const catalogue = await app().get('/api/products').set('Accept-Encoding', 'gzip').expect(200);
    expect(catalogue.headers['content-encoding']).toBe('gzip');
    expect(catalogue.body.success).toBe(true);
    const { headers } = await order('consult', { ...GOODS, token: '' }).expect(303);
    // What holds a secret is not pressed: its length would tell of it.
    const own = await app().get(String(headers.location)).set('Accept-Encoding', 'br').expect(200);
    expect(own.headers['content-encoding']).toBeUndefined();
    const plain = await app().get('/shop?lang=en').set('Accept-Encoding', 'identity').expect(200);
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(plain.text).not.toMatch(/<script>|style=|onclick=/);
  });
});

describe('a lost link', () => {
  const mails = () =>
    rows<{ language: string }>(
      db,
      `select language from outbox where mail_to is not null and dedupe_key like 'link:%'`,
    );
  const ask = (fields: Record<string, string>) => app().post('/shop/lost-link?lang=en').type('form').send(fields);

  test('goes to the address of the order alone, and the answer is the same for everybody', async () => {
    const { headers } = await order('consult', { ...GOODS, token: '' }).expect(303);
    const number = /GOODS_\w+/.exec(String(headers.location))?.[0] ?? '';
    const stranger = await ask({ email: 'eve@example.com', order_no: number }).expect(200);
    const nobody = await ask({ email: 'ann@example.com', order_no: 'GOODS_20261121_7K3M9QXA' }).expect(200);
    expect(await mails()).toEqual([]);
    const own = await ask({ email: 'Ann@Example.com', order_no: number.toLowerCase() }).expect(200);
    expect([nobody.text, own.text]).toEqual([stranger.text, stranger.text]);
    expect(own.text).not.toContain('?t=');
    for (let tries = 0; tries < 50 && (await mails()).length === 0; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await mails()).toEqual([{ language: 'en' }]);
  });

  test('asks again for what is no address or number', async () => {
    const { text } = await ask({ email: 'ann', order_no: '12' }).expect(422);
    expect(text).toMatch(/id="email-error">[^<]/);
    expect(text).toMatch(/id="order_no-error">[^<]/);
  });
});

describe('the coin centre', () => {
  const buy = (user: User, fields: Record<string, string>) =>
    app().post('/coin?lang=en').set('Authorization', signedIn(user)).type('form').send(fields);

  test('shows nothing of anybody to who is not signed in', async () => {
    const { text } = await app().get('/coin?lang=en').expect(200);
    expect(text).toContain('data-sign-in');
    expect(text).not.toContain('data-balance');
    const sent = await app().post('/coin?lang=en').type('form').send({ package: 'coins-1', pay: 'wechat' }).expect(401);
    // The same page, with scripts or without: how to sign in, and that nothing was done.
    expect(sent.text).toContain('data-sign-in');
    expect(sent.text).toContain('nothing was done');
  });

  test('signs nobody out for another site, and who asks for it', async () => {
    const cookie = signedIn(buyer).replace('Bearer ', 'mingdan_session=');
    const page = await app().get('/coin?lang=en').set('Cookie', cookie).expect(200);
    expect(page.text).toContain(`Signed in as Telegram user ${telegramId}`);
    expect(plain(page.text)).toContain('action="/logout?lang=en"');
    const foreign = await app().post('/logout').set('Cookie', cookie).set('Origin', 'https://evil.example').expect(403);
    expect(foreign.headers['set-cookie']).toBeUndefined();
    const own = await app()
      .post('/logout?lang=en')
      .set('Cookie', cookie)
      .set('Origin', testSettings.publicUrl)
      .expect(303);
    expect(own.headers.location).toBe('/coin?lang=en');
    expect(String(own.headers['set-cookie'])).toMatch(/^mingdan_session=;/);
  });

  test('asks nobody to pay again while money that does not fit is looked at, here and in the Mini App', async () => {
    const { headers } = await buy(buyer, { package: 'coins-1', pay: 'wechat', token: '' }).expect(303);
    const order = (await findOrder(db, /COIN_\w+/.exec(String(headers.location))?.[0] ?? '')) as Order;
    await recordNotice(db, paidNotice(order, { amount: { minor: 5, currency: 'CNY' } }));
    const page = await app().get(String(headers.location)).set('Authorization', signedIn(buyer)).expect(200);
    expect(page.text).toContain('Your payment is being looked at');
    expect(page.text).not.toContain('<figure');
    expect(page.text).toMatch(/data-state="[^"]*held"/);
    const inApp = await app().get(`/app/view/order/${order.orderNo}?lang=en`).set('Authorization', signedIn(buyer));
    expect(inApp.text).toContain('Your payment is being looked at');
    expect(inApp.text).not.toContain('data-pay=');
  });

  test('leads to where the code of a red packet is typed, and not to the choice again', async () => {
    const redpacket = new GatewayInMemory('redpacket');
    redpacket.shows = { paymentUrl: null, qrCode: null };
    const operations = operationsWith(db, [redpacket, wechat], { offered: ['redpacket', 'wechat'] });
    const client = app({ operations });
    const { headers } = await client
      .post('/coin?lang=en')
      .set('Authorization', signedIn(buyer))
      .type('form')
      .send({ package: 'coins-1', pay: 'redpacket', token: '' })
      .expect(303);
    const { text } = await client.get(String(headers.location)).set('Authorization', signedIn(buyer)).expect(200);
    expect(plain(text)).toMatch(/href="\/?[^"]*\/order\/COIN_\w+\?t=[^"]*via=redpacket"[^>]*>Enter the code</);
  });

  test('orders a package for who is signed in, and draws its code', async () => {
    const { headers } = await buy(buyer, { package: 'coins-2', pay: 'wechat', token: TOKEN }).expect(303);
    const page = await app().get(String(headers.location)).set('Authorization', signedIn(buyer)).expect(200);
    expect(page.text).toContain('310 coins');
    expect(page.text).toContain('<svg');
    expect(wechat.created).toMatchObject([{ amount: { minor: 2990, currency: 'CNY' } }]);
    const again = await buy(buyer, { package: 'coins-2', pay: 'wechat', token: TOKEN }).expect(303);
    expect(again.headers.location).toBe(headers.location);
  });

  test('turns its history page by page, by links alone', async () => {
    const page = (path: string) => app().get(path).set('Authorization', signedIn(buyer)).expect(200);
    const links = (text: string) =>
      [...text.matchAll(/<a href="(\/coin\?[^"]*#history)"/g)].map(([, path = '']) =>
        path.replaceAll('&#38;', '&').replaceAll('&#61;', '='),
      );
    const rowsOf = (text: string) => [...text.matchAll(/<tr><td>/g)].length;
    for (let coins = 1; coins <= 20; coins += 1)
      await grantCoins(db, { userId: buyer.id, amount: coins, reason: 'test', actor: 'test' });
    const full = await page('/coin?lang=en');
    expect(rowsOf(full.text)).toBe(20);
    expect(links(full.text)).toEqual([]);
    await grantCoins(db, { userId: buyer.id, amount: 21, reason: 'test', actor: 'test' });
    const newest = await page('/coin?lang=en');
    const [older = ''] = links(newest.text);
    expect(newest.text).toContain('Older entries');
    const last = await page(older);
    expect(rowsOf(last.text)).toBe(1);
    expect(links(last.text)).toEqual(['/coin?lang=en#history']);
    expect(last.text).toContain('Newest entries');
    expect(last.text).toContain(`data-balance="231"`);
    expect(rowsOf((await page('/coin?lang=en&before=nonsense')).text)).toBe(20);
    expect(links((await page('/coin?lang=en&before=1')).text)).toEqual(['/coin?lang=en#history']);
  });

  test('shows nobody the order of another', async () => {
    const { headers } = await buy(buyer, { package: 'coins-1', pay: 'wechat', token: '' }).expect(303);
    const { text } = await app().get(String(headers.location)).set('Authorization', signedIn(other)).expect(200);
    expect(text).not.toContain('COIN_');
  });

  test('leaves the order, with another way, where a gateway does not answer', async () => {
    wechat.down = true;
    const { headers } = await buy(buyer, { package: 'coins-1', pay: 'wechat', token: '' }).expect(303);
    const { text } = await app().get(String(headers.location)).set('Authorization', signedIn(buyer)).expect(200);
    expect(text).toContain('role="alert"');
    expect(text).toContain('Pay another way');
    await changed(db, 'delete from provider_health');
  });

  test.each([
    [{ package: 'bazi-basic', pay: 'wechat' }, 'package'],
    [{ package: 'coins-1', pay: 'points' }, 'pay'],
  ])('refuses %j', async (fields, field) => {
    const { text } = await buy(buyer, { token: '', ...fields }).expect(422);
    expect(text).toMatch(new RegExp(`id="${field}-error">[^<]`));
  });
});

describe('the Mini App', () => {
  test('may be framed by Telegram’s clients alone, with Telegram’s script alone; all other pages by nobody', async () => {
    const { headers, text } = await app().get('/app').expect(200);
    expect(headers['x-frame-options']).toBeUndefined();
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("script-src 'self' https://telegram.org/js/telegram-web-app.js");
    expect(policy).toContain('frame-ancestors https://web.telegram.org https://*.web.telegram.org');
    expect(text).toContain('src="https://telegram.org/js/telegram-web-app.js"');
    const shop = await app().get('/shop').expect(200);
    expect(shop.headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(shop.headers['x-frame-options']).toBe('DENY');
  });

  test('takes its script from the sandbox where that plays Telegram', async () => {
    const mock = {
      webhookUrl: 'http://127.0.0.1:1',
      notices: null,
      sandboxUrl: 'http://127.0.0.1:3002',
      playsTelegram: true,
    };
    const { headers, text } = await app({ settings: { mock } }).get('/app').expect(200);
    expect(text).toContain('src="http://127.0.0.1:3002/telegram-web-app.js"');
    expect(headers['content-security-policy']).toContain('https://*.web.telegram.org http://127.0.0.1:3002');
  });

  test('shows its parts to who is signed in, and nobody the order of another', async () => {
    await app().get('/app/view/home').expect(401);
    const view = (path: string, user: User) => app().get(`/app/view/${path}`).set('Authorization', signedIn(user));
    const { text } = await view('home', buyer).expect(200);
    expect(text).toContain('data-go="report/bazi-basic"');
    const bought = await app()
      .post('/api/create-order')
      .set('Authorization', signedIn(buyer))
      .send({ product_slug: 'tarot-free' })
      .expect(200);
    await view(`order/${bought.body.data.order_no}`, buyer).expect(200);
    await view(`order/${bought.body.data.order_no}`, other).expect(404);
    await view('report/consult', buyer).expect(404);
  });
});

describe('the orders of the Mini App', () => {
  test('can be read to the first one, a page at a time', async () => {
    const made: string[] = [];
    for (let count = 0; count < 12; count += 1)
      made.unshift((await anUnpaidOrder(db, { slug: 'coins-1', userId: buyer.id })).orderNo);
    const view = (path: string, user: User) => app().get(`/app/view/${path}`).set('Authorization', signedIn(user));
    const listed = (text: string) => [...text.matchAll(/data-go="order\/(\w+)"/g)].map(([, number]) => number);
    const first = await view('home', buyer).expect(200);
    expect(listed(first.text)).toEqual(made.slice(0, 10));
    expect(first.text).toContain(`data-go="orders/${made[9]}"`);
    const second = await view(`orders/${made[9]}`, buyer).expect(200);
    expect(listed(second.text)).toEqual(made.slice(10));
    expect(second.text).not.toContain('data-go="orders/');
    expect(listed((await view(`orders/${made[9]}`, other).expect(200)).text)).toEqual([]);
  });
});

describe('a page that says that something does not work', () => {
  const bot = () => ({ name: '@mingdan_bot', address: 'https://t.me/mingdan_bot' });

  test('leads on, in each language, and knows who can be asked', async () => {
    await writeSetting(db, 'support_contact', 'help@shop.example');
    const reply = await app({ bot }).get('/order/REPORT_20261121_7K3M9QXA?lang=en&t=x').expect(404);
    const text = plain(reply.text);
    expect(text).toContain('class="button" href="/shop?lang=en"');
    expect(text).toContain('href="/shop/lost-link?lang=en"');
    expect(text).toContain('href="/order/REPORT_20261121_7K3M9QXA?lang=zh-TW&t=x"');
    expect(text).toContain('href="mailto:help@shop.example"');
    expect(text).toContain('href="https://t.me/mingdan_bot"');
    expect(text).not.toContain('in the chat');
    await changed(db, `delete from settings where key = 'support_contact'`);
    const without = await app().get('/nope?lang=en').expect(404);
    expect(plain(without.text)).toContain('href="/shop?lang=en"');
    expect(without.text).not.toContain('class="help"');
  });

  test('leads from a sign-in link that is over to the bot', async () => {
    const { text } = await app({ bot })
      .get(`/login/${'x'.repeat(43)}?lang=en`)
      .expect(410);
    expect(text).toContain('/login to the bot');
    expect(text).toContain('class="button" href="https://t.me/mingdan_bot"');
  });

  test('is not there for the bare address, which is the shop', async () => {
    const { headers } = await app().get('/?lang=en').expect(302);
    expect(headers.location).toBe('/shop?lang=en');
  });
});

test('who opens coins or Mini App outside Telegram reads which bot it is', async () => {
  const bot = () => ({ name: '@mingdan_bot', address: 'https://t.me/mingdan_bot' });
  for (const path of ['/coin', '/app']) {
    const { text } = await app({ bot }).get(`${path}?lang=en`).expect(200);
    expect(text).toContain('<a class="button" href="https://t.me/mingdan_bot">Open the bot @mingdan_bot</a>');
  }
});

describe('POST /api/chart-preview', () => {
  const preview = (body: object) => app().post('/api/chart-preview?lang=en').send(body);

  test('computes the chart of a birth as a form or an order has it', async () => {
    const fields = { gender: 'male', date: '19900515', time: '14:30', place: '北京' };
    const input = { gender: 'male', date: '1990-05-15', time: '14:30', place: '北京' };
    const byFields = await preview({ fields }).expect(200);
    const byInput = await preview({ input }).expect(200);
    const pillars = { year: '庚午', month: '辛巳', day: '庚辰', hour: '癸未' };
    expect(byFields.body.data).toMatchObject({ pillars, input: { date: '1990-05-15', place: '北京' } });
    expect(byInput.body.data.pillars).toEqual(pillars);
    expect(byFields.body.data.html).toContain('<table class="chart">');
  });

  test('says in the caller’s language what cannot be, and of which field', async () => {
    const fields = { gender: 'male', date: '1990-02-31', time_unknown: '1' };
    const { body } = await preview({ fields }).expect(422);
    expect(body.error).toMatchObject({ field: 'date', message: expect.stringContaining('not in the calendar') });
    const empty = await preview({ fields: {} }).expect(422);
    expect(Object.keys(empty.body.error.fields)).toEqual(['gender', 'date', 'time']);
  });
});
