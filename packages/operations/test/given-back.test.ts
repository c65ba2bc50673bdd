import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { changed, type Db, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { findOrder, type Order } from '@mingdan/orders';
import { anUnpaidOrder, testDatabase } from '@mingdan/orders/testing';
import { askDuePayments, checkPayment, compareDay, type OperationDeps, startPayment } from '../src/index.ts';
import { FakeGateway, operationDeps } from './fake-gateway.ts';

let database: TestDatabase;
let db: Db;
let gateway: FakeGateway;
let deps: OperationDeps;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());
beforeEach(async () => {
  for (const table of ['payment_transactions', 'payment_attempts']) await changed(db, `delete from ${table}`);
  gateway = new FakeGateway();
  deps = operationDeps(db, gateway);
});

const status = async (order: Order) => (await findOrder(db, order.orderNo))?.status;
const payments = (order: Order) =>
  rows(db, 'select 1 from payment_transactions where order_id = :id', { id: order.id });
const flags = (order: Order) =>
  rows(db, 'select verdict from payment_notifications where order_no = :orderNo', { orderNo: order.orderNo });
const today = () => new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Shanghai' }).format(new Date());

async function started(): Promise<Order> {
  const order = await anUnpaidOrder(db);
  await changed(db, 'delete from payment_attempts where order_id = :id', { id: order.id });
  await startPayment(deps, { orderNo: order.orderNo, provider: 'pingpong' });
  return order;
}

describe('a payment that went back in the console of its gateway before we heard of it', () => {
  test('pays no order when the gateway is asked, and people are told', async () => {
    const order = await started();
    gateway.pay(order.orderNo);
    gateway.payment(order.orderNo).givenBack = true;
    expect((await checkPayment(deps, order.orderNo)).found).toBe('closed');
    expect(await status(order)).toBe('pending_payment');
    expect(await payments(order)).toEqual([]);
    expect(await flags(order)).toEqual([{ verdict: 'unknown_refund' }]);
  });

  test('is not asked about any more', async () => {
    const order = await started();
    gateway.pay(order.orderNo);
    gateway.payment(order.orderNo).givenBack = true;
    await checkPayment(deps, order.orderNo);
    const { queries } = gateway;
    await changed(db, 'update payment_attempts set ask_at = now() where order_id = :id', { id: order.id });
    await askDuePayments(deps);
    expect(gateway.queries).toBe(queries);
  });

  test.each(['list', 'query'] as const)('pays no order by the daily comparison (%s)', async (by) => {
    const order = await started();
    gateway.pay(order.orderNo);
    gateway.payment(order.orderNo).givenBack = true;
    const { orderNo: gatewayOrderId, amount } = order;
    const providerPaymentId = gateway.payment(order.orderNo).id;
    if (by === 'list')
      gateway.listPayments = async () => [
        { gatewayOrderId, providerPaymentId, amount, refundedMinor: amount.minor, paidAt: new Date() },
      ];
    await compareDay(deps, 'pingpong', today());
    expect(await status(order)).toBe('pending_payment');
    expect(await flags(order)).toEqual([{ verdict: 'unknown_refund' }]);
  });
});

test('an order has so many payments at one gateway and no more, so that each keeps a number that is understood', async () => {
  const order = await started();
  const { orderNo } = order;
  for (let more = 0; more < 40; more += 1) {
    await changed(db, `update payment_attempts set status = 'closed' where order_id = :id`, { id: order.id });
    await startPayment(deps, { orderNo, provider: 'pingpong' }).catch(() => undefined);
  }
  expect([...gateway.payments.keys()].at(-1)).toBe(`${orderNo}-20`);
  await changed(db, `update payment_attempts set status = 'closed' where order_id = :id`, { id: order.id });
  await expect(startPayment(deps, { orderNo, provider: 'pingpong' })).rejects.toMatchObject({
    code: 'method_not_offered',
  });
});
