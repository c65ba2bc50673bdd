import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { changed, type Db, row, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { findOrder, type Order } from '@mingdan/orders';
import { anOrder, testDatabase } from '@mingdan/orders/testing';
import type { ListedPayment } from '@mingdan/payments';
import {
  askDuePayments,
  compareDay,
  compareYesterday,
  comparisonsSince,
  confirmPayment,
  expireOrder,
  type OperationDeps,
  startPayment,
  yesterdayInShanghai,
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
beforeEach(async () => {
  for (const table of [
    'reconciliations',
    'held_payments',
    'refund_records',
    'payment_transactions',
    'payment_attempts',
  ])
    await changed(db, `delete from ${table}`);
  gateway = new FakeGateway();
  deps = operationDeps(db, gateway);
});

async function started(): Promise<Order> {
  const order = await anOrder(db);
  await startPayment(deps, { orderNo: order.orderNo, provider: 'pingpong' });
  return order;
}
const status = async (order: Order) => (await findOrder(db, order.orderNo))?.status;
const minutesLater = (order: Order, minutes: number) =>
  changed(
    db,
    `update payment_attempts set created_at = created_at - make_interval(mins => :minutes), ask_at = ask_at - make_interval(mins => :minutes) where order_id = :id`,
    { id: order.id, minutes },
  );
const today = () => new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Shanghai' }).format(new Date());

describe('an unpaid payment', () => {
  test('is asked about two, five and fifteen minutes after it was opened, and then no more by the clock', async () => {
    const order = await started();
    const asked: number[] = [];
    for (let minute = 1; minute <= 20; minute += 1) {
      await minutesLater(order, 1);
      const before = gateway.queries;
      await askDuePayments(deps);
      if (gateway.queries > before) asked.push(minute);
    }
    expect(asked).toEqual([2, 5, 15]);
  });

  test('whose notice was lost is found by asking', async () => {
    const order = await started();
    gateway.pay(order.orderNo);
    await minutesLater(order, 2);
    await askDuePayments(deps);
    expect(await status(order)).toBe('paid');
  });

  test('is asked about by one of several processes', async () => {
    const order = await started();
    await minutesLater(order, 2);
    await Promise.all([askDuePayments(deps), askDuePayments(deps), askDuePayments(deps)]);
    expect(gateway.queries).toBe(1);
  });

  test('that is seen and not final keeps its order from expiring until it comes or goes', async () => {
    const order = await started();
    gateway.payment(order.orderNo).status = 'processing';
    await changed(db, `update orders set expires_at = now() - interval '2 hours' where id = :id`, { id: order.id });
    expect(await expireOrder(deps, order.orderNo)).toBe('later');
    expect((await findOrder(db, order.orderNo))?.paymentSeenAt).not.toBeNull();
    gateway.payment(order.orderNo).status = 'pending';
    expect(await expireOrder(deps, order.orderNo)).toBe('expired');
  });
});

describe('a second proof of a payment', () => {
  test('is the gateway saying that it is paid, with that amount', async () => {
    const order = await started();
    gateway.pay(order.orderNo);
    await minutesLater(order, 2);
    await askDuePayments(deps);
    expect(await confirmPayment(deps, order)).toBe('confirmed');
  });

  test('fails where a notice was signed with a stolen key and the gateway knows of no payment', async () => {
    const order = await started();
    gateway.pay(order.orderNo);
    await minutesLater(order, 2);
    await askDuePayments(deps);
    gateway.payment(order.orderNo).status = 'pending';
    expect(await confirmPayment(deps, order)).toBe('denied');
  });

  test('is not known while the gateway does not answer', async () => {
    const order = await started();
    gateway.pay(order.orderNo);
    await minutesLater(order, 2);
    await askDuePayments(deps);
    gateway.down = true;
    expect(await confirmPayment(deps, order)).toBe('unknown');
  });
});

describe('the daily comparison', () => {
  async function paid(): Promise<Order> {
    const order = await started();
    gateway.pay(order.orderNo);
    await minutesLater(order, 2);
    await askDuePayments(deps);
    return order;
  }

  test('of a gateway without a list asks for each payment, and agrees', async () => {
    await paid();
    await started();
    expect(await compareDay(deps, 'pingpong', today())).toMatchObject({
      by: 'query',
      oursCount: 1,
      oursMinor: 1990,
      theirsCount: 1,
      theirsMinor: 1990,
      differences: [],
    });
  });

  test('books what they have and we did not, and tells the operators', async () => {
    const order = await started();
    gateway.pay(order.orderNo);
    expect(await compareDay(deps, 'pingpong', today())).toMatchObject({
      oursMinor: 0,
      theirsMinor: 1990,
      differences: [{ what: 'missing_here', gatewayOrderId: order.orderNo, theirsMinor: 1990 }],
    });
    expect(await status(order)).toBe('paid');
    expect(
      await row(db, `select 1 as told from outbox where dedupe_key = :key`, { key: `alarm:day:pingpong:${today()}` }),
    ).toEqual({ told: 1 });
  });

  test('shows what we have and they do not', async () => {
    const order = await paid();
    gateway.payments.delete(order.orderNo);
    expect(await compareDay(deps, 'pingpong', today())).toMatchObject({
      differences: [{ what: 'missing_there', oursMinor: 1990, theirsMinor: null }],
    });
  });

  test('uses the list of a gateway that has one, and leaves out what other shops of the account took', async () => {
    const order = await paid();
    const list: ListedPayment[] = [
      {
        gatewayOrderId: order.orderNo,
        providerPaymentId: `PAY-${order.orderNo}`,
        amount: { minor: 1990, currency: 'CNY' },
        refundedMinor: 0,
        paidAt: new Date(),
      },
      {
        gatewayOrderId: 'somebody-elses-7',
        providerPaymentId: 'X',
        amount: { minor: 5, currency: 'CNY' },
        refundedMinor: 0,
        paidAt: new Date(),
      },
    ];
    gateway.listPayments = async () => list;
    expect(await compareDay(deps, 'pingpong', today())).toMatchObject({ by: 'list', theirsCount: 1, differences: [] });
  });

  test('counts money that is held for a decision as ours, not as a lost notice', async () => {
    const order = await started();
    gateway.pay(order.orderNo, { minor: 1000, currency: 'CNY' });
    await minutesLater(order, 2);
    await askDuePayments(deps);
    expect(await compareDay(deps, 'pingpong', today())).toMatchObject({
      oursMinor: 1000,
      theirsMinor: 1000,
      differences: [],
    });
  });

  test('sees a refund that only they know of', async () => {
    const order = await paid();
    const list: ListedPayment[] = [
      {
        gatewayOrderId: order.orderNo,
        providerPaymentId: `PAY-${order.orderNo}`,
        amount: { minor: 1990, currency: 'CNY' },
        refundedMinor: 300,
        paidAt: new Date(),
      },
    ];
    gateway.listPayments = async () => list;
    expect(await compareDay(deps, 'pingpong', today())).toMatchObject({
      differences: [{ what: 'refunded', oursMinor: 0, theirsMinor: 300 }],
    });
  });

  test('of yesterday is made once, and again only where the gateway did not answer', async () => {
    await started();
    await changed(db, `update payment_attempts set created_at = now() - interval '1 day'`);
    gateway.down = true;
    await compareYesterday(deps);
    expect(await rows(db, 'select 1 from reconciliations')).toEqual([]);
    gateway.down = false;
    await compareYesterday(deps);
    await compareYesterday(deps);
    expect(await comparisonsSince(deps, new Date(Date.now() - 3 * 86_400_000))).toMatchObject([
      { provider: 'pingpong', day: yesterdayInShanghai(new Date()), differences: [] },
    ]);
  });
});
