import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { changed, type Db, row, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import type { Money } from '@mingdan/kernel';
import { type NoticeToRecord, type Order, recordNotice, requestRefundOfOrder, settleRefund } from '../src/index.ts';
import { anUnpaidOrder, aPaidOrder, paidNotice, testDatabase } from '../src/testing.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());

const cny = (minor: number): Money => ({ minor, currency: 'CNY' });
const take = async (notice: NoticeToRecord): Promise<string> => (await recordNotice(db, notice)).verdict;
const payments = (order: Order) =>
  rows<{ provider_payment_id: string; amount_minor: number; refund_reserved_minor: number; refunded_minor: number }>(
    db,
    'select * from payment_transactions where order_id = :id order by id',
    { id: order.id },
  );
const refunds = (order: Order) =>
  rows<{ refund_id: string; status: string; reason: string; amount_minor: number; provider_refund_id: string | null }>(
    db,
    'select * from refund_records where order_id = :id order by id',
    { id: order.id },
  );
const refundNotice = (order: Order, changes: Partial<NoticeToRecord>): NoticeToRecord => ({
  ...paidNotice(order),
  kind: 'refunded',
  eventId: `refund:${order.orderNo}:${changes.refundId}:${changes.refundedTotal?.minor}`,
  ...changes,
});

describe("a refund made in the gateway's console", () => {
  test('takes its part of the payment, so that it is never given back twice', async () => {
    const order = await aPaidOrder(db);
    expect(await take(refundNotice(order, { refundId: 're_console', amount: cny(500) }))).toBe('refunded_at_gateway');
    expect(await payments(order)).toMatchObject([{ refund_reserved_minor: 500, refunded_minor: 500 }]);
    await db.transaction((tx) =>
      requestRefundOfOrder(tx, { orderId: order.id, reason: 'refund_asked', by: 'operator' }),
    );
    expect((await refunds(order)).map(({ amount_minor }) => amount_minor)).toEqual([500, 1490]);
  });

  test('is booked once, however often it is told', async () => {
    const order = await aPaidOrder(db);
    const notice = refundNotice(order, { refundId: 're_twice', amount: cny(500) });
    const answers = await Promise.all([1, 2, 3, 4].map(() => take(notice)));
    expect(answers.filter((answer) => answer === 'refunded_at_gateway')).toHaveLength(1);
    expect(await payments(order)).toMatchObject([{ refunded_minor: 500 }]);
  });

  test('told as a total counts only what is beyond our own refunds', async () => {
    const order = await aPaidOrder(db);
    const [ours = ''] = await db.transaction((tx) =>
      requestRefundOfOrder(tx, { orderId: order.id, reason: 'refund_asked', by: 'operator' }),
    );
    await changed(db, `update refund_records set amount_minor = 600 where refund_id = :ours`, { ours });
    await changed(db, 'update payment_transactions set refund_reserved_minor = 600 where order_id = :id', {
      id: order.id,
    });
    expect(await take(refundNotice(order, { refundId: null, amount: null, refundedTotal: cny(600) }))).toBe('noted');
    expect(await take(refundNotice(order, { refundId: null, amount: null, refundedTotal: cny(900) }))).toBe(
      'refunded_at_gateway',
    );
    expect(await payments(order)).toMatchObject([{ refund_reserved_minor: 900, refunded_minor: 300 }]);
    await settleRefund(db, ours, 'succeeded', null);
    expect(await payments(order)).toMatchObject([{ refunded_minor: 900 }]);
  });

  test('settles a refund of ours that was left to the operators', async () => {
    const order = await aPaidOrder(db);
    const [ours = ''] = await db.transaction((tx) =>
      requestRefundOfOrder(tx, { orderId: order.id, reason: 'refund_asked', by: 'operator' }),
    );
    await changed(db, `update refund_records set status = 'manual' where refund_id = :ours`, { ours });
    expect(await take(refundNotice(order, { refundId: 'track-1', amount: cny(1990) }))).toBe('settled');
    expect(await refunds(order)).toMatchObject([
      { refund_id: ours, status: 'succeeded', provider_refund_id: 'track-1' },
    ]);
  });

  test('of more than is left is a matter for people', async () => {
    const order = await aPaidOrder(db);
    await db.transaction((tx) =>
      requestRefundOfOrder(tx, { orderId: order.id, reason: 'refund_asked', by: 'operator' }),
    );
    expect(await take(refundNotice(order, { refundId: 're_more', amount: cny(500) }))).toBe('refund_conflict');
    expect(await payments(order)).toMatchObject([{ refund_reserved_minor: 1990, refunded_minor: 0 }]);
  });

  test('of a payment that we never had is kept and told', async () => {
    const order = await anUnpaidOrder(db);
    expect(await take(refundNotice(order, { refundId: 're_nothing', amount: cny(500) }))).toBe('unknown_refund');
  });
});

describe('an event that names a payment by another id of the gateway', () => {
  const paidWithReference = async (): Promise<Order> => {
    const order = await anUnpaidOrder(db);
    await take({ ...paidNotice(order), reference: `pi_${order.orderNo}` });
    return order;
  };
  const event = (order: Order, changes: Partial<NoticeToRecord>): NoticeToRecord => ({
    ...refundNotice(order, changes),
    gatewayOrderId: '',
    providerPaymentId: null,
    reference: `pi_${order.orderNo}`,
    ...changes,
  });

  test('finds its order: a dispute', async () => {
    const order = await paidWithReference();
    expect(await take(event(order, { kind: 'disputed', eventId: `dp:${order.orderNo}` }))).toBe('disputed');
    expect(
      await row(db, 'select disputed_at is not null as disputed from payment_transactions where order_id = :id', {
        id: order.id,
      }),
    ).toEqual({
      disputed: true,
    });
  });

  test('finds its order: a refund of the dashboard, told as a total and by its id, counts once', async () => {
    for (const totalFirst of [true, false]) {
      const order = await paidWithReference();
      const total = event(order, {
        refundId: null,
        amount: null,
        refundedTotal: cny(500),
        eventId: `t:${order.orderNo}`,
      });
      const byId = event(order, { refundId: 're_1', amount: cny(500), eventId: `r:${order.orderNo}` });
      for (const notice of totalFirst ? [total, byId] : [byId, total]) await take(notice);
      expect(await payments(order)).toMatchObject([{ refunded_minor: 500, refund_reserved_minor: 500 }]);
    }
  });

  test('stays unknown where no payment has that id', async () => {
    const order = await anUnpaidOrder(db);
    expect(await take(event(order, { kind: 'disputed', eventId: `dp2:${order.orderNo}` }))).toBe('unknown_order');
  });
});
