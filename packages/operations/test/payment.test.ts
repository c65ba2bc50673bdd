import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { changed, type Db, row, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { findOrder, type Order, takeUnclosed } from '@mingdan/orders';
import { anOrder, aUser, testDatabase } from '@mingdan/orders/testing';
import {
  cancelOrder,
  checkPayment,
  closeAtGateways,
  expireOrder,
  type OperationDeps,
  startPayment,
} from '../src/index.ts';
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
beforeEach(() => {
  gateway = new FakeGateway();
  deps = operationDeps(db, gateway);
});

const newOrder = (): Promise<Order> => anOrder(db);
const start = (order: Order) => startPayment(deps, { orderNo: order.orderNo, provider: 'pingpong' });
const status = async (order: Order) => (await findOrder(db, order.orderNo))?.status;
const overdue = (order: Order, interval = '1 minute') =>
  changed(db, `update orders set expires_at = now() - cast(:interval as interval) where id = :id`, {
    id: order.id,
    interval,
  });
const edits = async (order: Order) =>
  (
    await rows<{ dedupe_key: string }>(db, 'select dedupe_key from outbox where order_id = :id and edits is not null', {
      id: order.id,
    })
  ).map(({ dedupe_key }) => dedupe_key);

describe('starting a payment', () => {
  test('gives the same payment however often it is asked for, and asks the gateway once', async () => {
    const order = await newOrder();
    const first = await start(order);
    expect(first.paymentUrl).toBe(`https://pay.example/PAY-${order.orderNo}`);
    expect(await start(order)).toEqual(first);
    expect(gateway.creates).toBe(1);
    expect(await rows(db, 'select 1 from payment_attempts where order_id = :id', { id: order.id })).toHaveLength(1);
  });

  test('many times at once leaves one attempt', async () => {
    const order = await newOrder();
    await Promise.all(Array.from({ length: 10 }, () => start(order)));
    expect(await rows(db, 'select 1 from payment_attempts where order_id = :id', { id: order.id })).toHaveLength(1);
    expect(gateway.payments.size).toBe(1);
  });

  test('at a gateway that is down says so and leaves the order payable', async () => {
    const order = await newOrder();
    gateway.down = true;
    await expect(start(order)).rejects.toMatchObject({ code: 'gateway_timeout' });
    gateway.down = false;
    await expect(start(order)).resolves.toMatchObject({ provider: 'pingpong' });
  });

  test('is refused for an order that is over', async () => {
    const order = await newOrder();
    await overdue(order);
    await expect(start(order)).rejects.toMatchObject({ code: 'order_not_payable' });
  });

  test('is refused for a provider that is not offered', async () => {
    const order = await newOrder();
    await expect(startPayment(deps, { orderNo: order.orderNo, provider: 'stripe' })).rejects.toMatchObject({
      code: 'provider_not_offered',
    });
  });

  test('of an order that does not exist is refused', async () => {
    await expect(
      startPayment(deps, { orderNo: 'REPORT_20260101_00000000', provider: 'pingpong' }),
    ).rejects.toMatchObject({ code: 'order_not_found' });
  });

  test('of an order cancelled while the gateway worked closes it there', async () => {
    const order = await newOrder();
    const create = gateway.createPayment.bind(gateway);
    gateway.createPayment = async (request) => {
      await changed(db, `update orders set status = 'expired' where id = :id`, { id: order.id });
      return create(request);
    };
    await start(order);
    expect(gateway.payments.get(order.orderNo)?.status).toBe('closed');
  });
});

describe('asking where a payment is', () => {
  test('books a payment whose notice was lost', async () => {
    const order = await newOrder();
    await start(order);
    gateway.pay(order.orderNo);
    expect(await checkPayment(deps, order.orderNo)).toMatchObject({ found: 'paid', order: { status: 'paid' } });
  });

  test('says that nothing came yet', async () => {
    const order = await newOrder();
    await start(order);
    expect(await checkPayment(deps, order.orderNo)).toMatchObject({ found: 'pending' });
  });

  test('says that no payment was started', async () => {
    const order = await newOrder();
    expect(await checkPayment(deps, order.orderNo)).toMatchObject({ found: 'not_started' });
  });

  test('says that the gateway does not answer', async () => {
    const order = await newOrder();
    await start(order);
    gateway.down = true;
    expect(await checkPayment(deps, order.orderNo)).toMatchObject({ found: 'unreachable' });
  });

  test('of another amount than asked books nothing and flags it', async () => {
    const order = await newOrder();
    await start(order);
    gateway.pay(order.orderNo, { minor: 1, currency: 'CNY' });
    expect(await checkPayment(deps, order.orderNo)).toMatchObject({
      found: 'mismatch',
      order: { status: 'pending_payment' },
    });
    expect(await cancelOrder(deps, { orderNo: order.orderNo, userId: order.userId as number })).toBe('processing');
    expect(
      await rows(db, `select 1 from payment_notifications where order_no = :no and flag is not null`, {
        no: order.orderNo,
      }),
    ).toHaveLength(1);
  });
});

describe('a paid answer without an amount', () => {
  test('proves no payment of this order', async () => {
    const order = await newOrder();
    await start(order);
    gateway.queryPayment = async () => ({
      status: 'paid',
      providerStatus: 'paid',
      providerPaymentId: `PAY-${order.orderNo}`,
      amount: null,
      paidAt: null,
    });
    expect(await checkPayment(deps, order.orderNo)).toMatchObject({
      found: 'mismatch',
      order: { status: 'pending_payment' },
    });
  });
});

describe('an order that ended unpaid', () => {
  test('is asked about and closed at its gateway until that is sure', async () => {
    const order = await newOrder();
    await start(order);
    await changed(db, `update orders set status = 'failed' where id = :id`, { id: order.id });
    gateway.down = true;
    await closeAtGateways(deps, (await findOrder(db, order.orderNo)) as Order);
    expect((await takeUnclosed(db, 100, 0)).map(({ id }) => id)).toContain(order.id);
    gateway.down = false;
    await closeAtGateways(deps, (await findOrder(db, order.orderNo)) as Order);
    expect(gateway.payments.get(order.orderNo)?.status).toBe('closed');
    expect((await takeUnclosed(db, 100, 0)).map(({ id }) => id)).not.toContain(order.id);
  });

  test('and was paid all the same is paid', async () => {
    const order = await newOrder();
    await start(order);
    await changed(db, `update orders set status = 'failed' where id = :id`, { id: order.id });
    gateway.pay(order.orderNo);
    await closeAtGateways(deps, (await findOrder(db, order.orderNo)) as Order);
    expect(await status(order)).toBe('paid');
  });
});

describe('an order whose time is over', () => {
  test('is closed at the gateway, expires and loses its button', async () => {
    const order = await newOrder();
    await start(order);
    await overdue(order);
    expect(await expireOrder(deps, order.orderNo)).toBe('expired');
    expect(gateway.payments.get(order.orderNo)?.status).toBe('closed');
    expect(await status(order)).toBe('expired');
    expect(await edits(order)).toEqual([`pay-edit:${order.orderNo}:pingpong:expired`]);
  });

  test('but was paid at the last moment is paid', async () => {
    const order = await newOrder();
    await start(order);
    await overdue(order);
    gateway.pay(order.orderNo);
    expect(await expireOrder(deps, order.orderNo)).toBe('paid');
    expect(await status(order)).toBe('paid');
  });

  test('waits for a gateway that does not answer, but not for ever', async () => {
    const order = await newOrder();
    await start(order);
    await overdue(order);
    gateway.down = true;
    expect(await expireOrder(deps, order.orderNo)).toBe('later');
    expect(await status(order)).toBe('pending_payment');
    await overdue(order, '2 hours');
    expect(await expireOrder(deps, order.orderNo)).toBe('expired');
  });

  test('and was never paid for anywhere simply expires', async () => {
    const order = await newOrder();
    await overdue(order);
    expect(await expireOrder(deps, order.orderNo)).toBe('expired');
  });
});

test('a payment at a gateway whose keys are not here stays open, so that whoever has them still closes it', async () => {
  const order = await newOrder();
  await startPayment(deps, { orderNo: order.orderNo, provider: 'pingpong' });
  await cancelOrder({ ...deps, clients: new Map() }, { orderNo: order.orderNo, userId: order.userId as number });
  expect(await row(db, 'select status from payment_attempts where order_id = :id', { id: order.id })).toEqual({
    status: 'open',
  });
});

describe('cancelling', () => {
  test('ends an unpaid order as expired, with that reason', async () => {
    const order = await newOrder();
    await start(order);
    expect(await cancelOrder(deps, { orderNo: order.orderNo, userId: order.userId as number })).toBe('cancelled');
    expect(await findOrder(db, order.orderNo)).toMatchObject({ status: 'expired', reason: 'cancelled' });
    expect(await edits(order)).toEqual([`pay-edit:${order.orderNo}:pingpong:cancelled`]);
  });

  test('is not possible for somebody else', async () => {
    const order = await newOrder();
    expect(await cancelOrder(deps, { orderNo: order.orderNo, userId: (await aUser(db)).id })).toBe('not_cancellable');
    expect(await status(order)).toBe('pending_payment');
  });

  test('an order that was paid meanwhile keeps it paid', async () => {
    const order = await newOrder();
    await start(order);
    gateway.pay(order.orderNo);
    expect(await cancelOrder(deps, { orderNo: order.orderNo, userId: order.userId as number })).toBe('paid');
    expect(await status(order)).toBe('paid');
  });
});
