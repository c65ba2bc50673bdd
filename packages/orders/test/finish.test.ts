import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { changed, type Db, row, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import fc from 'fast-check';
import {
  claimPaid,
  claimRefunds,
  completeIfDelivered,
  failAndRefund,
  findOrder,
  type Order,
  OrderTakenAway,
  parkDelivery,
  recordNotice,
  rememberPromoter,
  requestRefundOfOrder,
  saveStep,
  settleRefund,
} from '../src/index.ts';
import { anUnpaidOrder, aPaidOrder, aUser, paidNotice, testDatabase, testVault } from '../src/testing.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());

const hold = (order: Order) => ({ orderId: order.id, orderNo: order.orderNo, owner: 'A' });
const failed = (order: Order) => ({ ...hold(order), reason: 'model_failed', by: 'A' });
async function claimed(wanted: Parameters<typeof aPaidOrder>[1] = {}): Promise<Order> {
  const order = await aPaidOrder(db, wanted);
  await claimPaid(db, { owner: 'A', leaseSeconds: 60 }, 100);
  return order;
}
const refunds = (order: Order) =>
  rows<{ refund_id: string; status: string; amount_minor: number }>(
    db,
    'select * from refund_records where order_id = :id',
    { id: order.id },
  );
const payment = (order: Order) =>
  row<{ refund_reserved_minor: number; refunded_minor: number; status: string }>(
    db,
    'select * from payment_transactions where order_id = :id',
    { id: order.id },
  );

describe('an order that fails', () => {
  test('has its refund asked for in the same transaction', async () => {
    const order = await claimed();
    await db.transaction((tx) => failAndRefund(tx, failed(order)));
    expect(await findOrder(db, order.orderNo)).toMatchObject({ status: 'failed', reason: 'model_failed' });
    expect(await refunds(order)).toMatchObject([{ status: 'requested', amount_minor: 1990 }]);
  });

  test('and whose transaction breaks afterwards has neither failed nor a refund', async () => {
    const order = await claimed();
    const broken = db.transaction(async (tx) => {
      await failAndRefund(tx, failed(order));
      throw new Error('the process died here');
    });
    await expect(broken).rejects.toThrow('died here');
    expect((await findOrder(db, order.orderNo))?.status).toBe('generating');
    expect(await refunds(order)).toEqual([]);
  });

  test('twice at once is refunded once', async () => {
    const order = await claimed();
    const tries = await Promise.allSettled(
      Array.from({ length: 6 }, () => db.transaction((tx) => failAndRefund(tx, failed(order)))),
    );
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await refunds(order)).toHaveLength(1);
  });

  test('by a worker that lost it changes nothing', async () => {
    const order = await claimed();
    await expect(db.transaction((tx) => failAndRefund(tx, { ...failed(order), owner: 'B' }))).rejects.toThrow(
      OrderTakenAway,
    );
    expect(await refunds(order)).toEqual([]);
  });

  test('is not refunded when it was free', async () => {
    const order = await claimed({ slug: 'tarot-free' });
    await db.transaction((tx) => failAndRefund(tx, failed(order)));
    expect(await refunds(order)).toEqual([]);
  });

  test('and was marked paid by hand is refunded under its order number, once', async () => {
    const order = await anUnpaidOrder(db);
    await changed(db, `update orders set status = 'paid', paid_at = now() where id = :id`, { id: order.id });
    await claimPaid(db, { owner: 'A', leaseSeconds: 60 }, 100);
    await db.transaction((tx) => failAndRefund(tx, failed(order)));
    await db.transaction((tx) => requestRefundOfOrder(tx, { orderId: order.id, reason: 'again', by: 'test' }));
    expect(await refunds(order)).toHaveLength(1);
    const [mine] = (await claimRefunds(db, 'R', 60, 100)).filter(({ orderId }) => orderId === order.id);
    expect(mine).toMatchObject({
      gatewayOrderId: order.orderNo,
      provider: 'pingpong',
      amount: { minor: 1990, currency: 'CNY' },
    });
  });

  test('is never failed once its report is on its way', async () => {
    const order = await claimed();
    await saveStep(db, testVault, hold(order), { step: 'deliver', handOver: true });
    await expect(db.transaction((tx) => failAndRefund(tx, { ...failed(order), owner: null }))).rejects.toThrow(
      OrderTakenAway,
    );
  });
});

describe('refunds', () => {
  test('of all payments of an order go back, each under its own id', async () => {
    const order = await claimed();
    await recordNotice(db, paidNotice(order, { paymentId: `2-${order.orderNo}` }), {
      digest: Buffer.alloc(32),
      sealed: null,
    });
    await db.transaction((tx) => failAndRefund(tx, failed(order)));
    const asked = await refunds(order);
    expect(asked).toHaveLength(2);
    expect(new Set(asked.map(({ refund_id }) => refund_id)).size).toBe(2);
  });

  test('are leased to one refunder at a time', async () => {
    const order = await claimed();
    await db.transaction((tx) => failAndRefund(tx, failed(order)));
    const [a, b] = await Promise.all([claimRefunds(db, 'A', 60, 100), claimRefunds(db, 'B', 60, 100)]);
    expect([...a, ...b].filter(({ orderId }) => orderId === order.id)).toHaveLength(1);
  });

  test('that succeed are booked once, however often it is said', async () => {
    const order = await claimed();
    const [refundId] = await db.transaction((tx) => failAndRefund(tx, failed(order)));
    const settled = await Promise.all(
      Array.from({ length: 5 }, () => settleRefund(db, refundId as string, 'succeeded', null)),
    );
    expect(settled.filter(Boolean)).toHaveLength(1);
    expect(await payment(order)).toMatchObject({ refunded_minor: 1990, status: 'refunded' });
  });

  test('that a gateway refuses free the money for another try', async () => {
    const order = await claimed();
    const [refundId] = await db.transaction((tx) => failAndRefund(tx, failed(order)));
    await settleRefund(db, refundId as string, 'failed', null);
    expect(await payment(order)).toMatchObject({ refund_reserved_minor: 0, refunded_minor: 0, status: 'captured' });
    expect(
      await db.transaction((tx) => requestRefundOfOrder(tx, { orderId: order.id, reason: 'again', by: 'operator' })),
    ).toHaveLength(1);
  });

  test('that a gateway refused is asked for again under the same id, one that it ended as failed under a new one', async () => {
    const order = await claimed();
    const [first] = await db.transaction((tx) => failAndRefund(tx, failed(order)));
    await changed(db, 'update refund_records set refusals = 3 where refund_id = :first', { first });
    await settleRefund(db, first as string, 'failed', null);
    const again = () =>
      db.transaction((tx) => requestRefundOfOrder(tx, { orderId: order.id, reason: 'again', by: 'operator' }));
    expect(await again()).toEqual([first]);
    await changed(db, 'update refund_records set refusals = 0 where refund_id = :first', { first });
    await settleRefund(db, first as string, 'failed', null);
    const [second] = await again();
    expect(second).not.toBe(first);
    expect(await payment(order)).toMatchObject({ refund_reserved_minor: 1990 });
  });

  test('left to people can be asked for again when the gateway is back', async () => {
    const order = await claimed();
    const [refundId] = await db.transaction((tx) => failAndRefund(tx, failed(order)));
    await changed(db, `update refund_records set status = 'manual' where refund_id = :refundId`, { refundId });
    expect(
      await db.transaction((tx) => requestRefundOfOrder(tx, { orderId: order.id, reason: 'again', by: 'operator' })),
    ).toEqual([refundId]);
    expect(await refunds(order)).toMatchObject([{ status: 'requested' }]);
  });

  test('never return more than was paid, whatever is asked at once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 1990 }), fc.boolean()), { minLength: 1, maxLength: 8 }),
        async (wishes) => {
          const order = await aPaidOrder(db);
          await Promise.all(
            wishes.map(async ([minor, succeeds]) => {
              const asked = await row<{ id: string | null }>(
                db,
                `select request_refund_of_payment('pingpong', :paymentId, 'test', 'test', :minor::bigint) as id`,
                {
                  paymentId: `PAY-${order.orderNo}`,
                  minor,
                },
              );
              if (asked?.id) await settleRefund(db, asked.id, succeeds ? 'succeeded' : 'failed', null);
            }),
          );
          const after = await payment(order);
          const returned = (await refunds(order))
            .filter(({ status }) => status === 'succeeded')
            .reduce((sum, refund) => sum + refund.amount_minor, 0);
          expect(after?.refunded_minor).toBe(returned);
          expect(returned).toBeLessThanOrEqual(1990);
          expect(after?.refund_reserved_minor).toBe(returned);
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe('a delivered order', () => {
  async function beingDelivered(wanted: Parameters<typeof aPaidOrder>[1] = {}): Promise<Order> {
    const order = await claimed(wanted);
    await saveStep(db, testVault, hold(order), { step: 'deliver', handOver: true });
    return order;
  }
  const part = (order: Order, status = 'pending') =>
    changed(
      db,
      `insert into outbox (chat_id, order_id, dedupe_key, delivers, status) values (1, :id, :key, true, :status)`,
      { id: order.id, key: `${order.orderNo}:${Math.random()}`, status },
    );

  test('is complete when no part is left unsent, and not before', async () => {
    const order = await beingDelivered();
    await part(order);
    expect(await completeIfDelivered(db, order.id)).toBeUndefined();
    await changed(db, `update outbox set status = 'sent' where order_id = :id`, { id: order.id });
    expect(await completeIfDelivered(db, order.id)).toBe(order.orderNo);
    expect(await completeIfDelivered(db, order.id)).toBeUndefined();
    expect(await findOrder(db, order.orderNo)).toMatchObject({ status: 'completed', delivery: 'delivered' });
  });

  test('is parked after its time and delivered after all', async () => {
    const order = await beingDelivered();
    await part(order);
    await changed(db, `update orders set delivery_started_at = now() - interval '73 hours' where id = :id`, {
      id: order.id,
    });
    expect(await parkDelivery(db, 72)).toMatchObject([{ orderNo: order.orderNo }]);
    expect(await findOrder(db, order.orderNo)).toMatchObject({ status: 'completed', delivery: 'parked' });
    await changed(db, `update outbox set status = 'sent' where order_id = :id`, { id: order.id });
    await completeIfDelivered(db, order.id);
    expect(await findOrder(db, order.orderNo)).toMatchObject({ status: 'completed', delivery: 'delivered' });
  });

  test('credits its promoter once, and a full refund takes it back once', async () => {
    const user = await aUser(db);
    const code = `p${user.id}`;
    await rememberPromoter(db, user.id, code);
    const order = await beingDelivered({ userId: user.id });
    const numbers = () =>
      row<{ orders: number; amount_minor: number }>(
        db,
        'select s.orders, s.amount_minor from promoter_statistics s join promoters p on p.id = s.promoter_id where p.code = :code',
        { code },
      );
    await Promise.all([completeIfDelivered(db, order.id), completeIfDelivered(db, order.id)]);
    expect(await numbers()).toEqual({ orders: 1, amount_minor: 1990 });
    const [refundId] = await db.transaction((tx) =>
      requestRefundOfOrder(tx, { orderId: order.id, reason: 'refund_asked', by: 'operator' }),
    );
    expect(await numbers()).toEqual({ orders: 1, amount_minor: 1990 });
    await settleRefund(db, refundId as string, 'succeeded', null);
    await settleRefund(db, refundId as string, 'succeeded', null);
    expect(await numbers()).toEqual({ orders: 0, amount_minor: 0 });
  });

  test("keeps its promoter's credit when a part of the money goes back", async () => {
    const user = await aUser(db);
    await rememberPromoter(db, user.id, `part${user.id}`);
    const order = await beingDelivered({ userId: user.id });
    await completeIfDelivered(db, order.id);
    const asked = await row<{ id: string }>(
      db,
      `select request_refund_of_payment('pingpong', :paymentId, 'test', 'test', 500::bigint) as id`,
      { paymentId: `PAY-${order.orderNo}` },
    );
    await settleRefund(db, asked?.id as string, 'succeeded', null);
    expect(
      await row(
        db,
        'select orders from promoter_statistics where promoter_id = (select promoter_id from users where id = :id)',
        { id: user.id },
      ),
    ).toEqual({ orders: 1 });
  });

  test('whose money was on its way back earns its promoter nothing once it is there', async () => {
    const user = await aUser(db);
    await rememberPromoter(db, user.id, `back${user.id}`);
    const order = await beingDelivered({ userId: user.id });
    const [refundId = ''] = await db.transaction((tx) =>
      requestRefundOfOrder(tx, { orderId: order.id, reason: 'refund_asked', by: 'operator' }),
    );
    await completeIfDelivered(db, order.id);
    const credit = () =>
      row(db, 'select reversed_at is not null as reversed from promoter_credits where order_id = :id', {
        id: order.id,
      });
    expect(await credit()).toEqual({ reversed: false });
    await settleRefund(db, refundId, 'succeeded', null);
    expect(await credit()).toEqual({ reversed: true });
  });

  test('remembers the first promoter only', async () => {
    const user = await aUser(db);
    await rememberPromoter(db, user.id, 'first');
    await rememberPromoter(db, user.id, 'second');
    const kept = await row<{ code: string }>(
      db,
      'select code from promoters where id = (select promoter_id from users where id = :id)',
      { id: user.id },
    );
    expect(kept?.code).toBe('first');
  });
});
