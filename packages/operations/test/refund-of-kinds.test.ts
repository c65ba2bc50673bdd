import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { changed, type Db, row, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import {
  addCodes,
  coinBalance,
  coinsAddUp,
  findProduct,
  grantCoins,
  membershipOf,
  type Order,
  settleRefund,
} from '@mingdan/orders';
import { aPaidOrder, aUser, testDatabase, testVault } from '@mingdan/orders/testing';
import {
  afterRefund,
  askForRefund,
  deliverByHand,
  type OperationDeps,
  type RefundWish,
  readGoods,
  resendReport,
} from '../src/index.ts';
import { FakeGateway, operationDeps } from './fake-gateway.ts';
import { fulfil, now, sent } from './support.ts';

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

/** Paid, made, and its message out to the chat (or not: `sent` false leaves it in the outbox). */
async function delivered(slug: string, userId: number, isSent = true): Promise<Order> {
  const order = await fulfil(deps, await aPaidOrder(db, { slug, userId }));
  return isSent ? sent(db, order) : order;
}

const ask = (order: Order, more: Partial<RefundWish> = {}) =>
  askForRefund(deps, {
    orderNo: order.orderNo,
    reason: '不想要了',
    by: 'buyer',
    ...(more.by === undefined && order.userId !== null ? { userId: order.userId } : {}),
    ...more,
  });

async function ends(refundId: string | undefined, status: 'succeeded' | 'failed'): Promise<void> {
  await db.transaction(async (tx) => {
    await settleRefund(tx, refundId ?? '', status, null);
    const refund = await row<{ orderId: number; reason: string }>(
      tx,
      'select order_id as "orderId", reason from refund_records where refund_id = :refundId',
      { refundId },
    );
    await afterRefund(deps, tx, { refundId: refundId ?? '', status, orderId: null, reason: '', ...refund });
  });
}

const spend = (userId: number, coins: number) =>
  changed(
    db,
    `insert into coin_ledger (user_id, amount, cause, reason, actor) values (:userId, -:coins::bigint, 'test:' || random(), 'payment', 'test')`,
    { userId, coins },
  );
const wanted = (order: Order) =>
  rows(db, `select 1 from inbox_items where order_id = :id and kind = 'refund_wanted'`, { id: order.id });

describe('a refund of coins', () => {
  test('that nobody spent goes through and takes them back in the same moment', async () => {
    const { id } = await aUser(db);
    const order = await delivered('coins-2', id);
    const answer = await ask(order);
    expect(answer).toMatchObject({ outcome: 'requested', amount: { minor: 2990 }, coins: { left: 310, unspent: 310 } });
    expect(await coinBalance(db, id)).toBe(0);
    expect(
      await row(db, 'select amount from coin_ledger where cause = :cause', { cause: `takeback:${answer.refundId}` }),
    ).toEqual({ amount: -310 });
    await ends(answer.refundId, 'succeeded');
    expect(await coinBalance(db, id)).toBe(0);
    expect(await ask(order)).toMatchObject({ outcome: 'already_requested' });
  });

  test('that fails for good gives them back, and asked for again takes them again', async () => {
    const { id } = await aUser(db);
    const order = await delivered('coins-1', id);
    const first = await ask(order);
    await changed(db, 'update refund_records set refusals = 3 where refund_id = :refundId', {
      refundId: first.refundId ?? '',
    });
    await ends(first.refundId, 'failed');
    expect(await coinBalance(db, id)).toBe(100);
    const second = await ask(order, { by: 'operator' });
    expect(second.refundId).toBe(first.refundId);
    expect(await coinBalance(db, id)).toBe(0);
    await ends(second.refundId, 'failed');
    expect(await coinBalance(db, id)).toBe(100);
  });

  test('partly spent is offered for the rest, says how many are left, and takes nothing before the buyer agrees', async () => {
    const { id } = await aUser(db);
    const order = await delivered('coins-1', id);
    await spend(id, 40);
    const offered = await ask(order, { offersPart: true });
    expect(offered).toEqual({
      outcome: 'part_offered',
      amount: { minor: 594, currency: 'CNY' },
      coins: { left: 100, unspent: 60, held: 0 },
    });
    expect(await coinBalance(db, id)).toBe(60);
    expect(await rows(db, 'select 1 from refund_records where order_id = :id', { id: order.id })).toEqual([]);
    const agreed = await ask(order);
    expect(agreed).toMatchObject({ outcome: 'requested', amount: { minor: 594 } });
    expect(await coinBalance(db, id)).toBe(0);
    expect(
      await row(db, 'select amount_minor as minor from refund_records where order_id = :id', { id: order.id }),
    ).toEqual({
      minor: 594,
    });
    await ends(agreed.refundId, 'succeeded');
    await grantCoins(db, { userId: id, amount: 500, reason: 'test', actor: 'test' });
    expect(await ask(order)).toMatchObject({ outcome: 'requested', coins: { left: 40, unspent: 40 } });
    expect(await coinBalance(db, id)).toBe(460);
  });

  test('all spent, or after seven days, goes to the operators', async () => {
    const { id } = await aUser(db);
    const spent = await delivered('coins-1', id);
    await spend(id, 100);
    expect(await ask(spent)).toMatchObject({ outcome: 'with_operators', coins: { left: 100, unspent: 0 } });
    expect(await wanted(spent)).toHaveLength(1);
    const old = await delivered('coins-1', id);
    await changed(db, `update orders set paid_at = now() - interval '8 days' where id = :id`, { id: old.id });
    expect(await ask(old)).toMatchObject({ outcome: 'with_operators' });
    expect(await coinBalance(db, id)).toBe(100);
  });

  test('by an operator takes what is there and never goes below zero', async () => {
    const { id } = await aUser(db);
    const order = await delivered('coins-1', id);
    await spend(id, 70);
    expect(await ask(order, { by: 'operator' })).toMatchObject({ outcome: 'requested', amount: { minor: 990 } });
    expect(await coinBalance(db, id)).toBe(0);
    const other = await delivered('coins-1', id);
    await ask(other, { by: 'operator', amount: { minor: 495, currency: 'CNY' } });
    expect(await coinBalance(db, id)).toBe(50);
  });

  test('asked for many times at once, while they are being spent, takes each coin once', async () => {
    const { id } = await aUser(db);
    const order = await delivered('coins-1', id);
    const spends = Array.from({ length: 10 }, () => spend(id, 10).catch(() => 0));
    const answers = await Promise.all([...Array.from({ length: 8 }, () => ask(order)), ...spends]);
    const requested = answers.filter((each) => typeof each === 'object' && each.outcome === 'requested');
    expect(requested.length).toBeLessThanOrEqual(1);
    expect(await coinBalance(db, id)).toBeGreaterThanOrEqual(0);
    expect(await coinsAddUp(db)).toBe(true);
  });

  test('made in the gateway’s own console takes them when it is heard of', async () => {
    const { id } = await aUser(db);
    const order = await delivered('coins-1', id);
    await changed(
      db,
      `insert into refund_records (refund_id, order_id, transaction_id, provider, amount_minor, currency, reason, requested_by, status)
       select 'X:console', :id, id, provider, amount_minor, currency, 'made_at_gateway', 'gateway', 'succeeded' from payment_transactions where order_id = :id`,
      { id: order.id },
    );
    const refund = { refundId: 'X:console', orderId: order.id, status: 'succeeded', reason: 'made_at_gateway' };
    await db.transaction((tx) => afterRefund(deps, tx, refund));
    await db.transaction((tx) => afterRefund(deps, tx, refund));
    expect(await coinBalance(db, id)).toBe(0);
  });
});

describe('a refund of a membership', () => {
  test('ends it when the money is back, and not before', async () => {
    const { id } = await aUser(db);
    const order = await delivered('member-month', id);
    expect(await ask(order)).toMatchObject({ outcome: 'with_operators' });
    const { refundId } = await ask(order, { by: 'operator' });
    expect((await membershipOf(db, id)).active).toBe(true);
    await ends(refundId, 'succeeded');
    expect((await membershipOf(db, id)).active).toBe(false);
  });

  test('of a part of the money, or one that fails, leaves it', async () => {
    const { id } = await aUser(db);
    const order = await delivered('member-month', id);
    const part = await ask(order, { by: 'operator', amount: { minor: 100, currency: 'CNY' } });
    await ends(part.refundId, 'succeeded');
    const whole = await ask(order, { by: 'operator' });
    await ends(whole.refundId, 'failed');
    expect((await membershipOf(db, id)).active).toBe(true);
  });
});

describe('goods', () => {
  const stock = (code: string) => addCodes(db, testVault, { slug: 'gift-card', codes: [code], actor: 'test' });
  const inStock = async () => (await findProduct(db, 'gift-card'))?.stock;

  test('codes that were sent are read again, by the order page and by resend, and are never sold again', async () => {
    const { id } = await aUser(db);
    await stock('SENT-1');
    const order = await delivered('gift-card', id);
    expect(await readGoods(deps, order)).toEqual({ codes: ['SENT-1'], note: null });
    expect(await resendReport(deps, order.orderNo)).toBe('queued');
    expect(await ask(order)).toMatchObject({ outcome: 'with_operators' });
    const { refundId } = await ask(order, { by: 'operator' });
    await ends(refundId, 'succeeded');
    expect(await inStock()).toBe(0);
    expect((await readGoods(deps, order))?.codes).toEqual(['SENT-1']);
  });

  test('codes that nobody saw are hidden while the money goes back, and sold again when it is back', async () => {
    const { id } = await aUser(db);
    await stock('UNSEEN-1');
    const order = await delivered('gift-card', id, false);
    await changed(db, `update outbox set status = 'parked' where order_id = :id and delivers`, { id: order.id });
    const { refundId } = await ask(order, { by: 'operator' });
    expect(await readGoods(deps, await now(db, order))).toBeUndefined();
    expect(
      await row(db, 'select status, payload from outbox where order_id = :id and delivers', { id: order.id }),
    ).toEqual({
      status: 'dropped',
      payload: null,
    });
    await ends(refundId, 'succeeded');
    expect(await inStock()).toBe(1);
  });

  test('codes read on the order page count as seen', async () => {
    const { id } = await aUser(db);
    await changed(db, 'update users set telegram_id = null where id = :id', { id });
    await stock('PAGE-1');
    const order = await delivered('gift-card', id);
    const codes = (await readGoods(deps, order))?.codes ?? [];
    expect(codes).toHaveLength(1);
    const before = await inStock();
    const { refundId } = await ask(order, { by: 'operator' });
    await ends(refundId, 'succeeded');
    expect(await inStock()).toBe(before);
  });

  test('by hand are delivered once, by a note that the buyer can read again', async () => {
    const { id } = await aUser(db);
    const order = await delivered('consult', id, false);
    expect(await readGoods(deps, order)).toBeUndefined();
    const hand = { orderNo: order.orderNo, note: '明天下午三点', by: 'anna' };
    const outcomes = await Promise.all([deliverByHand(deps, hand), deliverByHand(deps, hand)]);
    expect(outcomes.sort()).toEqual(['already', 'delivered']);
    expect(await row(db, 'select due_at <= now() as due from orders where id = :id', { id: order.id })).toEqual({
      due: true,
    });
    await changed(db, `update orders set status = 'completed', delivery = 'delivered' where id = :id`, {
      id: order.id,
    });
    expect(await readGoods(deps, await now(db, order))).toEqual({ codes: [], note: '明天下午三点' });
    await expect(deliverByHand(deps, { ...hand, orderNo: 'GOODS_20260101_00000000' })).rejects.toMatchObject({
      code: 'order_not_found',
    });
  });

  test('by hand that were handed over are delivered for a refund, also before their order has heard of it', async () => {
    const { id } = await aUser(db);
    const order = await delivered('consult', id, false);
    await deliverByHand(deps, { orderNo: order.orderNo, note: 'done', by: 'anna' });
    expect(await ask(order)).toMatchObject({ outcome: 'with_operators' });
    expect((await now(db, order)).status).toBe('generating');
  });

  test('by hand that wait may be asked back by their buyer at once', async () => {
    const { id } = await aUser(db);
    const order = await delivered('consult', id, false);
    expect(await ask(order)).toMatchObject({ outcome: 'requested' });
    await expect(deliverByHand(deps, { orderNo: order.orderNo, note: 'x', by: 'anna' })).rejects.toMatchObject({
      code: 'not_by_hand',
    });
  });
});
