import { get as httpGet, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { changed, type Db } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { createLogger, pause } from '@mingdan/kernel';
import { creditCoins, type Order, recordNotice } from '@mingdan/orders';
import { anUnpaidOrder, aPaidOrder, aUser, paidNotice, testDatabase } from '@mingdan/orders/testing';
import request from 'supertest';
import { OrderWatch } from '../../src/http/order-watch.ts';
import { type RunningHttp, startHttp } from '../../src/http/start-http.ts';
import { anApp, completed } from './support.ts';

let database: TestDatabase;
let db: Db;
let server: RunningHttp;
const stopping = new AbortController();
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
  server = await startHttp({ app: anApp(db, { stopping: stopping.signal }).app, port: 0 });
});
afterAll(async () => {
  await server.close();
  await database.drop();
});

interface Stream {
  readonly head: IncomingMessage;
  readonly ended: Promise<void>;
  text(): string;
  close(): void;
}

async function listenTo(orderNo: string): Promise<Stream> {
  return new Promise((resolve, reject) => {
    let text = '';
    const asking = httpGet({ port: server.port, path: `/api/order-events/${orderNo}` }, (head) => {
      head.setEncoding('utf8').on('data', (part) => {
        text += part;
      });
      const ended = new Promise<void>((done) => head.once('close', () => done()));
      resolve({ head, ended, text: () => text, close: () => asking.destroy() });
    });
    asking.once('error', reject);
  });
}

async function until(check: () => boolean): Promise<void> {
  for (let tries = 0; tries < 300 && !check(); tries += 1) await pause(20);
  expect(check()).toBe(true);
}

const NO_BYTES = { digest: Buffer.alloc(32), sealed: null };
const pay = (order: Order) => recordNotice(db, paidNotice(order), NO_BYTES);
const statuses = (text: string) =>
  [...text.matchAll(/event: status\ndata: (.*)\n/g)].map(([, data = '{}']) => JSON.parse(data));

describe('GET /api/order-events', () => {
  test('tells how an order stands, every change, and the end', async () => {
    const user = await aUser(db);
    const order = await anUnpaidOrder(db, { slug: 'coins-1', userId: user.id });
    const stream = await listenTo(order.orderNo);
    expect(stream.head.headers['content-type']).toContain('text/event-stream');
    expect(stream.head.headers['cache-control']).toBe('no-store, no-transform');
    await until(() => statuses(stream.text()).length === 1);
    await pause(1_200);
    await pay(order);
    await until(() => statuses(stream.text()).length === 2);
    await creditCoins(db, { userId: user.id, orderId: order.id, orderNo: order.orderNo, coins: 100 });
    await completed(db, order);
    await stream.ended;
    const told = statuses(stream.text());
    expect(told[0]).toMatchObject({ status: 'pending_payment', payment_status: 'waiting', coins: 100 });
    expect(told[1]).toMatchObject({ payment_status: 'paid' });
    expect(told.at(-1)).toMatchObject({ status: 'completed', credited_at: expect.any(String) });
    expect(stream.text()).toMatch(/event: end\nid: end\ndata: \{.*\}\n\n$/);
  });

  test('of what has ended says so and hangs up, and stops who comes back', async () => {
    const order = await anUnpaidOrder(db);
    await changed(db, `update orders set status = 'expired' where id = :id`, { id: order.id });
    const stream = await listenTo(order.orderNo);
    await stream.ended;
    expect(stream.text()).toContain('event: end');
    const { app } = anApp(db);
    await request(app).get(`/api/order-events/${order.orderNo}`).set('Last-Event-ID', 'end').expect(204);
  });

  test('goes on after the end while money is on its way back', async () => {
    const order = await completed(db, await aPaidOrder(db));
    await changed(
      db,
      `insert into refund_records (order_id, refund_id, provider, amount_minor, currency, reason, requested_by)
       select id, 'R-1', 'pingpong', amount_minor, currency, 'refund_asked', 'buyer' from orders where id = :id`,
      { id: order.id },
    );
    const stream = await listenTo(order.orderNo);
    await until(() => statuses(stream.text()).length === 1);
    expect(stream.text()).not.toContain('event: end');
    await changed(db, `update refund_records set status = 'succeeded' where order_id = :id`, { id: order.id });
    await stream.ended;
    expect(statuses(stream.text()).at(-1)).toMatchObject({ refund_status: 'succeeded' });
    expect(stream.text()).toContain('event: end');
  });

  test('tells that money came which does not fit, as the question for the state does', async () => {
    const order = await anUnpaidOrder(db);
    const stream = await listenTo(order.orderNo);
    await until(() => statuses(stream.text()).length === 1);
    expect(statuses(stream.text())[0]).not.toHaveProperty('held');
    await recordNotice(db, paidNotice(order, { amount: { minor: 1, currency: 'CNY' } }), NO_BYTES);
    await until(() => statuses(stream.text()).at(-1).held === true);
    stream.close();
    const { body } = await request(anApp(db).app).get(`/api/order-status/${order.orderNo}`).expect(200);
    expect(body.data).toMatchObject({ payment_status: 'waiting', held: true });
  });

  test('knows no order that is not there', async () => {
    const { body } = await request(anApp(db).app).get('/api/order-events/COIN_20261121_00000000').expect(404);
    expect(body.error.code).toBe('order_not_found');
  });

  test('tells nothing personal', async () => {
    const order = await anUnpaidOrder(db);
    const stream = await listenTo(order.orderNo);
    await until(() => statuses(stream.text()).length === 1);
    stream.close();
    expect(stream.text()).not.toMatch(/张三|t=|user/);
  });

  test('lets everybody go when the process stops', async () => {
    const stream = await listenTo((await anUnpaidOrder(db)).orderNo);
    stopping.abort();
    await stream.ended;
    const late = await listenTo((await anUnpaidOrder(db)).orderNo);
    await late.ended;
  });
});

describe('who waits for orders', () => {
  const log = createLogger({ process: 'test', level: 'silent' });

  test('are so many at most, in all and from one address', () => {
    const watch = new OrderWatch({ db, log }, { all: 3, perAddress: 2, everyMs: 10 });
    const nothing = () => undefined;
    const stops = [watch.watch('A', '1', nothing), watch.watch('A', '1', nothing)];
    expect(watch.watch('A', '1', nothing)).toBeUndefined();
    stops.push(watch.watch('A', '2', nothing));
    expect(watch.watch('A', '3', nothing)).toBeUndefined();
    for (const stop of stops) stop?.();
    const again = watch.watch('A', '1', nothing);
    expect(again).toBeDefined();
    again?.();
  });

  test('cost one statement at a time, however many they are', async () => {
    const order = await anUnpaidOrder(db);
    let asked = 0;
    const count = (query: { sql: string }) => {
      if (query.sql.includes('o.payment_seen_at')) asked += 1;
    };
    db.on('query', count);
    const watch = new OrderWatch({ db, log }, { all: 100, perAddress: 100, everyMs: 50 });
    let told = 0;
    const tell = () => {
      told += 1;
    };
    const stops = Array.from({ length: 60 }, () => watch.watch(order.orderNo, '1', tell));
    await pause(200);
    told = 0;
    await pay(order);
    await until(() => told === 60);
    for (const stop of stops) stop?.();
    db.removeListener('query', count);
    expect(asked).toBeLessThan(30);
  });
});
