import { createPublicKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { makeNoticeKeys } from '@mingdan/config';
import { changed, row } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { createSealer } from '@mingdan/kernel';
import { findOrder, recordNotice } from '@mingdan/orders';
import { anUnpaidOrder, paidNotice, testDatabase } from '@mingdan/orders/testing';
import { type Ran, run, shop } from './given.ts';

let database: TestDatabase;
let env: Record<string, string>;
beforeAll(async () => {
  database = await testDatabase();
  env = shop(database.url);
});
afterAll(() => database.drop());

const mingdan = (...args: string[]): Promise<Ran> => run(env, args);
const json = async (...args: string[]) => JSON.parse((await run(env, [...args, '--json'])).out);

describe('settings', () => {
  test('are the defaults until somebody sets them, and then know when that was', async () => {
    expect(await json('settings', 'get', 'usdt_to_cny_rate')).toEqual({
      key: 'usdt_to_cny_rate',
      value: 7,
      set_at: null,
    });
    const before = Date.now();
    const set = await json('settings', 'set', 'USDT_TO_CNY_RATE', '7.15');
    expect(set).toMatchObject({ key: 'usdt_to_cny_rate', value: 7.15 });
    expect(Math.abs(Date.parse(set.set_at) - before)).toBeLessThan(10_000);
    expect((await mingdan('settings', 'get')).out).toMatch(/^usdt_to_cny_rate = 7\.15 {2}\(set 20\d\d-/m);
    expect(await json('settings', 'get')).toHaveLength(7);
  });

  test('price orders from then on, and no order that is there', async () => {
    const before = await anUnpaidOrder(database.db);
    await mingdan('settings', 'set', 'star_to_cny_rate', '0.2');
    const after = await anUnpaidOrder(database.db);
    expect([before.rates, after.rates]).toMatchObject([{ star_to_cny_rate: 0.14 }, { star_to_cny_rate: 0.2 }]);
  });

  test.each([
    ['usdt_to_cny_rate', '0', 'bad_rate'],
    ['usdt_to_cny_rate', '-7', 'bad_rate'],
    ['usdt_to_cny_rate', '7,1', 'bad_rate'],
    ['coin_to_cny_rate', '1e3', 'bad_rate'],
    ['coin_to_cny_rate', '0.0000001', 'bad_rate'],
    ['site_name', '  ', 'bad_setting'],
    ['site_name', 'two\nlines', 'bad_setting'],
    ['support_contact', 'javascript:alert(1)', 'bad_setting'],
    ['maintenance', 'true', 'no_such_setting'],
  ])('%s cannot be %s', async (key, value, code) => {
    const { out, code: exit } = await run(env, ['settings', 'set', '--json', '--', key, value]);
    expect(exit).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ error: { code } });
  });

  test('name the shop', async () => {
    await mingdan('settings', 'set', 'site_name', '青云命馆');
    expect(await json('settings', 'get', 'site_name')).toMatchObject({ value: '青云命馆' });
    await mingdan('settings', 'set', 'support_contact', '@shop_help');
    expect(await json('settings', 'get', 'support_contact')).toMatchObject({ value: '@shop_help' });
  });
});

describe('maintenance', () => {
  test('stops new orders with a message in every language, and lets them in again', async () => {
    const message = { 'zh-CN': '维护到六点', 'zh-TW': 'Back at six', en: 'Back at six' };
    const on = await json('maintenance', 'on', '--message', 'Back at six', '--message-zh-cn', '维护到六点');
    expect(on).toEqual({ maintenance: true, message, providers: [] });
    expect((await mingdan('maintenance', 'show')).out).toContain('Back at six');
    expect(await json('maintenance', 'off')).toEqual({ maintenance: false, message: null, providers: [] });
    expect((await mingdan('maintenance', 'show')).out).toBe('Nothing is stopped.\n');
  });

  test('stops one way to pay alone', async () => {
    const on = await json('maintenance', 'on', '--provider', 'alipay');
    expect(on).toEqual({ maintenance: false, message: null, providers: [{ provider: 'alipay', message: null }] });
    expect((await mingdan('maintenance', 'off', '--provider', 'alipay')).out).toBe('Nothing is stopped.\n');
  });

  test('takes no empty message', async () => {
    expect(await json('maintenance', 'on', '--message', ' ')).toMatchObject({ error: { code: 'bad_message' } });
    expect(await json('maintenance', 'show')).toMatchObject({ maintenance: false });
  });
});

describe('gateways list', () => {
  const keys = {
    PINGPONG_API_BASE: 'http://127.0.0.1:9',
    PINGPONG_MERCHANT_ID: 'M1',
    PINGPONG_API_SECRET: 'secret-of-calls',
    PINGPONG_WEBHOOK_SECRET: 'secret-of-notices',
  };
  const stateOf = async (more: Record<string, string> = {}) => {
    const listed = JSON.parse((await run({ ...env, ...keys, ...more }, ['gateways', 'list', '--json'])).out);
    return listed.find(({ provider }: { provider: string }) => provider === 'pingpong');
  };
  beforeEach(() => changed(database.db, 'delete from provider_health'));

  test('tells what is offered, and what is left out since when and why', async () => {
    expect(await stateOf()).toMatchObject({ state: 'offered', failures: 0, left_out_since: null });
    expect(await stateOf({ PAYMENT_PROVIDERS: 'stars' })).toMatchObject({ state: 'not_offered' });
    await changed(
      database.db,
      `insert into provider_health (provider, failures, last_error, last_failed_at, opened_at, probe_at)
       values ('pingpong', 3, 'HTTP 502', now(), now(), now() + interval '1 minute')`,
    );
    expect(await stateOf()).toMatchObject({ state: 'left_out', failures: 3, last_error: 'HTTP 502' });
    expect((await run({ ...env, ...keys }, ['gateways', 'list'])).out).toMatch(
      /pingpong {2}left out.*\n.*×3 {2}HTTP 502/,
    );
    await changed(database.db, `update provider_health set probe_at = now() - interval '1 second'`);
    expect(await stateOf()).toMatchObject({ state: 'trying' });
    await changed(database.db, 'update provider_health set maintenance = true');
    expect(await stateOf()).toMatchObject({ state: 'maintenance' });
  });

  test('reconcile names a gateway that does not answer, and ends with 1', async () => {
    await anUnpaidOrder(database.db);
    const { code, out } = await run({ ...env, ...keys }, ['reconcile', '--since', '1h', '--json']);
    expect(code).toBe(1);
    const answer = JSON.parse(out);
    expect(answer.asked).toBeGreaterThan(0);
    expect(answer.unanswered).toContainEqual(expect.objectContaining({ provider: 'pingpong' }));
  });
});

test('reconcile without a gateway asks nobody', async () => {
  const { TELEGRAM_BOT_TOKEN: _, ...rest } = env;
  const ran = await run(rest, ['reconcile']);
  expect(ran).toMatchObject({ code: 0, out: expect.stringContaining('No money came in') });
});

describe('products', () => {
  const catalogue = () => json('products', 'export');
  const take = (products: unknown, ...more: string[]) =>
    run(env, ['products', 'import', '-', '--json', ...more], JSON.stringify(products));

  test('are exported as import takes them', async () => {
    const all = await catalogue();
    expect(all[0]).toMatchObject({
      slug: 'bazi-basic',
      price: '19.90',
      currency: 'CNY',
      price_stars: null,
      active: true,
    });
    const { out } = await take(all);
    expect(new Set(JSON.parse(out).products.map(({ outcome }: { outcome: string }) => outcome))).toEqual(
      new Set(['unchanged']),
    );
  });

  test('get a price in Stars, after a rehearsal that changes nothing', async () => {
    const [basic] = await catalogue();
    const wanted = [{ ...basic, price: '18.80', price_stars: 150 }];
    const rehearsed = await take(wanted, '--dry-run');
    expect(JSON.parse(rehearsed.out)).toEqual({
      dry_run: true,
      products: [{ slug: 'bazi-basic', outcome: 'changed' }],
    });
    expect((await catalogue())[0]).toMatchObject({ price: '19.90', price_stars: null });
    await take(wanted);
    expect((await catalogue())[0]).toMatchObject({ price: '18.80', price_stars: 150 });
    expect((await mingdan('products', 'list')).out).toContain(
      'bazi-basic  Bazi in brief\n  report  18.80 CNY  150 XTR\n',
    );
  });

  test('are changed all or none', async () => {
    const [basic, full] = await catalogue();
    const { code, out } = await take([
      { ...basic, price: '1.00' },
      { ...full, kind: 'goods' },
    ]);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'kind_is_fixed' } });
    expect((await catalogue())[0]).toMatchObject({ price: '18.80' });
  });

  test.each([
    ['no list', { slug: 'x' }],
    ['a field nobody knows', [{ slug: 'bazi-basic', pirce: '1.00' }]],
    ['nothing', []],
  ])('refuse %s, and say where', async (_, content) => {
    const { code, out } = await take(content);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'bad_products' } });
  });

  test('of the kind report need their templates', async () => {
    const [basic] = await catalogue();
    const { out } = await take([{ ...basic, slug: 'palm-reading' }]);
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'no_templates' } });
    const { out: other } = await take([{ ...basic, price: '1.999' }]);
    expect(JSON.parse(other)).toMatchObject({ error: { code: 'bad_amount' } });
  });
});

describe('held money in the inbox', () => {
  /** Too little came for an order; its matter, as the worker writes it. */
  async function held(): Promise<{ id: number; orderNo: string }> {
    const { db } = database;
    const order = await anUnpaidOrder(db);
    const short = paidNotice(order, { amount: { minor: 100, currency: 'CNY' } });
    await recordNotice(db, short, { digest: Buffer.alloc(32), sealed: null });
    const item = await row<{ id: number }>(
      db,
      `insert into inbox_items (kind, dedupe_key, order_id, details)
       select 'money_unmatched', 'held:' || id, order_id, jsonb_build_object('verdict', verdict, 'held_id', id) from held_payments
        where order_id = :id returning id`,
      { id: order.id },
    );
    return { id: item?.id ?? 0, orderNo: order.orderNo };
  }

  test('is shown with the answers that it may have, and until when', async () => {
    const { id } = await held();
    const { out } = await mingdan('inbox', 'show', String(id));
    expect(out).toContain('1.00 CNY is held');
    expect(out).toContain(`mingdan inbox resolve ${id} --deliver`);
    const shown = await json('inbox', 'show', String(id));
    expect(shown.held).toMatchObject({ amount: '1.00 CNY', answers: ['deliver', 'wait', 'refund'] });
  });

  test('is taken as the payment after all', async () => {
    const { id, orderNo } = await held();
    expect(await json('inbox', 'resolve', String(id), '--deliver')).toMatchObject({ status: 'resolved' });
    expect(await findOrder(database.db, orderNo)).toMatchObject({ status: 'paid' });
    expect((await mingdan('inbox', 'resolve', String(id), '--refund')).out).toContain('was resolved before');
  });

  test('waits, and stays a matter', async () => {
    const { id, orderNo } = await held();
    expect((await mingdan('inbox', 'resolve', String(id), '--wait')).out).toBe(`#${id} waits 72 hours more.\n`);
    expect(await json('inbox', 'show', String(id))).toMatchObject({ status: 'open' });
    expect(await findOrder(database.db, orderNo)).toMatchObject({ status: 'pending_payment' });
  });

  test('goes back, and its order stays unpaid', async () => {
    const { id, orderNo } = await held();
    expect(await json('inbox', 'resolve', String(id), '--refund')).toMatchObject({ status: 'resolved' });
    const { refunds, status } = await json('orders', 'show', orderNo);
    expect(status).toBe('pending_payment');
    expect(refunds).toMatchObject([{ amount: '1.00 CNY' }]);
  });
});

describe('wechat fetch-certificates', () => {
  test('names what it needs, and no value', async () => {
    const wrong = { ...env, WECHAT_MCH_ID: '1900000001', WECHAT_API_V3_KEY: 'hunter2' };
    const { code, err } = await run(wrong, ['wechat', 'fetch-certificates']);
    expect(code).toBe(1);
    expect(err).toMatch(/WECHAT_API_V3_KEY.*WECHAT_API_CLIENT_KEY.*WECHAT_API_SERIAL_NO/);
    expect(err).not.toContain('hunter2');
  });
});

describe('notices', () => {
  test('are opened by the private key alone, and listed without their content', async () => {
    const { db } = database;
    const pair = makeNoticeKeys();
    const folder = mkdtempSync(join(tmpdir(), 'mingdan-cli-'));
    const keyFile = join(folder, 'notice.key');
    writeFileSync(keyFile, `NOTICE_PUBLIC_KEY=${pair.publicKey}\nNOTICE_PRIVATE_KEY=${pair.privateKey}\n`);
    const x = Buffer.from(pair.publicKey, 'base64').toString('base64url');
    const receiver = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x }, format: 'jwk' });
    const order = await anUnpaidOrder(db);
    const sealed = createSealer(receiver).seal(Buffer.from('{"buyer":"张三"}'));
    await recordNotice(db, paidNotice(order), { digest: Buffer.alloc(32), sealed });

    const { out } = await mingdan('notices', 'list');
    expect(out).not.toContain('张三');
    const [newest] = await json('notices', 'list', '--limit', '1');
    expect(newest).toMatchObject({ order_no: order.orderNo, kind: 'paid', verdict: 'paid' });
    const id = String(newest.id);
    expect(await json('notices', 'show', id, '--key', keyFile)).toMatchObject({ raw: '{"buyer":"张三"}' });

    writeFileSync(keyFile, makeNoticeKeys().privateKey);
    expect(await json('notices', 'show', id, '--key', keyFile)).toMatchObject({ error: { code: 'sealed_for_other' } });
    writeFileSync(keyFile, 'hunter2');
    const wrong = await mingdan('notices', 'show', id, '--key', keyFile);
    expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('no private key') });
    expect(wrong.err).not.toContain('hunter2');
    rmSync(folder, { recursive: true });
  });

  test('that were refused are listed with their reason', async () => {
    await row(database.db, `select record_refused_notice('alipay', 'the signature does not match', '\\x00', 9)`);
    expect(await json('notices', 'list', '--refused')).toMatchObject([
      { provider: 'alipay', why: 'the signature does not match' },
    ]);
  });
});
