import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { changed, type Db, row } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { claimRefunds, coinBalance, createHouse, findOrder, grantCoins, type Order } from '@mingdan/orders';
import { anUnpaidOrder, testDatabase } from '@mingdan/orders/testing';
import type { PaymentClient } from '@mingdan/payments';
import { createClients } from '@mingdan/payments/clients';
import {
  askForRefund,
  cancelOrder,
  checkPayment,
  expireOrder,
  type OperationDeps,
  startPayment,
} from '../src/index.ts';
import { FakeGateway, operationDeps } from './fake-gateway.ts';

let database: TestDatabase;
let db: Db;
let deps: OperationDeps;
let points: PaymentClient;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
  const usual = operationDeps(db, new FakeGateway());
  const { clock, log } = usual;
  const clients = createClients(new Map([['points', {}]]), { clock, log, house: createHouse(db) });
  points = clients.get('points') as PaymentClient;
  deps = { ...usual, clients, settings: { ...usual.settings, offered: ['points'] } };
});
afterAll(() => database.drop());

/** An order of somebody with so many coins. */
async function newOrder(coins: number): Promise<Order> {
  const order = await anUnpaidOrder(db);
  await changed(db, 'delete from payment_attempts where order_id = :id', { id: order.id });
  if (coins > 0) await grantCoins(db, { userId: order.userId ?? 0, amount: coins, reason: 'test', actor: 'test' });
  return order;
}
const pay = (order: Order) => startPayment(deps, { orderNo: order.orderNo, provider: 'points' });
const find = async (order: Order) => findOrder(db, order.orderNo);
const balance = (order: Order) => coinBalance(db, order.userId ?? 0);
/** at the default rate of 0.1 CNY a coin */
const priceOf = (order: Order) => Math.ceil(order.amount.minor / 10);

describe('paying with coins', () => {
  test('pays the order at once, at the rate it was priced at', async () => {
    const order = await newOrder(1000);
    const price = priceOf(order);
    await expect(pay(order)).resolves.toMatchObject({
      method: 'POINTS',
      paymentUrl: null,
      amount: { minor: price, currency: 'COIN' },
    });
    expect(await find(order)).toMatchObject({ status: 'paid', provider: 'points' });
    expect(await balance(order)).toBe(1000 - price);
    expect(await checkPayment(deps, order.orderNo)).toMatchObject({ found: 'paid' });
  });

  test('pressed ten times at once takes them once', async () => {
    const order = await newOrder(1000);
    await Promise.allSettled(Array.from({ length: 10 }, () => pay(order)));
    expect(await find(order)).toMatchObject({ status: 'paid' });
    expect(await balance(order)).toBe(1000 - priceOf(order));
  });

  test('without enough says so, takes nothing, leaves the order payable and the way to pay offered', async () => {
    const order = await newOrder(5);
    for (let times = 0; times < 8; times += 1)
      await expect(pay(order)).rejects.toMatchObject({ code: 'not_enough_coins' });
    expect(await balance(order)).toBe(5);
    expect(await find(order)).toMatchObject({ status: 'pending_payment' });
    await grantCoins(db, { userId: order.userId ?? 0, amount: 1000, reason: 'test', actor: 'test' });
    await expect(pay(order)).resolves.toMatchObject({ provider: 'points' });
    expect(await find(order)).toMatchObject({ status: 'paid' });
  });

  test('is not offered to a buyer without an account', async () => {
    const order = await newOrder(1000);
    await changed(db, 'update orders set user_id = null where id = :id', { id: order.id });
    await expect(pay(order)).rejects.toMatchObject({ code: 'method_not_offered' });
  });

  test('that was not enough lets the order be cancelled or expire', async () => {
    const [one, two] = [await newOrder(1), await newOrder(1)];
    for (const order of [one, two]) await pay(order).catch(() => undefined);
    expect(await cancelOrder(deps, { orderNo: one.orderNo, userId: one.userId ?? 0 })).toBe('cancelled');
    await changed(db, 'update orders set expires_at = now() where id = :id', { id: two.id });
    expect(await expireOrder(deps, two.orderNo)).toBe('expired');
  });
});

test('a refund of coins is booked by the ledger, in parts and once each', async () => {
  const order = await newOrder(1000);
  await pay(order);
  const payment = await row<{ id: string }>(
    db,
    'select provider_payment_id as id from payment_transactions where order_id = :id',
    {
      id: order.id,
    },
  );
  const refund = (refundId: string, minor: number) =>
    points.refund?.({
      refundId,
      gatewayOrderId: order.orderNo,
      providerPaymentId: payment?.id ?? null,
      amount: { minor, currency: 'COIN' },
      paymentAmount: { minor: priceOf(order), currency: 'COIN' },
      reason: 'test',
      notifyUrl: 'https://pay.example',
      buyer: { userId: order.userId, telegramId: order.chatId },
    });
  const rest = priceOf(order) - 1;
  for (const [id, minor] of [
    ['R1', 1],
    ['R1', 1],
    ['R2', rest],
    ['R2', rest],
  ] as const)
    expect(await refund(`${id}-${order.orderNo}`, minor)).toMatchObject({ status: 'succeeded' });
  expect(await balance(order)).toBe(1000);
  await expect(refund(`R3-${order.orderNo}`, 1)).rejects.toMatchObject({ name: 'GatewayRefused' });
});

test('a refund that the buyer asks for is one of coins, not of the order’s yuan', async () => {
  const order = await newOrder(1000);
  await pay(order);
  const { outcome } = await askForRefund(deps, { orderNo: order.orderNo, reason: 'changed my mind', by: 'buyer' });
  expect(outcome).toBe('requested');
  const [claimed] = await claimRefunds(db, 'test', 60, 10);
  expect(claimed).toMatchObject({ provider: 'points', amount: { minor: priceOf(order), currency: 'COIN' } });
  await points.refund?.({
    ...(claimed as NonNullable<typeof claimed>),
    notifyUrl: 'https://pay.example',
    buyer: { userId: order.userId, telegramId: order.chatId },
  });
  expect(await balance(order)).toBe(1000);
});
