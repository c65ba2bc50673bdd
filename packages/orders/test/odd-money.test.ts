import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { changed, type Db, row, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import type { Money } from '@mingdan/kernel';
import {
  answersTo,
  findOrder,
  type NoticeToRecord,
  type Order,
  oddMoney,
  overdueHeldPayments,
  quietVerdicts,
  recordNotice,
  requestRefundOfOrder,
  settleHeldPayment,
} from '../src/index.ts';
import { anAttempt, anUnpaidOrder, aPaidOrder, paidNotice, testDatabase } from '../src/testing.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());

const cny = (minor: number): Money => ({ minor, currency: 'CNY' });
const take = async (notice: NoticeToRecord): Promise<string> => (await recordNotice(db, notice)).verdict;
const status = async (order: Order) => (await findOrder(db, order.orderNo))?.status;
const held = (key: string) =>
  row<{ id: number; status: string; verdict: string; amount_minor: number | null; order_id: number | null }>(
    db,
    'select * from held_payments where payment_key = :key',
    { key },
  );
const heldId = async (key: string): Promise<number> => (await held(key))?.id ?? 0;
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

describe('the table of odd money', () => {
  test('names every verdict once, and none of the quiet ones as a matter for a person', () => {
    const verdicts = oddMoney.map(({ verdict }) => verdict);
    expect(new Set(verdicts).size).toBe(verdicts.length);
    for (const { verdict, leadsTo } of oddMoney) {
      if (quietVerdicts.some((quiet) => quiet === verdict)) expect(['deliver', 'refund']).toContain(leadsTo);
    }
  });

  test('offers nothing but waiting where the amount is not known', () => {
    expect(answersTo('a_problem_nobody_foresaw')).toEqual(['wait']);
  });

  test.each([
    ['too little', { amount: cny(1000) }, 'amount_mismatch'],
    ['too much', { amount: cny(5000) }, 'amount_mismatch'],
    ['another currency', { amount: { minor: 1990, currency: 'USD' } as Money }, 'currency_mismatch'],
    ['a foreign payment id', { paymentId: 'PAY-FOREIGN' }, 'payment_id_mismatch'],
  ])('holds a payment of %s, and flips nothing', async (_what, changes, verdict) => {
    const order = await anUnpaidOrder(db);
    const notice = { ...paidNotice(order, changes), providerPaymentId: `${_what}-${order.orderNo}` };
    if (verdict !== 'payment_id_mismatch')
      await changed(db, 'update payment_attempts set provider_payment_id = null where order_id = :id', {
        id: order.id,
      });
    expect(await take(notice)).toBe(verdict);
    expect(await status(order)).toBe('pending_payment');
    expect(await payments(order)).toEqual([]);
    expect(await held(notice.providerPaymentId)).toMatchObject({ status: 'held', verdict, order_id: order.id });
  });

  test('holds a payment by a provider the order has no payment at', async () => {
    const order = await anUnpaidOrder(db);
    const notice = paidNotice(order, { provider: 'stripe', paymentId: `cs_${order.orderNo}` });
    expect(await take(notice)).toBe('other_provider');
    expect(await held(`cs_${order.orderNo}`)).toMatchObject({ status: 'held', amount_minor: 1990 });
  });

  test('holds a payment for an order that does not exist, and gives it back on demand', async () => {
    const notice = {
      ...paidNotice({ orderNo: 'REPORT_20200101_AAAAAAAA', amount: cny(700) }),
      providerPaymentId: 'PAY-LOST',
    };
    expect(await take(notice)).toBe('unknown_order');
    const id = await heldId('PAY-LOST');
    expect(await settleHeldPayment(db, id, 'deliver', 'operator')).toBe('no_order');
    expect(await settleHeldPayment(db, id, 'refund', 'operator')).toBe('refunding');
    expect(
      await row(
        db,
        `select order_id, amount_minor, status from refund_records where provider = 'pingpong' and amount_minor = 700`,
      ),
    ).toEqual({ order_id: null, amount_minor: 700, status: 'requested' });
  });

  test('keeps a payment whose amount could not be read for people alone', async () => {
    const order = await anUnpaidOrder(db);
    const notice = { ...paidNotice(order, { amount: null }), problem: 'unreadable_amount' };
    expect(await take(notice)).toBe('unreadable_amount');
    const id = await heldId(`PAY-${order.orderNo}`);
    expect(await settleHeldPayment(db, id, 'refund', 'operator')).toBe('amount_unknown');
    await changed(db, `update held_payments set decide_by = now() - interval '1 hour' where id = :id`, { id });
    expect((await overdueHeldPayments(db, 100)).map((each) => each.id)).not.toContain(id);
  });

  test('delivers a held payment after all, with what really came, once', async () => {
    const order = await anUnpaidOrder(db, { paymentId: null });
    await take(paidNotice(order, { amount: cny(1989) }));
    const id = await heldId(`PAY-${order.orderNo}`);
    const answers = await Promise.all([1, 2, 3].map(() => settleHeldPayment(db, id, 'deliver', 'operator')));
    expect(answers.sort()).toEqual(['already', 'already', 'delivered']);
    expect(await status(order)).toBe('paid');
    expect(await payments(order)).toMatchObject([{ amount_minor: 1989 }]);
  });

  test('does not deliver held money for an order that was paid meanwhile', async () => {
    const order = await anUnpaidOrder(db, { paymentId: null });
    await take(paidNotice(order, { amount: cny(100), paymentId: `ODD-${order.orderNo}` }));
    expect(await take(paidNotice(order))).toBe('paid');
    expect(await settleHeldPayment(db, await heldId(`ODD-${order.orderNo}`), 'deliver', 'operator')).toBe('order_paid');
  });

  test('gives 72 hours more to held money that waits for the difference', async () => {
    const order = await anUnpaidOrder(db, { paymentId: null });
    await take(paidNotice(order, { amount: cny(1000) }));
    const id = await heldId(`PAY-${order.orderNo}`);
    await changed(db, `update held_payments set decide_by = now() - interval '1 hour' where id = :id`, { id });
    expect((await overdueHeldPayments(db, 100)).map((each) => each.id)).toContain(id);
    expect(await settleHeldPayment(db, id, 'wait', 'operator')).toBe('waiting');
    expect((await overdueHeldPayments(db, 100)).map((each) => each.id)).not.toContain(id);
  });

  test('lets go of held money when its own payment turns out whole', async () => {
    const order = await anUnpaidOrder(db, { paymentId: null });
    await take(paidNotice(order, { amount: cny(1000) }));
    await changed(
      db,
      `insert into inbox_items (kind, dedupe_key) select 'money_unmatched', 'held:' || id from held_payments where payment_key = :key`,
      { key: `PAY-${order.orderNo}` },
    );
    expect(await take(paidNotice(order))).toBe('paid');
    const released = await held(`PAY-${order.orderNo}`);
    expect(released?.status).toBe('dropped');
    expect(
      await row(db, `select status from inbox_items where dedupe_key = 'held:' || :id::text`, {
        id: released?.id ?? 0,
      }),
    ).toEqual({
      status: 'resolved',
    });
  });

  test('never holds money a second time that is booked already', async () => {
    const order = await aPaidOrder(db);
    expect(await take(paidNotice(order, { amount: cny(5) }))).toBe('amount_mismatch');
    expect(await held(`PAY-${order.orderNo}`)).toBeUndefined();
  });

  test.each(['expired', 'failed'] as const)('delivers a payment that comes after the order %s', async (ended) => {
    const order = await anUnpaidOrder(db);
    await changed(db, 'update orders set status = :ended where id = :id', { ended, id: order.id });
    expect(await take(paidNotice(order))).toBe('paid');
    expect(await status(order)).toBe('paid');
  });

  test('gives a second payment back by itself', async () => {
    const order = await aPaidOrder(db);
    await anAttempt(db, order, null, 'alipay');
    expect(await take(paidNotice(order, { provider: 'alipay', paymentId: `ALI-${order.orderNo}` }))).toBe(
      'second_payment',
    );
    expect(await refunds(order)).toMatchObject([{ status: 'requested', reason: 'second_payment', amount_minor: 1990 }]);
  });

  test('marks a disputed payment, whose refund is then left to people', async () => {
    const order = await aPaidOrder(db);
    expect(await take({ ...paidNotice(order), kind: 'disputed', eventId: `dispute:${order.orderNo}` })).toBe(
      'disputed',
    );
    await db.transaction((tx) =>
      requestRefundOfOrder(tx, { orderId: order.id, reason: 'deadline', by: 'housekeeping' }),
    );
    expect(await refunds(order)).toMatchObject([{ status: 'manual', amount_minor: 1990 }]);
  });
});

describe('money that is seen and not final', () => {
  test('keeps the order from expiring, and changes no state', async () => {
    const order = await anUnpaidOrder(db);
    expect(await take({ ...paidNotice(order), kind: 'processing', eventId: `seen:${order.orderNo}` })).toBe('seen');
    expect(await take({ ...paidNotice(order), kind: 'processing', eventId: `seen:${order.orderNo}` })).toBe('noted');
    expect((await findOrder(db, order.orderNo))?.paymentSeenAt).toBeInstanceOf(Date);
    expect(await status(order)).toBe('pending_payment');
  });

  test('of a part of the amount is no matter for people yet', async () => {
    const order = await anUnpaidOrder(db);
    const notice = {
      ...paidNotice(order, { amount: cny(10) }),
      kind: 'processing',
      eventId: `part:${order.orderNo}`,
    } as const;
    expect(await take(notice)).toBe('noted');
  });
});
