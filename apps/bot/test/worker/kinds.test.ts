import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { changed, type Db, row, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { type FulfilmentDeps, fulfillerKey, runOrder } from '@mingdan/fulfilment';
import { askForRefund, type OperationDeps } from '@mingdan/operations';
import {
  activateMembership,
  addCodes,
  claimPaid,
  coinBalance,
  completeIfDelivered,
  findOrder,
  type Order,
  setStock,
  settleRefund,
} from '@mingdan/orders';
import { anUnpaidOrder, aPaidOrder, aUser, testDatabase, testVault } from '@mingdan/orders/testing';
import { FakeGateway, operationDeps } from '../../../../packages/operations/test/fake-gateway.ts';
import { createFulfillers } from '../../src/deps.ts';
import { keepPromises } from '../../src/worker/housekeeping.ts';
import { remindMembers, remindOfGoods } from '../../src/worker/remind-of-goods.ts';
import { tellSettledRefunds } from '../../src/worker/tell-refunds.ts';

let database: TestDatabase;
let db: Db;
let gateway: FakeGateway;
let operations: OperationDeps;
let fulfilment: FulfilmentDeps;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());
beforeEach(() => {
  gateway = new FakeGateway();
  operations = operationDeps(db, gateway);
  operations = { ...operations, settings: { ...operations.settings, operatorChatId: -100 } };
  fulfilment = { ...operations, operatorChatId: -100, retryBaseMs: 1 };
});

const now = async (order: Order) => (await findOrder(db, order.orderNo)) as Order;
const keys = async (like: string) =>
  (
    await rows<{ key: string }>(db, 'select dedupe_key as key from outbox where dedupe_key like :like order by id', {
      like,
    })
  ).map(({ key }) => key);

/** By the fulfillers as the process puts them together: payments are confirmed by asking the gateway. */
async function make(order: Order): Promise<Order> {
  const report = { ...fulfilment } as Parameters<typeof createFulfillers>[2];
  const all = createFulfillers(fulfilment, operations, report, async () => ({
    name: '@mingdan_bot',
    address: 'https://t.me/mingdan_bot',
  }));
  const fulfiller = all.get(fulfillerKey(order));
  if (!fulfiller) throw new Error(`nobody makes ${order.kind}`);
  await claimPaid(db, { owner: 'A', leaseSeconds: 60 }, 100);
  await runOrder(fulfilment, fulfiller, await now(order), 'A', new AbortController().signal);
  return now(order);
}

describe('coins', () => {
  test('are given on the word of the gateway, not of a notice alone', async () => {
    const { id } = await aUser(db);
    const forged = await make(await aPaidOrder(db, { slug: 'coins-1', userId: id }));
    expect(forged).toMatchObject({ status: 'generating', delivery: 'none' });
    expect(await coinBalance(db, id)).toBe(0);
    const real = await aPaidOrder(db, { slug: 'coins-1', userId: id });
    gateway.payments.set(real.orderNo, { id: `PAY-${real.orderNo}`, status: 'paid', amount: real.amount });
    expect(await make(real)).toMatchObject({ delivery: 'sending' });
    expect(await coinBalance(db, id)).toBe(100);
  });

  test('of a refund that failed are the buyer’s again as soon as that is told, once', async () => {
    const { id } = await aUser(db);
    const order = await aPaidOrder(db, { slug: 'coins-1', userId: id });
    gateway.payments.set(order.orderNo, { id: `PAY-${order.orderNo}`, status: 'paid', amount: order.amount });
    await make(order);
    await changed(db, `update outbox set status = 'sent' where order_id = :id and delivers`, { id: order.id });
    await completeIfDelivered(db, order.id);
    const { refundId } = await askForRefund(operations, { orderNo: order.orderNo, reason: 'x', by: 'buyer' });
    expect(await coinBalance(db, id)).toBe(0);
    await settleRefund(db, refundId ?? '', 'failed', null);
    await tellSettledRefunds(operations);
    await tellSettledRefunds(operations);
    expect(await coinBalance(db, id)).toBe(100);
    expect(await keys(`coins-returned:${refundId}%`)).toHaveLength(1);
  });
});

describe('a gift', () => {
  test('is no report to write: its link is made, on the word of the gateway', async () => {
    const order = await aPaidOrder(db, { slug: 'bazi-full' });
    await changed(db, 'update orders set gift = true where id = :id', { id: order.id });
    const gifts = () => rows(db, 'select 1 from gifts where order_id = :id', { id: order.id });
    expect(await make(await now(order))).toMatchObject({ status: 'generating', delivery: 'none' });
    expect(await gifts()).toHaveLength(0);
    gateway.payments.set(order.orderNo, { id: `PAY-${order.orderNo}`, status: 'paid', amount: order.amount });
    await changed(db, `update orders set lease_owner = 'A', due_at = now() + interval '1 minute' where id = :id`, {
      id: order.id,
    });
    expect(await make(await now(order))).toMatchObject({ delivery: 'sending' });
    expect(await gifts()).toHaveLength(1);
    expect(await keys(`gift:${order.orderNo}`)).toHaveLength(1);
  });
});

describe('the deadline', () => {
  const overdue = async (slug: string) => {
    const order = await aPaidOrder(db, { slug });
    await changed(db, `update orders set paid_at = now() - interval '25 hours' where id = :id`, { id: order.id });
    return order;
  };

  test('refunds coins, memberships and codes that could not be given, and never what a person delivers', async () => {
    await addCodes(db, testVault, { slug: 'gift-card', codes: ['LATE-1'], actor: 'test' });
    const orders = [];
    for (const slug of ['coins-1', 'member-month', 'gift-card', 'consult']) orders.push(await overdue(slug));
    await keepPromises(fulfilment, { fulfilmentDeadlineHours: 24, deliveryMaxHours: 72 });
    expect((await Promise.all(orders.map(now))).map(({ status }) => status)).toEqual([
      'failed',
      'failed',
      'failed',
      'paid',
    ]);
    expect(await row(db, `select stock from products where slug = 'gift-card'`)).toEqual({ stock: 1 });
    await remindOfGoods(operations);
    await remindOfGoods(operations);
    expect(await keys('alarm:by_hand:____-__-__')).toHaveLength(1);
  });
});

describe('reminders', () => {
  test('a member is told a week and a day before the end, once each', async () => {
    const user = await aUser(db);
    const gift = { userId: user.id, productSlug: 'member-month', months: 1, orderId: null, actor: 'test' };
    await activateMembership(db, { ...gift, cause: 'grant:ending' });
    const told = () => keys(`member-ending:${user.id}:%`);
    const endsIn = (hours: number) =>
      changed(
        db,
        `update membership_periods set starts_at = now() - interval '20 days', ends_at = now() + make_interval(hours => :hours) where user_id = :id`,
        { id: user.id, hours },
      );
    await remindMembers(operations);
    expect(await told()).toEqual([]);
    await endsIn(150);
    await remindMembers(operations);
    await remindMembers(operations);
    expect(await told()).toEqual([expect.stringMatching(/:7$/)]);
    await endsIn(20);
    await remindMembers(operations);
    await remindMembers(operations);
    expect(await told()).toEqual([expect.stringMatching(/:7$/), expect.stringMatching(/:1$/)]);
  });

  test('operators hear of low stock once a day, and not of a product that never had any', async () => {
    await changed(db, `update products set stock_alarm = 5 where slug in ('consult', 'gift-card', 'coins-1')`);
    await setStock(db, { slug: 'consult', stock: 5, actor: 'test' });
    await remindOfGoods(operations);
    expect(await keys('alarm:stock:consult:%')).toEqual([]);
    await anUnpaidOrder(db, { slug: 'consult' });
    await remindOfGoods(operations);
    await remindOfGoods(operations);
    expect(await keys('alarm:stock:consult:%')).toHaveLength(1);
    expect(await keys('alarm:stock:coins-1:%')).toEqual([]);
  });
});
