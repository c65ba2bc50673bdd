import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { changed, openDatabase, row } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { orderMoves } from '@mingdan/orders';
import { anUnpaidOrder, aPaidOrder, testDatabase } from '@mingdan/orders/testing';
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

describe('help', () => {
  test.each([
    [[]],
    [['migrate']],
    [['doctor']],
    [['orders']],
    [['orders', 'list']],
    [['orders', 'show']],
    [['orders', 'check']],
    [['orders', 'resend']],
    [['orders', 'refund']],
    [['orders', 'expire']],
    [['stats']],
    [['inbox']],
    [['inbox', 'list']],
    [['inbox', 'show']],
    [['inbox', 'resolve']],
    [['orders', 'retry']],
    [['reconcile']],
    [['gateways', 'list']],
    [['maintenance', 'on']],
    [['maintenance', 'off']],
    [['maintenance', 'show']],
    [['settings', 'get']],
    [['settings', 'set']],
    [['products', 'list']],
    [['products', 'export']],
    [['products', 'import']],
    [['wechat', 'fetch-certificates']],
    [['notices', 'show']],
    [['promoters', 'list']],
    [['promoters', 'add']],
    [['bazi']],
    [['keys', 'notice']],
  ])('is there for %j, without settings', async (words) => {
    const { code, out } = await run({}, [...words, '--help']);
    expect(code).toBe(0);
    expect(out).toContain(`Usage: mingdan${words.map((word) => ` ${word}`).join('')}`);
    const isGroup = words.length === 0 || out.includes('\nCommands:');
    if (!isGroup) expect(out).toContain('--json');
  });

  test.each([
    [['orders']],
    [['orders', 'show']],
    [['orders', 'list', '--limit', '0']],
    [['orders', 'list', '--status', 'lost']],
    [['inbox', 'show', 'x']],
    [['bazi']],
    [['stats', '--since', 'ever']],
    [['reconcile', '--since', '400d']],
    [['maintenance', 'on', '--provider', 'paypal']],
    [['inbox', 'resolve', '1', '--deliver', '--refund']],
    [['orders', 'refund', 'REPORT_20260101_00000000', '--refund-id', 'a b']],
  ])('%j is wrong use', async (words) => {
    const { code, out, err } = await mingdan(...words);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).not.toBe('');
  });
});

describe('migrate', () => {
  test('brings an empty database to this release, and finds nothing to do the second time', async () => {
    await changed(database.db, 'create database empty_for_migrate');
    const url = new URL(database.url);
    url.pathname = '/empty_for_migrate';
    const empty = { DATABASE_URL: url.href, NODE_ENV: 'test', OPERATOR_LANGUAGE: 'en' };
    const [first, second] = await Promise.all([run(empty, ['migrate', '--json']), run(empty, ['migrate', '--json'])]);
    const applied = [first, second].map(({ out }) => JSON.parse(out).applied.length).sort();
    expect(applied[0]).toBe(0);
    expect(applied[1]).toBeGreaterThan(3);
    expect((await run(empty, ['migrate'])).out).toBe('The database is up to date.\n');
    const db = openDatabase({ url: url.href, applicationName: 'test' });
    expect(await row(db, 'select count(*) as moves from order_moves')).toEqual({
      moves: orderMoves.length,
    });
    await db.destroy();
    await changed(database.db, 'drop database empty_for_migrate');
  });

  test('is what a command on an empty database asks for', async () => {
    await changed(database.db, 'create database empty_for_list');
    const url = new URL(database.url);
    url.pathname = '/empty_for_list';
    const { code, err } = await run({ ...env, DATABASE_URL: url.href }, ['orders', 'list']);
    expect(code).toBe(1);
    expect(err).toContain('mingdan migrate');
    await changed(database.db, 'drop database empty_for_list');
  });
});

describe('orders', () => {
  test('list shows each order within the width of a phone, and filters by state', async () => {
    const paid = await aPaidOrder(database.db);
    const unpaid = await anUnpaidOrder(database.db);
    const { code, out } = await mingdan('orders', 'list');
    expect(code).toBe(0);
    expect(out).toContain(`${paid.orderNo}  paid\n  19.90 CNY  Bazi in brief  `);
    for (const line of out.split('\n')) expect(line.length).toBeLessThan(50);
    const found = await json('orders', 'list', '--status', 'pending_payment');
    expect(found.map((order: { order_no: string }) => order.order_no)).toContain(unpaid.orderNo);
    expect(found.map((order: { status: string }) => order.status)).not.toContain('paid');
    expect(await json('orders', 'list', '--limit', '1')).toHaveLength(1);
  });

  test('show tells the history and the money, and nothing that the buyer typed', async () => {
    const order = await aPaidOrder(database.db);
    const { code, out } = await mingdan('orders', 'show', ` ${order.orderNo.toLowerCase()}`);
    expect(code).toBe(0);
    expect(out).toContain('state: paid');
    expect(out).toContain(`PAY-${order.orderNo}`);
    const shown = await json('orders', 'show', order.orderNo);
    expect(shown).toMatchObject({ order_no: order.orderNo, amount: '19.90', currency: 'CNY', refund_status: 'none' });
    expect(shown.events.map(({ status }: { status: string }) => status)).toEqual(['pending_payment', 'paid']);
    expect(shown.payments).toMatchObject([{ amount: '19.90 CNY', refunded: '0.00 CNY' }]);
    expect(shown.notices).toMatchObject([{ kind: 'paid', verdict: 'paid' }]);
    expect(JSON.stringify(shown) + out).not.toContain('张三');
  });

  test('of a number that is none, every command says so and ends with 1', async () => {
    for (const command of ['show', 'check', 'retry', 'resend', 'refund', 'expire']) {
      for (const number of ['REPORT_20260101_00000000', 'abc']) {
        const { code, err } = await mingdan('orders', command, number);
        expect({ command, number, code, err }).toMatchObject({
          code: 1,
          err: expect.stringContaining(`there is no order ${number}`),
        });
      }
    }
    expect(await json('orders', 'show', 'REPORT_20260101_00000000')).toMatchObject({
      error: { code: 'order_not_found' },
    });
  });

  test('refund asks once, however often it is typed', async () => {
    const order = await aPaidOrder(database.db);
    const first = await mingdan('orders', 'refund', order.orderNo, '--reason', 'a wish');
    expect(first).toMatchObject({ code: 0, out: expect.stringContaining('19.90 CNY') });
    expect(await json('orders', 'refund', order.orderNo)).toMatchObject({ outcome: 'already_requested' });
    const shown = await json('orders', 'show', order.orderNo);
    expect(shown.refunds).toHaveLength(1);
    expect(shown.status).toBe('failed');
  });

  test('refund gives a part back, once for each refund id', async () => {
    const order = await aPaidOrder(database.db);
    const part = ['orders', 'refund', order.orderNo, '--amount', '5.00', '--refund-id', `half-${order.id}`];
    expect(await json(...part)).toMatchObject({
      outcome: 'requested',
      amount: '5.00 CNY',
      refund_id: `half-${order.id}`,
    });
    expect(await json(...part)).toMatchObject({ outcome: 'already_requested' });
    const { refunds } = await json('orders', 'show', order.orderNo);
    expect(refunds).toMatchObject([{ refund_id: `half-${order.id}`, amount: '5.00 CNY' }]);
    expect(await json('orders', 'refund', order.orderNo, '--amount', '500.00')).toMatchObject({
      error: { code: 'amount_exceeds_payment' },
    });
    for (const amount of ['0', '-1', '1.234', 'all'])
      expect(await json('orders', 'refund', order.orderNo, '--amount', amount)).toMatchObject({
        error: { code: 'bad_amount' },
      });
  });

  test('retry tries a waiting order at once, and leaves all others alone', async () => {
    const { db } = database;
    const order = await aPaidOrder(db);
    expect(await json('orders', 'retry', order.orderNo)).toEqual({
      order_no: order.orderNo,
      outcome: 'not_generating',
    });
    await changed(db, `update orders set status = 'generating', lease_owner = 'somebody' where id = :id`, {
      id: order.id,
    });
    expect(await json('orders', 'retry', order.orderNo)).toMatchObject({ outcome: 'in_work' });
    await changed(db, `update orders set lease_owner = null, due_at = now() + interval '1 hour' where id = :id`, {
      id: order.id,
    });
    await changed(db, `insert into order_steps (order_id, step, failures) values (:id, 'bazi', 2)`, { id: order.id });
    expect(await mingdan('orders', 'retry', order.orderNo)).toMatchObject({ code: 0 });
    const after = await row(
      db,
      `select due_at <= now() as due, failures from orders join order_steps on order_id = orders.id where orders.id = :id`,
      { id: order.id },
    );
    expect(after).toEqual({ due: true, failures: 0 });
  });

  test('refund of an unpaid order gives nothing back and ends with 1', async () => {
    const order = await anUnpaidOrder(database.db);
    expect(await mingdan('orders', 'refund', order.orderNo)).toMatchObject({
      code: 1,
      out: expect.stringContaining('no money'),
    });
  });

  test('check and expire say it when no gateway answers, and change nothing', async () => {
    const order = await anUnpaidOrder(database.db);
    expect(await mingdan('orders', 'check', order.orderNo)).toMatchObject({
      code: 1,
      out: expect.stringContaining('does not answer'),
    });
    expect(await json('orders', 'expire', order.orderNo)).toMatchObject({ outcome: 'later' });
    expect(await json('orders', 'show', order.orderNo)).toMatchObject({ status: 'pending_payment' });
  });

  test('expire leaves a paid order alone', async () => {
    const order = await aPaidOrder(database.db);
    expect(await mingdan('orders', 'expire', order.orderNo)).toMatchObject({
      code: 1,
      out: expect.stringContaining('nothing has changed'),
    });
  });

  test('resend has nothing to send before the report is there', async () => {
    const order = await aPaidOrder(database.db);
    expect(await mingdan('orders', 'resend', order.orderNo)).toMatchObject({
      code: 1,
      out: expect.stringContaining('no report'),
    });
  });
});

describe('inbox', () => {
  test('is listed, shown and resolved once', async () => {
    const { id } = (await row<{ id: number }>(
      database.db,
      `insert into inbox_items (kind, dedupe_key, details) values ('money_unmatched', 'a', '{"verdict": "amount_mismatch", "provider": "pingpong"}') returning id`,
    )) ?? { id: 0 };
    expect((await mingdan('inbox', 'list')).out).toContain(`#${id}  money that fits no order`);
    expect((await mingdan('inbox', 'show', String(id))).out).toContain('What is odd: another amount');
    expect(await json('inbox', 'resolve', String(id), '--note', 'sent back by hand')).toMatchObject({
      status: 'resolved',
      resolution: 'sent back by hand',
    });
    const again = await mingdan('inbox', 'resolve', String(id), '--note', 'another');
    expect(again.out).toContain('was resolved before');
    expect(await json('inbox', 'show', String(id))).toMatchObject({ resolution: 'sent back by hand' });
    expect(await mingdan('inbox', 'list')).toMatchObject({ code: 0, out: 'The inbox is empty.\n' });
    expect(await json('inbox', 'list', '--all')).toHaveLength(1);
  });

  test('ends with 1 for a matter that is not there', async () => {
    expect(await mingdan('inbox', 'show', '999999')).toMatchObject({
      code: 1,
      err: expect.stringContaining('no matter 999999'),
    });
  });
});

describe('promoters', () => {
  test('are added once, named later, and listed', async () => {
    expect((await mingdan('promoters', 'add', 'spring-sale')).out).toContain('start=ref_spring-sale');
    expect(await json('promoters', 'add', 'spring-sale')).toMatchObject({ outcome: 'known' });
    expect(await json('promoters', 'add', 'spring-sale', '--name', 'Li Si')).toMatchObject({ outcome: 'named' });
    expect(await json('promoters', 'list')).toEqual([{ code: 'spring-sale', name: 'Li Si', buyers: 0, earned: [] }]);
  });

  test('cannot have a code that no link could carry', async () => {
    expect(await mingdan('promoters', 'add', 'a b')).toMatchObject({
      code: 1,
      err: expect.stringContaining('letters, digits and hyphens'),
    });
  });
});

describe('stats', () => {
  test('count orders by state and money by currency', async () => {
    await aPaidOrder(database.db);
    const found = await json('stats', '--since', '1h');
    expect(found.orders.paid).toBeGreaterThan(0);
    expect(found.revenue[0]).toMatchObject({ currency: 'CNY' });
    const { code, out } = await mingdan('stats');
    expect(code).toBe(0);
    expect(out).toMatch(/orders:\n(?: {2}\w.*\n)+money:\n {2}CNY: [\d.]+ in, 0\.00 back/);
  });
});

describe('keys notice', () => {
  test('makes another pair each time in production', async () => {
    const make = async () => JSON.parse((await run({ NODE_ENV: 'production' }, ['keys', 'notice', '--json'])).out);
    const [one, other] = [await make(), await make()];
    expect(Buffer.from(one.public_key, 'base64')).toHaveLength(32);
    expect(one).toMatchObject({ kept: false });
    expect(other.public_key).not.toBe(one.public_key);
  });
});
