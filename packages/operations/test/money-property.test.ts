import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { changed, type Db, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import {
  expire,
  findOrder,
  type NoticeToRecord,
  type Order,
  recordNotice,
  settleHeldPayment,
  settleRefund,
} from '@mingdan/orders';
import { anUnpaidOrder, testDatabase } from '@mingdan/orders/testing';
import fc from 'fast-check';
import { askForRefund } from '../src/index.ts';
import { FakeGateway, operationDeps } from './fake-gateway.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());

const PRICE = 1990;

/** What the gateway itself knows: the truth that our books are held against. */
class Truth {
  readonly payments = new Map<string, { amount: number; refunded: number; told: boolean }>();
  readonly refunds = new Map<string, number>();

  refund(paymentId: string, refundId: string, amount: number): boolean {
    if (this.refunds.has(refundId)) return true;
    const payment = this.payments.get(paymentId);
    if (!payment || payment.refunded + amount > payment.amount) return false;
    payment.refunded += amount;
    this.refunds.set(refundId, amount);
    return true;
  }
}

type Act =
  | { readonly do: 'pay'; readonly payment: number; readonly amount: number; readonly told: number }
  | { readonly do: 'tell_again'; readonly payment: number }
  | { readonly do: 'end'; readonly how: 'expired' | 'cancelled' | 'failed' }
  | { readonly do: 'refund'; readonly by: 'buyer' | 'operator' }
  | { readonly do: 'console_refund'; readonly payment: number; readonly amount: number }
  | { readonly do: 'decide'; readonly answer: 'deliver' | 'wait' | 'refund' }
  | { readonly do: 'refunder'; readonly dies: boolean };

const payment = fc.integer({ min: 1, max: 3 });
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('pay' as const),
      payment,
      amount: fc.constantFrom(PRICE, PRICE, PRICE, 1000, 2500),
      told: fc.integer({ min: 0, max: 2 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('tell_again' as const), payment }) },
  fc.record({ do: fc.constant('end' as const), how: fc.constantFrom('expired', 'cancelled', 'failed') }),
  fc.record({ do: fc.constant('refund' as const), by: fc.constantFrom('buyer', 'operator') }),
  fc.record({ do: fc.constant('console_refund' as const), payment, amount: fc.constantFrom(300, 1000) }),
  fc.record({ do: fc.constant('decide' as const), answer: fc.constantFrom('deliver', 'wait', 'refund') }),
  { weight: 2, arbitrary: fc.record({ do: fc.constant('refunder' as const), dies: fc.boolean() }) },
);

const raw = { digest: Buffer.alloc(32), sealed: null };
const idOf = (order: Order, number: number): string => `PAY-${order.orderNo}-${number}`;

async function tell(order: Order, truth: Truth, number: number): Promise<void> {
  const paymentId = idOf(order, number);
  const found = truth.payments.get(paymentId);
  if (!found) return;
  found.told = true;
  await recordNotice(
    db,
    notice(order, { providerPaymentId: paymentId, amount: { minor: found.amount, currency: 'CNY' } }),
    raw,
  );
}

function notice(order: Order, changes: Partial<NoticeToRecord>): NoticeToRecord {
  return {
    provider: 'pingpong',
    eventId: `${changes.kind ?? 'paid'}:${changes.providerPaymentId}:${changes.refundId ?? ''}`,
    kind: 'paid',
    gatewayOrderId: order.orderNo,
    providerPaymentId: null,
    refundId: null,
    amount: null,
    merchantMatches: true,
    occurredAt: null,
    ...changes,
  };
}

async function play(order: Order, truth: Truth, step: Act): Promise<void> {
  switch (step.do) {
    case 'pay': {
      const id = idOf(order, step.payment);
      if (!truth.payments.has(id)) truth.payments.set(id, { amount: step.amount, refunded: 0, told: false });
      // The same notice at once, as gateways do it.
      await Promise.all(Array.from({ length: step.told }, () => tell(order, truth, step.payment)));
      return;
    }
    case 'tell_again':
      return tell(order, truth, step.payment);
    case 'end':
      if (step.how === 'failed') await recordNotice(db, notice(order, { kind: 'failed' }), raw);
      else await expire(db, order.id, step.how, 'test');
      return;
    case 'refund':
      await askForRefund(deps(), { orderNo: order.orderNo, reason: '', by: step.by });
      return;
    case 'console_refund':
      return refundInConsole(order, truth, step);
    case 'decide':
      return decideAll(order, step.answer);
    case 'refunder':
      return runRefunder(truth, order, step.dies);
  }
}

const deps = () => operationDeps(db, new FakeGateway());

async function refundInConsole(order: Order, truth: Truth, step: { payment: number; amount: number }): Promise<void> {
  const paymentId = idOf(order, step.payment);
  const refundId = `console-${paymentId}-${truth.refunds.size}`;
  // A person in the console sees what we have asked for already, and does not race it: the gateway would refuse the one that is too much.
  const [booked] = await rows<{ left: number }>(
    db,
    'select amount_minor - refund_reserved_minor as left from payment_transactions where provider_payment_id = :paymentId',
    { paymentId },
  );
  if (!booked || booked.left < step.amount || !truth.refund(paymentId, refundId, step.amount)) return;
  const amount = { minor: step.amount, currency: 'CNY' } as const;
  await recordNotice(db, notice(order, { kind: 'refunded', providerPaymentId: paymentId, refundId, amount }), raw);
}

async function decideAll(order: Order, answer: 'deliver' | 'wait' | 'refund'): Promise<void> {
  const waiting = await rows<{ id: number }>(
    db,
    `select id from held_payments where order_id = :id and status = 'held' order by id`,
    {
      id: order.id,
    },
  );
  for (const { id } of waiting) await settleHeldPayment(db, id, answer, 'test');
}

/** Asks the gateway for every refund; where it dies, the gateway has done it and we do not know. */
async function runRefunder(truth: Truth, order: Order, dies: boolean): Promise<void> {
  const due = await rows<{ refundId: string; paymentId: string; amount: number }>(
    db,
    `select r.refund_id as "refundId", t.provider_payment_id as "paymentId", r.amount_minor as amount
       from refund_records r join payment_transactions t on t.id = r.transaction_id where t.order_id = :id and r.status in ('requested', 'pending')`,
    { id: order.id },
  );
  for (const { refundId, paymentId, amount } of due) {
    const done = truth.refund(paymentId, refundId, amount);
    if (!dies) await settleRefund(db, refundId, done ? 'succeeded' : 'failed', null);
  }
}

/** Everything that was promised happens: lost notices are found, undecided money goes back, refunds get through. */
async function comeToRest(order: Order, truth: Truth): Promise<void> {
  for (const number of [1, 2, 3]) await tell(order, truth, number);
  await decideAll(order, 'refund');
  await runRefunder(truth, order, false);
}

interface Booked {
  paymentId: string;
  amount: number;
  reserved: number;
  refunded: number;
}

async function checkBooks(order: Order, truth: Truth, atRest: boolean): Promise<void> {
  const booked = await rows<Booked>(
    db,
    `select provider_payment_id as "paymentId", amount_minor as amount, refund_reserved_minor as reserved, refunded_minor as refunded
       from payment_transactions where order_id = :id`,
    { id: order.id },
  );
  const held = await rows<{ paymentId: string; amount: number }>(
    db,
    `select payment_key as "paymentId", amount_minor as amount from held_payments where order_id = :id and status = 'held'`,
    { id: order.id },
  );
  const told = [...truth.payments].filter(([, { told }]) => told);
  const sum = (list: readonly { amount: number }[]): number => list.reduce((total, each) => total + each.amount, 0);
  // sum in = booked (delivered or refunded) + in the inbox, each payment exactly once
  expect(sum(booked) + sum(held)).toBe(told.reduce((total, [, each]) => total + each.amount, 0));
  expect([...booked, ...held].map(({ paymentId }) => paymentId).sort()).toEqual(told.map(([id]) => id).sort());
  for (const { paymentId, amount, reserved, refunded } of booked) {
    expect(refunded).toBeLessThanOrEqual(reserved);
    expect(reserved).toBeLessThanOrEqual(amount);
    expect(refunded).toBeLessThanOrEqual(truth.payments.get(paymentId)?.refunded ?? 0);
    if (atRest) expect(refunded).toBe(truth.payments.get(paymentId)?.refunded);
  }
  if (!atRest) return;
  const kept = booked.filter(({ amount, refunded }) => refunded < amount);
  const now = await findOrder(db, order.orderNo);
  // What we keep is the price of one order that is being delivered, and nothing beside it.
  expect(kept.length).toBeLessThanOrEqual(now?.status === 'paid' ? 1 : 0);
}

test('no sequence of notices, refunds, decisions and crashes loses or doubles money', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 14 }), async (acts) => {
      const order = await anUnpaidOrder(db, { paymentId: null });
      const truth = new Truth();
      for (const step of acts) {
        await play(order, truth, step);
        await checkBooks(order, truth, false);
      }
      await comeToRest(order, truth);
      await comeToRest(order, truth);
      await checkBooks(order, truth, true);
      await changed(db, 'delete from outbox where order_id = :id', { id: order.id });
    }),
    { numRuns: 120 },
  );
}, 60_000);
