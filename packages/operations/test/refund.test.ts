import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { changed, type Db, row, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import {
  claimPaid,
  coinBalance,
  findOrder,
  type Order,
  OrderTakenAway,
  recordNotice,
  saveStep,
  settleHeldPayment,
  settleRefund,
} from '@mingdan/orders';
import { anUnpaidOrder, aPaidOrder, aUser, paidNotice, testDatabase, testVault } from '@mingdan/orders/testing';
import { askForRefund, type OperationDeps, resolveInboxItem, takeRefundAsCoins } from '../src/index.ts';
import { FakeGateway, operationDeps } from './fake-gateway.ts';

let database: TestDatabase;
let db: Db;
let deps: OperationDeps;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());
beforeEach(() => {
  deps = operationDeps(db, new FakeGateway());
});

const wish = (order: Order, by: 'buyer' | 'operator' = 'buyer') =>
  askForRefund(deps, {
    orderNo: order.orderNo,
    reason: '不想要了',
    by,
    ...(by === 'buyer' ? { userId: order.userId as number } : {}),
  });
const refunds = (order: Order) =>
  rows(db, 'select status, reason, requested_by from refund_records where order_id = :id', { id: order.id });
const inbox = (order: Order) => rows(db, 'select kind from inbox_items where order_id = :id', { id: order.id });
async function delivered(): Promise<Order> {
  const order = await aPaidOrder(db);
  await changed(db, `update orders set status = 'generating' where id = :id`, { id: order.id });
  await changed(db, `update orders set status = 'completed', delivery = 'delivered' where id = :id`, { id: order.id });
  return order;
}

describe("a buyer's wish for the money back", () => {
  test('before anybody works on the order goes through at once', async () => {
    const order = await aPaidOrder(db);
    expect(await wish(order)).toMatchObject({ outcome: 'requested', amount: { minor: 1990 } });
    expect(await findOrder(db, order.orderNo)).toMatchObject({ status: 'failed', reason: 'refund_asked' });
    expect(await refunds(order)).toEqual([{ status: 'requested', reason: 'refund_asked', requested_by: 'buyer' }]);
  });

  test('takes an undelivered order from whoever works on it', async () => {
    const order = await aPaidOrder(db);
    await claimPaid(db, { owner: 'A', leaseSeconds: 60 }, 100);
    await wish(order);
    await expect(
      saveStep(
        db,
        testVault,
        { orderId: order.id, orderNo: order.orderNo, owner: 'A' },
        { step: 'section', result: {} },
      ),
    ).rejects.toThrow(OrderTakenAway);
  });

  test('twice at once asks for one refund', async () => {
    const order = await aPaidOrder(db);
    const outcomes = (await Promise.all([wish(order), wish(order), wish(order)])).map(({ outcome }) => outcome).sort();
    expect(outcomes).toEqual(['already_requested', 'already_requested', 'requested']);
    expect(await refunds(order)).toHaveLength(1);
  });

  test('after delivery goes to the operators, once', async () => {
    const order = await delivered();
    expect(await wish(order)).toMatchObject({ outcome: 'with_operators' });
    expect(await wish(order)).toMatchObject({ outcome: 'already_requested' });
    expect(await refunds(order)).toEqual([]);
    expect(await inbox(order)).toEqual([{ kind: 'refund_wanted' }]);
  });

  test('for an order nobody paid finds nothing to refund', async () => {
    expect(await wish(await anUnpaidOrder(db))).toEqual({ outcome: 'nothing_to_refund' });
  });

  test("for somebody else's order is no order at all", async () => {
    const order = await aPaidOrder(db);
    await expect(
      askForRefund(deps, { orderNo: order.orderNo, reason: '', by: 'buyer', userId: 1 }),
    ).rejects.toMatchObject({ code: 'order_not_found' });
  });
});

describe("an operator's refund", () => {
  test('of a delivered order goes through and leaves it completed', async () => {
    const order = await delivered();
    expect(await wish(order, 'operator')).toMatchObject({ outcome: 'requested' });
    expect((await findOrder(db, order.orderNo))?.status).toBe('completed');
    expect(await refunds(order)).toHaveLength(1);
  });

  test('asked for twice is one refund', async () => {
    const order = await delivered();
    await wish(order, 'operator');
    expect(await wish(order, 'operator')).toMatchObject({ outcome: 'already_requested' });
    expect(await refunds(order)).toHaveLength(1);
  });
});

describe('a matter of the inbox', () => {
  const matter = async (order: Order) =>
    (await row<{ id: number }>(db, 'select id from inbox_items where order_id = :id', { id: order.id }))?.id as number;

  test('is closed once, with a refund and an answer to the buyer', async () => {
    const order = await delivered();
    await wish(order);
    const id = await matter(order);
    const resolution = { id, note: 'fair enough', reply: '已为你退款。', refund: true };
    expect(await Promise.all([resolveInboxItem(deps, resolution), resolveInboxItem(deps, resolution)])).toEqual(
      expect.arrayContaining([true, false]),
    );
    expect(await refunds(order)).toHaveLength(1);
    expect(await rows(db, `select 1 from outbox where dedupe_key = :key`, { key: `inbox:${id}:reply` })).toHaveLength(
      1,
    );
  });

  test('about held money is decided and answered at once: the buyer reads what was written to them', async () => {
    const order = await anUnpaidOrder(db);
    await recordNotice(db, paidNotice(order, { amount: { minor: 1000, currency: 'CNY' } }), {
      digest: Buffer.alloc(32),
      sealed: null,
    });
    const item = await row<{ id: number }>(
      db,
      `insert into inbox_items (kind, dedupe_key, order_id, details)
       select 'money_unmatched', 'held:' || id, order_id, jsonb_build_object('held_id', id) from held_payments where order_id = :id returning id`,
      { id: order.id },
    );
    const id = item?.id as number;
    expect(await resolveInboxItem(deps, { id, note: '', reply: '已收到。', held: 'deliver' })).toBe(true);
    expect(await rows(db, `select 1 from outbox where dedupe_key = :key`, { key: `inbox:${id}:reply` })).toHaveLength(
      1,
    );
  });

  test('about a refused refund that was paid by hand books it as done, and the buyer is told', async () => {
    const order = await aPaidOrder(db);
    await wish(order);
    const refund = await row<{ refund_id: string }>(db, 'select refund_id from refund_records where order_id = :id', {
      id: order.id,
    });
    await settleRefund(db, refund?.refund_id as string, 'failed', null);
    const item = await row<{ id: number }>(
      db,
      `insert into inbox_items (kind, dedupe_key, order_id, details) values ('refund_refused', :key, :id, jsonb_build_object('refund_id', :refundId::text)) returning id`,
      { key: `k${order.id}`, id: order.id, refundId: refund?.refund_id },
    );
    expect(await resolveInboxItem(deps, { id: item?.id as number, note: 'bank transfer', paidByHand: true })).toBe(
      true,
    );
    expect(await row(db, 'select status, told_at from refund_records where order_id = :id', { id: order.id })).toEqual({
      status: 'succeeded',
      told_at: null,
    });
    expect(
      await row(db, 'select refunded_minor, status from payment_transactions where order_id = :id', { id: order.id }),
    ).toEqual({ refunded_minor: 1990, status: 'refunded' });
  });

  test('that does not exist is no matter', async () => {
    await expect(resolveInboxItem(deps, { id: 999_999, note: '' })).rejects.toMatchObject({ code: 'no_such_matter' });
  });
});

describe('a refund that its gateway cannot make', () => {
  async function leftToPeople(): Promise<{ order: Order; refundId: string }> {
    const order = await delivered();
    const { refundId = '' } = await wish(order, 'operator');
    await changed(db, `update refund_records set status = 'manual', told_at = now() where refund_id = :refundId`, {
      refundId,
    });
    return { order, refundId };
  }
  const coinsOf = (order: Order) => coinBalance(db, order.userId as number);

  test('may be taken as coins, at the rate of the order, once however often it is pressed', async () => {
    const { order, refundId } = await leftToPeople();
    const asked = await Promise.all(
      [1, 2, 3, 4].map(() => takeRefundAsCoins(deps, { refundId, userId: order.userId as number })),
    );
    expect(asked.filter((coins) => coins === 199)).toHaveLength(1);
    expect(await coinsOf(order)).toBe(199);
    expect(await row(db, 'select status from refund_records where refund_id = :refundId', { refundId })).toEqual({
      status: 'succeeded',
    });
  });

  test('gives no more coins than the money that came is worth, when that was not the price', async () => {
    const order = await anUnpaidOrder(db);
    const tenth = { minor: 199, currency: 'CNY' } as const;
    await recordNotice(db, paidNotice(order, { amount: tenth }), { digest: Buffer.alloc(32), sealed: null });
    const held = await row<{ id: number }>(db, 'select id from held_payments where order_id = :id', { id: order.id });
    await settleHeldPayment(db, held?.id ?? 0, 'refund', 'system');
    const refund = await row<{ refundId: string }>(
      db,
      `update refund_records set status = 'manual' where order_id = :id returning refund_id as "refundId"`,
      { id: order.id },
    );
    await takeRefundAsCoins(deps, { refundId: refund?.refundId ?? '', userId: order.userId as number });
    expect(await coinsOf(order)).toBe(19);
  });

  test('stays one task for people, however often the buyer asks', async () => {
    const order = await aPaidOrder(db);
    await wish(order);
    await changed(db, `update refund_records set status = 'manual', told_at = now() where order_id = :id`, {
      id: order.id,
    });
    expect(await wish(order)).toMatchObject({ outcome: 'already_requested', status: 'manual' });
    expect(
      await rows(
        db,
        `select 1 from refund_records where order_id = :id and status = 'manual' and told_at is not null`,
        {
          id: order.id,
        },
      ),
    ).toHaveLength(1);
  });

  test('is not taken as coins by somebody else', async () => {
    const { refundId } = await leftToPeople();
    const { id } = await aUser(db);
    expect(await takeRefundAsCoins(deps, { refundId, userId: id })).toBeUndefined();
    expect(await coinBalance(db, id)).toBe(0);
  });

  test('is not taken as coins once the gateway has it', async () => {
    const order = await delivered();
    const { refundId = '' } = await wish(order, 'operator');
    expect(await takeRefundAsCoins(deps, { refundId, userId: order.userId as number })).toBeUndefined();
    expect(await coinsOf(order)).toBe(0);
  });

  test('is told to the buyer when people have made it', async () => {
    const { refundId } = await leftToPeople();
    await settleRefund(db, refundId, 'succeeded', null);
    expect(await row(db, 'select told_at from refund_records where refund_id = :refundId', { refundId })).toEqual({
      told_at: null,
    });
  });
});
