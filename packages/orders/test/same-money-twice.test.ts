import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { changed, type Db, row, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import {
  findOrder,
  type NoticeToRecord,
  type Order,
  recordNotice,
  requestRefundOfOrder,
  settleHeldPayment,
  settleRefund,
} from '../src/index.ts';
import { anAttempt, anUnpaidOrder, aPaidOrder, paidNotice, testDatabase } from '../src/testing.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());

const TEN = { minor: 1000, currency: 'CNY' } as const;
const take = async (notice: NoticeToRecord): Promise<string> =>
  (await recordNotice(db, notice, { digest: Buffer.alloc(32), sealed: null })).verdict;
const held = (order: Order) =>
  rows<{ id: number; payment_key: string; status: string }>(
    db,
    'select id, payment_key, status from held_payments where order_id = :id order by id',
    { id: order.id },
  );
const refunds = (order: Order) =>
  rows<{ refund_id: string; status: string }>(
    db,
    'select refund_id, status from refund_records where order_id = :id order by id',
    { id: order.id },
  );
const idOf = (order: Order) => `PAY-${order.orderNo}`;
const unnamed = (order: Order): NoticeToRecord => ({
  ...paidNotice(order, { amount: TEN }),
  eventId: `unnamed:${order.orderNo}`,
  providerPaymentId: null,
});
const named = (order: Order): NoticeToRecord => ({
  ...paidNotice(order, { amount: TEN }),
  eventId: `named:${order.orderNo}`,
  providerPaymentId: idOf(order),
});

describe('money that is told of twice, once without its payment id', () => {
  test('is held once, whichever comes first', async () => {
    const first = await anUnpaidOrder(db);
    await take(unnamed(first));
    await take(named(first));
    expect(await held(first)).toMatchObject([{ payment_key: idOf(first), status: 'held' }]);

    const second = await anUnpaidOrder(db);
    await take(named(second));
    await take(unnamed(second));
    expect(await held(second)).toMatchObject([{ payment_key: idOf(second), status: 'held' }]);
  });

  test.each(['deliver', 'refund'] as const)('is not held again after the answer "%s"', async (answer) => {
    const order = await anUnpaidOrder(db);
    await take(unnamed(order));
    const [first] = await held(order);
    await settleHeldPayment(db, first?.id ?? 0, answer, 'operator');
    await take(named(order));
    expect(await held(order)).toHaveLength(1);
    expect(await refunds(order)).toHaveLength(answer === 'refund' ? 1 : 0);
    expect(
      await rows(db, 'select provider_payment_id from payment_transactions where order_id = :id', { id: order.id }),
    ).toEqual([{ provider_payment_id: idOf(order) }]);
  });

  test('is held once by ten of each at once, also for an order that we do not have', async () => {
    const known = await anUnpaidOrder(db);
    const unknown = { ...known, orderNo: 'REPORT_20200101_ABCDEFGH' };
    for (const order of [known, unknown]) {
      await Promise.all(Array.from({ length: 20 }, (_, i) => take(i % 2 === 0 ? unnamed(order) : named(order))));
      const found = await rows(db, 'select payment_key from held_payments where gateway_order_id = :no', {
        no: order.orderNo,
      });
      expect(found).toEqual([{ payment_key: idOf(order) }]);
    }
  });

  test('is no second payment of an order that is paid: nothing is held that would go back', async () => {
    const order = await aPaidOrder(db);
    expect(await take(unnamed(order))).toBe('amount_mismatch');
    expect(await held(order)).toEqual([]);
  });
});

test('held money that was given back in the console of its gateway is not given back by us', async () => {
  const order = await anUnpaidOrder(db);
  await take(named(order));
  const back: NoticeToRecord = { ...named(order), kind: 'refunded', eventId: `back:${order.orderNo}`, amount: null };
  expect(await take({ ...back, refundedTotal: TEN })).toBe('refunded_at_gateway');
  const [only] = await held(order);
  expect(only?.status).toBe('dropped');
  expect(await settleHeldPayment(db, only?.id ?? 0, 'refund', 'system')).toBe('already');
});

test('a refund that was asked for waits for people as soon as the bank takes the money back itself', async () => {
  const order = await aPaidOrder(db);
  await db.transaction((tx) => requestRefundOfOrder(tx, { orderId: order.id, reason: 'refund_asked', by: 'operator' }));
  await take({ ...paidNotice(order), kind: 'disputed', eventId: `disputed:${order.orderNo}` });
  expect(await refunds(order)).toMatchObject([{ status: 'manual' }]);
});

test('a failed try ends no order while money is on its way by another gateway', async () => {
  const order = await anUnpaidOrder(db);
  await anAttempt(db, order, null, 'oxapay');
  await changed(db, `update payment_attempts set seen_at = now() where order_id = :id and provider = 'oxapay'`, {
    id: order.id,
  });
  await take({ ...paidNotice(order), kind: 'failed', eventId: `failed:${order.orderNo}` });
  expect((await findOrder(db, order.orderNo))?.status).toBe('pending_payment');
});

test('an end of a refund, a notice of it and a new wish for it never wait for each other in a circle', async () => {
  for (let round = 0; round < 8; round += 1) {
    const order = await aPaidOrder(db);
    const ask = () =>
      db.transaction((tx) => requestRefundOfOrder(tx, { orderId: order.id, reason: 'refund_asked', by: 'operator' }));
    await ask();
    const [refund] = await refunds(order);
    await changed(db, `update refund_records set status = 'manual' where order_id = :id`, { id: order.id });
    const told: NoticeToRecord = { ...paidNotice(order), kind: 'refunded', amount: null, refundedTotal: order.amount };
    const lock = () =>
      db.transaction(async (tx) => {
        await row(tx, 'select 1 from orders where id = :id for update', { id: order.id });
        await requestRefundOfOrder(tx, { orderId: order.id, reason: 'refund_asked', by: 'operator' });
      });
    const all = Array.from({ length: 18 }, (_, i) => {
      if (i % 3 === 0) return settleRefund(db, refund?.refund_id ?? '', i % 2 === 0 ? 'succeeded' : 'failed', null);
      return i % 3 === 1 ? take({ ...told, eventId: `told:${order.orderNo}:${i}` }) : lock();
    });
    await Promise.all(all);
  }
});

test.each(['+275760-09-13T00:00:00Z', '0000-01-01T00:00:00Z', 'no time at all'])(
  'a payment is booked whatever time its notice names (%s)',
  async (time) => {
    const order = await anUnpaidOrder(db);
    expect(await take({ ...paidNotice(order), occurredAt: new Date(time) })).toBe('paid');
  },
);
