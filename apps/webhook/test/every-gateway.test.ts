import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Db, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { createLogger } from '@mingdan/kernel';
import { findOrder, type Order } from '@mingdan/orders';
import { testDatabase } from '@mingdan/orders/testing';
import type { Express } from 'express';
import { type NoticeDatabase, openWhenReady } from '../src/database.ts';
import { createNoticeStore } from '../src/store.ts';
import { anOrderAt, cases, type GatewayCase, noticeOf, send, verifiers } from './gateways.ts';
import { givenApp } from './given.ts';

let database: TestDatabase;
let opened: NoticeDatabase;
let db: Db;
let app: Express;

beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
  const log = createLogger({ process: 'test', level: 'silent' });
  const found = await openWhenReady({
    url: database.url,
    ca: null,
    ownLogin: false,
    requireRole: true,
    log,
    signal: new AbortController().signal,
  });
  if (!found) throw new Error('it did not open');
  opened = found;
  app = givenApp(
    createNoticeStore(() => opened.notices),
    { verifiers },
  ).app;
});
afterAll(async () => {
  await opened.notices.destroy();
  await opened.wakeUps.destroy();
  await database.drop();
});

const pathsOf = ({ provider }: GatewayCase): string[] => [
  `/webhook/${provider}`,
  `/webhook/${provider.toUpperCase()}`,
  `/webhook/${provider}/refund`,
  `/api/payment/webhook/${provider}`,
  `/api/payment/${provider}/notify`,
  `/api/v1/payments/${provider}/notify`,
  `/api/v1/payments/${provider}/refund/notify`,
  ...(provider === 'oxapay' ? ['/oxapay-webhook'] : []),
];
const everyPath = cases.flatMap((gateway) => pathsOf(gateway).map((path) => ({ ...gateway, gateway, path })));

const moves = (order: Order) =>
  rows<{ status: string }>(db, 'select status from order_events where order_id = :id order by id', { id: order.id });
const payments = (order: Order) =>
  rows<{ status: string; provider: string }>(
    db,
    'select status, provider from payment_transactions where order_id = :id',
    { id: order.id },
  );
const notices = (order: Order) =>
  rows<{ kind: string; verdict: string; repeats: number }>(
    db,
    'select kind, verdict, repeats from payment_notifications where order_no = :orderNo order by id',
    { orderNo: order.orderNo },
  );
const statusOf = async (order: Order) => (await findOrder(db, order.orderNo))?.status;

test.each(everyPath)(
  '$name pays an order at $path once, in its own words',
  async ({ gateway, path, acknowledgement }) => {
    const order = await anOrderAt(db, gateway);
    const notice = noticeOf(gateway, order);
    for (const _ of ['first', 'repeated']) {
      const reply = await send(app, path, notice);
      expect({ status: reply.status, text: reply.text }).toEqual({ status: 200, text: acknowledgement.body });
      expect(reply.headers['content-type']).toMatch(acknowledgement.type);
    }
    expect(await moves(order)).toEqual([{ status: 'pending_payment' }, { status: 'paid' }]);
    expect(await payments(order)).toEqual([{ status: 'captured', provider: gateway.provider }]);
    expect(await notices(order)).toEqual([{ kind: 'paid', verdict: 'paid', repeats: 1 }]);
  },
);

describe.each(cases)('$name', (gateway) => {
  const [main = ''] = pathsOf(gateway);

  test('ten times at once is one row', async () => {
    const order = await anOrderAt(db, gateway);
    const copies = Array.from({ length: 10 }, () => noticeOf(gateway, order));
    const replies = await Promise.all(
      copies.map((copy, place) => send(app, pathsOf(gateway)[place % pathsOf(gateway).length] ?? main, copy)),
    );
    expect(replies.map(({ status }) => status)).toEqual(copies.map(() => 200));
    expect(await payments(order)).toHaveLength(1);
    expect(await moves(order)).toEqual([{ status: 'pending_payment' }, { status: 'paid' }]);
  });

  test.each(['failed', 'expired', 'processing', 'pending', 'unheard_of'] as const)(
    'saying "%s" behind "paid" changes nothing',
    async (kind) => {
      const order = await anOrderAt(db, gateway);
      await send(app, main, noticeOf(gateway, order));
      const reply = await send(app, main, noticeOf(gateway, order, { kind }));
      expect({ status: reply.status, text: reply.text }).toEqual({ status: 200, text: gateway.acknowledgement.body });
      expect(await statusOf(order)).toBe('paid');
      expect(await moves(order)).toHaveLength(2);
      expect(await payments(order)).toEqual([{ status: 'captured', provider: gateway.provider }]);
    },
  );

  test('telling of a refund before the payment keeps it, and the payment pays', async () => {
    const order = await anOrderAt(db, gateway);
    const refund = noticeOf(gateway, order, { kind: 'refunded', refundId: 'R-unheard-of' });
    expect((await send(app, main, refund)).status).toBe(200);
    expect(await statusOf(order)).toBe('pending_payment');
    expect((await send(app, main, noticeOf(gateway, order))).status).toBe(200);
    expect(await statusOf(order)).toBe('paid');
  });

  test('about another merchant is acknowledged and kept, or refused; nothing moves', async () => {
    const order = await anOrderAt(db, gateway);
    const reply = await send(app, main, noticeOf(gateway, order, { merchant: 'other' }));
    expect([200, 401]).toContain(reply.status);
    if (reply.status === 200) expect(await notices(order)).toMatchObject([{ verdict: 'other_merchant' }]);
    expect(await statusOf(order)).toBe('pending_payment');
    expect(await payments(order)).toEqual([]);
  });

  test('paying another amount, in another currency or for an unknown order is acknowledged and held', async () => {
    const order = await anOrderAt(db, gateway);
    const unknown = { ...order, orderNo: 'REPORT_20260101_00000000' };
    const odd = [
      noticeOf(gateway, order, { amount: { minor: 1, currency: 'CNY' } }),
      noticeOf(gateway, order, { amount: { minor: 1990, currency: 'USD' }, providerPaymentId: `USD-${order.orderNo}` }),
      noticeOf(gateway, unknown, { providerPaymentId: `UNKNOWN-${order.orderNo}` }),
    ];
    for (const notice of odd)
      expect(await send(app, main, notice)).toMatchObject({ status: 200, text: gateway.acknowledgement.body });
    expect(await statusOf(order)).toBe('pending_payment');
    expect(await payments(order)).toEqual([]);
    const held = await rows<{ verdict: string }>(
      db,
      `select verdict from held_payments where payment_key like '%' || :orderNo order by id`,
      { orderNo: order.orderNo },
    );
    expect(held.map(({ verdict }) => verdict)).toEqual(['amount_mismatch', 'currency_mismatch', 'unknown_order']);
  });
});
