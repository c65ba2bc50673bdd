import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { changed, type Db } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { testDatabase } from '@mingdan/orders/testing';
import request from 'supertest';
import { inDollars } from '../../src/http/api/prices.ts';
import { GatewayInMemory, operationsWith } from './gateways.ts';
import { signedIn } from './signed-in.ts';
import { anApp } from './support.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());

const get = (path: string) => request(anApp(db).app).get(path);

async function set(key: string, value: unknown): Promise<void> {
  await changed(
    db,
    'insert into settings (key, value) values (:key, :value::jsonb) on conflict (key) do update set value = excluded.value',
    { key, value: JSON.stringify(value) },
  );
}

describe('GET /api/products', () => {
  test('lists what can be bought, in the order of the catalogue', async () => {
    const reply = await get('/api/products').expect(200);
    expect(reply.body.success).toBe(true);
    expect(reply.body.data.map(({ slug }: { slug: string }) => slug)).toEqual([
      'bazi-basic',
      'bazi-full',
      'bazi-year',
      'tarot-free',
      'member-month',
      'member-quarter',
      'member-year',
      'gift-card',
      'consult',
      'coins-1',
      'coins-2',
      'coins-3',
      'coins-4',
    ]);
  });

  test('tells what is in coins, memberships and goods', async () => {
    expect((await get('/api/products/coins-2')).body.data).toMatchObject({
      kind: 'coins',
      coins: 310,
      bonus_coins: 10,
    });
    expect((await get('/api/products/member-year')).body.data).toMatchObject({ kind: 'membership', months: 12 });
    const card = (await get('/api/products/gift-card')).body.data;
    expect(card).toMatchObject({ kind: 'goods', price: 50, stock: 0, stock_quantity: 0, input: 'none' });
  });

  test('shows a member’s price to who is signed in, and to no stranger', async () => {
    const stranger = await get('/api/products');
    expect(stranger.text).not.toContain('member_price');
    expect(stranger.headers['cache-control']).toBe('no-cache');
    const { bearer } = await signedIn(db);
    const known = await get('/api/products/bazi-full').set('Authorization', bearer);
    expect(known.body.data.member_price).toBeLessThan(known.body.data.price);
    expect(known.headers['cache-control']).toBe('private, no-cache');
    expect(known.headers.vary).toContain('Cookie');
  });

  test('gives every product all its fields, with money as decimal numbers', async () => {
    const reply = await get('/api/products/bazi-basic').set('Accept-Language', 'zh-CN').expect(200);
    expect(reply.body).toEqual({
      success: true,
      data: {
        id: expect.any(Number),
        slug: 'bazi-basic',
        name: '八字简批',
        description: '四柱命盘与性格、事业、感情的重点解读',
        kind: 'report',
        price: 19.9,
        currency: 'CNY',
        price_usd: 2.85,
        price_usdt: 2.85,
        price_unit: 'CNY',
        stock: null,
        stock_quantity: null,
        input: 'birth',
      },
    });
  });

  test.each([
    ['?lang=en', 'zh-CN', 'Bazi in brief'],
    ['', 'en-GB,en;q=0.9', 'Bazi in brief'],
    ['', 'zh-HK', '八字簡批'],
    ['', 'zh-Hant-MO', '八字簡批'],
    ['', 'zh', '八字简批'],
    ['', 'fr', '八字简批'],
    ['?lang=xx', 'zh-TW', '八字簡批'],
  ])('names products in the language of "%s" and Accept-Language %s', async (query, header, name) => {
    const reply = await get(`/api/products/bazi-basic${query}`).set('Accept-Language', header);
    expect(reply.body.data.name).toBe(name);
    expect(reply.headers.vary).toContain('Accept-Language');
  });

  test('shows the stock that is left', async () => {
    await changed(db, `update products set stock = 3 where slug = 'bazi-year'`);
    const reply = await get('/api/products/bazi-year');
    expect(reply.body.data).toMatchObject({ stock: 3, stock_quantity: 3 });
  });

  test('hides what is not sold any more', async () => {
    await changed(db, `update products set active = false where slug = 'bazi-full'`);
    expect((await get('/api/products')).text).not.toContain('bazi-full');
    await get('/api/products/bazi-full').expect(404);
    await changed(db, `update products set active = true where slug = 'bazi-full'`);
  });

  test.each(['no-such-product', 'BAZI-BASIC', 'a%20b', "x'%20or%20'1'='1", 'x%00y', 'x'.repeat(500)])(
    'answers 404 for the slug %s',
    async (slug) => {
      const reply = await get(`/api/products/${slug}`).expect(404);
      expect(reply.body).toEqual({
        success: false,
        error: { code: 'product_not_found', message: 'There is no such product' },
      });
    },
  );

  test('is not sent again to who has it already', async () => {
    const first = await get('/api/products');
    await get('/api/products').set('If-None-Match', String(first.headers.etag)).expect(304);
  });
});

describe('price_stars', () => {
  const starsOf = async (slug: string, settings: object) => {
    const operations = operationsWith(db, [new GatewayInMemory('stars')], settings);
    return (await request(anApp(db, { operations }).app).get(`/api/products/${slug}`).expect(200)).body.data
      .price_stars;
  };

  test('is by the rate where Stars are taken by it', async () => {
    expect(await starsOf('bazi-basic', { starsByRate: true })).toBe(143);
    expect(await starsOf('bazi-basic', { starsByRate: false })).toBeUndefined();
    expect(await starsOf('bazi-basic', { starsByRate: true, offered: [] })).toBeUndefined();
    expect(await starsOf('tarot-free', { starsByRate: true })).toBeUndefined();
  });
});

describe('dollar prices', () => {
  test.each([
    [{ minor: 1990, currency: 'CNY' }, 7.2, 2.77],
    [{ minor: 7000, currency: 'CNY' }, 7, 10],
    [{ minor: 1, currency: 'CNY' }, 7, 0.01],
    [{ minor: 0, currency: 'CNY' }, 7, 0],
    [{ minor: 990, currency: 'USD' }, 7, 9.9],
    [{ minor: 2_500_000, currency: 'USDT' }, 7, 2.5],
    [{ minor: 100, currency: 'XTR' }, 7, null],
  ] as const)('of %j at %d are %s, rounded up to cents', (price, rate, expected) => {
    expect(inDollars(price, rate)).toBe(expected);
  });
});

describe('GET /api/settings', () => {
  test('says what a shop page needs before any operator has set anything', async () => {
    const reply = await get('/api/settings').expect(200);
    expect(reply.body.data).toEqual({
      site_name: '命单',
      usdt_to_cny_rate: 7,
      languages: ['zh-CN', 'zh-TW', 'en'],
      maintenance: false,
      payment_methods: [],
    });
  });

  test('names the ways to pay in the caller’s language, with their limits', async () => {
    const operations = operationsWith(db, [new GatewayInMemory('wechat'), new GatewayInMemory('stripe')]);
    const reply = await request(anApp(db, { operations }).app).get('/api/settings?lang=en');
    const methods: { provider: string; method: string }[] = reply.body.data.payment_methods;
    expect(methods.map(({ method }) => method)).toEqual([
      'WECHAT_NATIVE',
      'WECHAT_JSAPI',
      'WECHAT_APP',
      'WECHAT_H5',
      'STRIPE_CHECKOUT',
    ]);
    expect(methods[0]).toEqual({
      provider: 'wechat',
      method: 'WECHAT_NATIVE',
      name: 'WeChat Pay',
      currency: 'CNY',
      min: 0.01,
    });
    expect(methods[4]).toMatchObject({ provider: 'stripe', min: 5, max: 999999.99 });
  });

  test('follows what operators set, and prices follow the rate', async () => {
    await set('site_name', '测试店');
    await set('usdt_to_cny_rate', '7.2');
    await set('maintenance', { on: true, message: { 'zh-CN': '稍后', 'zh-TW': '稍後', en: 'soon' } });
    expect((await get('/api/settings')).body.data).toMatchObject({
      site_name: '测试店',
      usdt_to_cny_rate: 7.2,
      maintenance: true,
    });
    expect((await get('/api/products/bazi-basic')).body.data.price_usd).toBe(2.77);
  });

  test('ignores a setting that cannot be understood instead of failing', async () => {
    await set('usdt_to_cny_rate', 'much');
    await set('site_name', 7);
    expect((await get('/api/settings').expect(200)).body.data).toMatchObject({
      site_name: '命单',
      usdt_to_cny_rate: 7,
    });
  });
});
