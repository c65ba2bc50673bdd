import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Db, listen, row, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { createLogger } from '@mingdan/kernel';
import { findOrder, type Order } from '@mingdan/orders';
import { anUnpaidOrder, aPaidOrder, testDatabase } from '@mingdan/orders/testing';
import request from 'supertest';
import { type NoticeDatabase, openWhenReady } from '../src/database.ts';
import { createNoticeStore, DatabaseAway } from '../src/store.ts';
import { createWaker } from '../src/wake.ts';
import { type Given, givenApp, post } from './given.ts';

const log = createLogger({ process: 'test', level: 'silent' });
let database: TestDatabase;
let opened: NoticeDatabase;
let given: Given;
let db: Db;

beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
  opened = await openIt(database.url);
  given = givenApp(createNoticeStore(() => opened.notices));
});
afterAll(async () => {
  await opened.notices.destroy();
  await opened.wakeUps.destroy();
  await database.drop();
});

async function openIt(url: string): Promise<NoticeDatabase> {
  const settings = { url, ca: null, ownLogin: false, requireRole: true, log, signal: new AbortController().signal };
  const found = await openWhenReady(settings);
  if (!found) throw new Error('it did not open');
  return found;
}

const status = async (order: Order) => (await findOrder(db, order.orderNo))?.status;
const paid = (order: Order, changes: object = {}) => ({
  order_id: order.orderNo,
  status: 'paid',
  payment_id: `PAY-${order.orderNo}`,
  amount: '19.90',
  currency: 'CNY',
  merchant_id: 'M-1',
  ...changes,
});
const kept = (order: Order) =>
  rows<{ verdict: string; flag: unknown; repeats: number }>(
    db,
    'select verdict, flag, repeats from payment_notifications where order_no = :orderNo order by id',
    { orderNo: order.orderNo },
  );

describe('a notice over HTTP into PostgreSQL', () => {
  test('pays its order', async () => {
    const order = await anUnpaidOrder(db);
    await post(given.app, paid(order)).expect(200, 'OK');
    expect(await status(order)).toBe('paid');
  });

  test('with order and status alone pays its order', async () => {
    const order = await anUnpaidOrder(db);
    await post(given.app, { order_id: order.orderNo, status: 'paid' }).expect(200);
    expect(await status(order)).toBe('paid');
  });

  test('twenty times at once flips once and wakes the workers', async () => {
    const order = await anUnpaidOrder(db);
    const before = given.woken();
    const replies = await Promise.all(Array.from({ length: 20 }, () => post(given.app, paid(order))));
    expect(replies.map((reply) => reply.status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(await kept(order)).toMatchObject([{ verdict: 'paid', repeats: 19 }]);
    const flips = await rows(db, `select 1 from order_events where order_id = :id and status = 'paid'`, {
      id: order.id,
    });
    expect(flips).toHaveLength(1);
    const payments = await rows(db, 'select 1 from payment_transactions where order_id = :id', { id: order.id });
    expect(payments).toHaveLength(1);
    expect(given.woken()).toBe(before + 1);
  });

  test.each([
    ['amount', { amount: '19.89' }, 'amount_mismatch'],
    ['amount without a currency', { amount: '0.01', currency: undefined }, 'amount_mismatch'],
    ['currency', { currency: 'USD' }, 'currency_mismatch'],
    ['currency without an amount', { amount: undefined, currency: 'USD' }, 'currency_mismatch'],
    ['amount that nobody can read', { amount: '19,90' }, 'unreadable_amount'],
    ['currency that nobody knows', { currency: 'XYZ' }, 'unknown_currency'],
    ['merchant', { merchant_id: 'M-2' }, 'other_merchant'],
    ['payment id', { payment_id: 'SOMEBODY-ELSES' }, 'payment_id_mismatch'],
  ])('with another %s is acknowledged, flagged and moves nothing', async (_, changes, verdict) => {
    const order = await anUnpaidOrder(db);
    await post(given.app, paid(order, changes)).expect(200, 'OK');
    expect(await status(order)).toBe('pending_payment');
    expect(await kept(order)).toMatchObject([{ verdict, flag: { verdict } }]);
  });

  test('about a failed try fails the order, and a payment after it pays it', async () => {
    const order = await anUnpaidOrder(db);
    await post(given.app, paid(order, { status: 'failed' })).expect(200);
    expect(await status(order)).toBe('failed');
    await post(given.app, paid(order)).expect(200);
    expect(await status(order)).toBe('paid');
  });

  test('of a second payment becomes a refund request', async () => {
    const order = await aPaidOrder(db);
    await post(given.app, paid(order, { payment_id: `SECOND-${order.orderNo}` })).expect(200);
    const refunds = await rows(db, 'select status, amount_minor from refund_records where order_id = :id', {
      id: order.id,
    });
    expect(refunds).toEqual([{ status: 'requested', amount_minor: 1990 }]);
  });

  test('about a refund settles it', async () => {
    const order = await aPaidOrder(db);
    await post(given.app, paid(order, { payment_id: `SECOND-${order.orderNo}` })).expect(200);
    const refund = await row<{ refund_id: string }>(db, 'select refund_id from refund_records where order_id = :id', {
      id: order.id,
    });
    const notice = {
      order_id: order.orderNo,
      refund_id: refund?.refund_id,
      status: 'refunded',
      amount: '19.90',
      currency: 'CNY',
    };
    await post(given.app, notice, '/webhook/pingpong/refund').expect(200);
    expect(await row(db, 'select status from refund_records where order_id = :id', { id: order.id })).toEqual({
      status: 'succeeded',
    });
  });

  test.each(['', 'x', 'REPORT_20260101_00000000', `'; drop table orders; --`, '\u0000', '\ud800', '命'.repeat(3_000)])(
    'for the unknown order %j is acknowledged',
    async (order_id) => {
      await post(given.app, { order_id, status: 'paid' }).expect(200, 'OK');
    },
  );

  test('with thirty thousand brackets is acknowledged and pays', async () => {
    const order = await anUnpaidOrder(db);
    const deep = `${'['.repeat(30_000)}${']'.repeat(30_000)}`;
    await post(given.app, `${JSON.stringify(paid(order)).slice(0, -1)},"x":${deep}}`).expect(200);
    expect(await status(order)).toBe('paid');
  });

  test('that is forged stays in the record of refused notices, with the reason', async () => {
    await request(given.app).post('/webhook/pingpong').set('x-signature', 'zz').send({ order_id: 'x' }).expect(401);
    await given.settled();
    const refused = await rows<{ why: string }>(db, 'select why from refused_notices');
    expect(refused.map(({ why }) => why)).toContain('X-Signature is not 64 characters of hex');
  });
});

describe('the database of the webhook process', () => {
  test('is used as the role that can record notices and nothing else', async () => {
    expect(await row(opened.notices, 'select current_user as me')).toEqual({ me: 'mingdan_webhook' });
    expect(await row(opened.wakeUps, 'select current_user as me')).toEqual({ me: 'mingdan_webhook' });
    for (const sql of [
      'select * from orders',
      'select * from users',
      `update orders set status = 'paid'`,
      'delete from payment_notifications',
    ]) {
      await expect(rows(opened.notices, sql)).rejects.toMatchObject({ code: '42501' });
    }
  });

  test('that does not take notices yet, or no more, is said to be away', async () => {
    const order = await anUnpaidOrder(db);
    const notYet = givenApp(createNoticeStore(() => undefined));
    await post(notYet.app, paid(order)).expect(503);
    const gone = await openIt(database.url);
    await gone.notices.destroy();
    await gone.wakeUps.destroy();
    await expect(
      createNoticeStore(() => gone.notices).refuse({ provider: 'x', why: 'y', digest: Buffer.alloc(32), size: 1 }),
    ).rejects.toThrow();
  });

  test('that ends a connection in the middle answers 503 once and is used again', async () => {
    const order = await anUnpaidOrder(db);
    const held = db.transaction(async (tx) => {
      await row(tx, 'select 1 from orders where id = :id for update', { id: order.id });
      const waiting = post(given.app, paid(order)).then((reply) => reply.status);
      await untilWaiting();
      await rows(
        tx,
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'mingdan-webhook' and wait_event_type = 'Lock'`,
      );
      return waiting;
    });
    expect(await held).toBe(503);
    await post(given.app, paid(order)).expect(200);
    expect(await status(order)).toBe('paid');
  });

  test('that hangs is answered 503 within four seconds', async () => {
    const order = await anUnpaidOrder(db);
    await db.transaction(async (tx) => {
      await row(tx, 'select 1 from orders where id = :id for update', { id: order.id });
      const start = performance.now();
      await post(given.app, paid(order)).expect(503);
      expect(performance.now() - start).toBeLessThan(4_000);
    });
    await post(given.app, paid(order)).expect(200);
  });

  test('that nobody answers for is waited for until the process is told to stop', async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 100);
    const settings = {
      url: 'postgres://127.0.0.1:1/none',
      ca: null,
      ownLogin: false,
      requireRole: false,
      log,
      signal: stop.signal,
    };
    expect(await openWhenReady(settings)).toBeUndefined();
  });

  async function untilWaiting(): Promise<void> {
    for (let tries = 0; tries < 100; tries += 1) {
      const found = await row(
        db,
        `select 1 from pg_stat_activity where datname = current_database() and application_name = 'mingdan-webhook' and wait_event_type = 'Lock'`,
      );
      if (found) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
});

describe('the waker', () => {
  test('tells the workers at once, and once more at most for a burst', async () => {
    let heard = 0;
    let ready: () => void = () => undefined;
    const listening = new Promise<void>((resolve) => {
      ready = resolve;
    });
    const listener = listen({
      url: database.url,
      channel: 'mingdan_work',
      log,
      onNotice: () => {
        heard += 1;
        ready();
      },
    });
    await listening;
    heard = 0;
    const waker = createWaker({ open: () => opened.wakeUps, log });
    for (let burst = 0; burst < 100; burst += 1) waker.wake();
    await waker.stop();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(heard).toBe(2);
    await listener.stop();
  });

  test('loses a wake-up without an error where the database is away', async () => {
    const waker = createWaker({
      open: () => {
        throw new DatabaseAway('gone');
      },
      log,
    });
    waker.wake();
    await waker.stop();
  });
});
