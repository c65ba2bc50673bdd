import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { changed, type Db, row, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { findOrder, type Order, type RecordedNotice, recordNotice } from '../src/index.ts';
import { recordRefusedNotice } from '../src/record-notice.ts';
import { anAttempt, anUnpaidOrder, aPaidOrder, paidNotice, testDatabase } from '../src/testing.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());

const raw = { digest: Buffer.alloc(32, 1), sealed: null };
const record = (notice: Parameters<typeof recordNotice>[1]): Promise<RecordedNotice> => recordNotice(db, notice, raw);
const status = async (order: Order) => (await findOrder(db, order.orderNo))?.status;
const payments = (order: Order) =>
  rows(db, 'select * from payment_transactions where order_id = :id', { id: order.id });
const refunds = (order: Order) =>
  rows<{ status: string; reason: string; amount_minor: number }>(
    db,
    'select * from refund_records where order_id = :id',
    { id: order.id },
  );
const stored = (eventId: string) =>
  row<{ verdict: string; flag: unknown; repeats: number }>(
    db,
    'select verdict, flag, repeats from payment_notifications where event_id = :eventId',
    { eventId },
  );

describe('a paid notice', () => {
  test('flips an unpaid order and records one payment', async () => {
    const order = await anUnpaidOrder(db);
    expect(await record(paidNotice(order))).toEqual({ verdict: 'paid', orderNo: order.orderNo, wake: true });
    expect(await status(order)).toBe('paid');
    expect(await payments(order)).toMatchObject([
      { provider: 'pingpong', provider_payment_id: `PAY-${order.orderNo}`, amount_minor: 1990, status: 'captured' },
    ]);
  });

  test('twenty times at once flips once, records one payment and one notice', async () => {
    const order = await anUnpaidOrder(db);
    const answers = await Promise.all(Array.from({ length: 20 }, () => record(paidNotice(order))));
    expect(answers.filter((answer) => answer.verdict === 'paid')).toHaveLength(1);
    expect(answers.filter((answer) => answer.verdict === 'already')).toHaveLength(19);
    expect(await payments(order)).toHaveLength(1);
    expect(await stored(paidNotice(order).eventId)).toMatchObject({ verdict: 'paid', repeats: 19, flag: null });
    const events = await rows(db, `select * from order_events where order_id = :id and status = 'paid'`, {
      id: order.id,
    });
    expect(events).toHaveLength(1);
  });

  test('of another amount is kept and flagged, and moves nothing', async () => {
    const order = await anUnpaidOrder(db);
    const notice = paidNotice(order, { amount: { minor: 1989, currency: 'CNY' } });
    expect(await record(notice)).toMatchObject({ verdict: 'amount_mismatch' });
    expect(await status(order)).toBe('pending_payment');
    expect(await payments(order)).toHaveLength(0);
    expect(await stored(notice.eventId)).toMatchObject({ flag: { verdict: 'amount_mismatch', amount_minor: 1989 } });
  });

  test('of another currency is flagged', async () => {
    const order = await anUnpaidOrder(db);
    expect(await record(paidNotice(order, { amount: { minor: 1990, currency: 'USD' } }))).toMatchObject({
      verdict: 'currency_mismatch',
    });
    expect(await status(order)).toBe('pending_payment');
  });

  test('for another merchant is flagged', async () => {
    const order = await anUnpaidOrder(db);
    expect(await record({ ...paidNotice(order), merchantMatches: false })).toMatchObject({ verdict: 'other_merchant' });
    expect(await status(order)).toBe('pending_payment');
  });

  test('whose amount could not be read is flagged, not booked', async () => {
    const order = await anUnpaidOrder(db);
    expect(await record({ ...paidNotice(order, { amount: null }), problem: 'unreadable_amount' })).toMatchObject({
      verdict: 'unreadable_amount',
    });
    expect(await status(order)).toBe('pending_payment');
  });

  test('by a provider that the order was not created with never flips it', async () => {
    const order = await anUnpaidOrder(db);
    expect(await record(paidNotice(order, { provider: 'stripe' }))).toMatchObject({ verdict: 'other_provider' });
    expect(await status(order)).toBe('pending_payment');
  });

  test('for an order we do not have is kept', async () => {
    const notice = {
      ...paidNotice({ orderNo: 'REPORT_20260101_00000000', amount: { minor: 1, currency: 'CNY' } }),
      eventId: 'paid:nobody',
    };
    expect(await record(notice)).toMatchObject({ verdict: 'unknown_order' });
    expect(await stored('paid:nobody')).toMatchObject({ verdict: 'unknown_order' });
  });

  test('with a foreign payment id does not pay an unpaid order', async () => {
    const order = await anUnpaidOrder(db);
    expect(await record(paidNotice(order, { paymentId: 'SOMEBODY-ELSES' }))).toMatchObject({
      verdict: 'payment_id_mismatch',
    });
    expect(await status(order)).toBe('pending_payment');
  });

  test('with the payment id of another order is flagged', async () => {
    const paid = await aPaidOrder(db);
    const order = await anUnpaidOrder(db, { paymentId: null });
    expect(
      await record({ ...paidNotice(order, { paymentId: `PAY-${paid.orderNo}` }), eventId: 'reused' }),
    ).toMatchObject({ verdict: 'payment_of_other_order' });
    expect(await status(order)).toBe('pending_payment');
  });

  test('without payment id, amount and currency pays the order', async () => {
    const order = await anUnpaidOrder(db);
    expect(await record(paidNotice(order, { paymentId: null, amount: null }))).toMatchObject({ verdict: 'paid' });
    expect(await payments(order)).toMatchObject([{ provider_payment_id: `PAY-${order.orderNo}`, amount_minor: 1990 }]);
  });

  test('without payment id is never a second payment', async () => {
    const order = await aPaidOrder(db);
    expect(await record(paidNotice(order, { paymentId: null }))).toMatchObject({ verdict: 'already' });
    expect(await refunds(order)).toHaveLength(0);
  });

  test('that tells the payment id later belongs to the same payment', async () => {
    const order = await anUnpaidOrder(db, { paymentId: null });
    await record(paidNotice(order, { paymentId: null }));
    expect(await record(paidNotice(order, { paymentId: 'LATER' }))).toMatchObject({ verdict: 'already' });
    expect(await payments(order)).toMatchObject([{ provider_payment_id: 'LATER' }]);
    expect(await refunds(order)).toHaveLength(0);
  });

  test('with a second payment id on a paid order becomes one refund of exactly that payment', async () => {
    const order = await aPaidOrder(db);
    const second = paidNotice(order, { paymentId: 'SECOND' });
    expect(await record(second)).toMatchObject({ verdict: 'second_payment', wake: true });
    expect(await record(second)).toMatchObject({ verdict: 'already' });
    expect(await payments(order)).toHaveLength(2);
    expect(await refunds(order)).toMatchObject([{ status: 'requested', reason: 'second_payment', amount_minor: 1990 }]);
    expect(await status(order)).toBe('paid');
  });

  test('twenty copies of a second payment at once ask for one refund', async () => {
    const order = await aPaidOrder(db);
    await Promise.all(
      Array.from({ length: 20 }, () => record(paidNotice(order, { paymentId: `SECOND-${order.orderNo}` }))),
    );
    expect(await refunds(order)).toHaveLength(1);
  });

  test('revives an expired order', async () => {
    const order = await anUnpaidOrder(db);
    await changed(db, `update orders set status = 'expired' where id = :id`, { id: order.id });
    expect(await record(paidNotice(order))).toMatchObject({ verdict: 'paid' });
    expect(await findOrder(db, order.orderNo)).toMatchObject({ status: 'paid', reason: 'paid_late' });
  });

  test('after a failed try pays the order after all', async () => {
    const order = await anUnpaidOrder(db);
    expect(await record({ ...paidNotice(order), kind: 'failed', eventId: `failed:${order.orderNo}` })).toMatchObject({
      verdict: 'failed',
    });
    expect(await status(order)).toBe('failed');
    expect(await record(paidNotice(order))).toMatchObject({ verdict: 'paid' });
    expect(await status(order)).toBe('paid');
  });

  test('of the right amount still flips after a copy with a wrong one', async () => {
    const order = await anUnpaidOrder(db);
    const eventId = `same:${order.orderNo}`;
    await record({ ...paidNotice(order, { amount: { minor: 1, currency: 'CNY' } }), eventId });
    expect(await record({ ...paidNotice(order), eventId })).toMatchObject({ verdict: 'paid' });
    expect(await stored(eventId)).toMatchObject({ verdict: 'paid', flag: { verdict: 'amount_mismatch' } });
  });

  test('of a second attempt is compared with that attempt', async () => {
    const order = await anUnpaidOrder(db);
    await anAttempt(db, order, 'SESSION', 'stripe');
    expect(await record(paidNotice(order, { provider: 'stripe', paymentId: 'SESSION' }))).toMatchObject({
      verdict: 'paid',
    });
    expect(await findOrder(db, order.orderNo)).toMatchObject({ provider: 'stripe' });
    expect(await record(paidNotice(order))).toMatchObject({ verdict: 'second_payment' });
  });
});

describe('a failed notice', () => {
  test('never touches a paid order', async () => {
    const order = await aPaidOrder(db);
    expect(await record({ ...paidNotice(order), kind: 'failed', eventId: `failed:${order.orderNo}` })).toMatchObject({
      verdict: 'already',
    });
    expect(await status(order)).toBe('paid');
  });

  test('with another amount is flagged and leaves the order payable', async () => {
    const order = await anUnpaidOrder(db);
    const notice = {
      ...paidNotice(order, { amount: { minor: 5, currency: 'CNY' as const } }),
      kind: 'failed' as const,
      eventId: `failed:${order.orderNo}`,
    };
    expect(await record(notice)).toMatchObject({ verdict: 'amount_mismatch' });
    expect(await status(order)).toBe('pending_payment');
  });
});

describe('a notice of an unknown kind', () => {
  test('is noted and changes nothing', async () => {
    const order = await anUnpaidOrder(db);
    expect(await record({ ...paidNotice(order), kind: 'pending', eventId: `pending:${order.orderNo}` })).toEqual({
      verdict: 'noted',
      orderNo: order.orderNo,
      wake: false,
    });
    expect(await status(order)).toBe('pending_payment');
  });
});

test('text that no database column takes is cleaned, cut and kept', async () => {
  const answer = await record({
    ...paidNotice({ orderNo: 'x', amount: { minor: 1, currency: 'CNY' } }),
    gatewayOrderId: `\u0000${'长'.repeat(5000)}`,
    eventId: `e\u0000${'x'.repeat(900)}`,
  });
  expect(answer).toMatchObject({ verdict: 'unknown_order', orderNo: null });
});

test('of refused notices at most five a second are kept', async () => {
  await Promise.all(
    Array.from({ length: 12 }, () =>
      recordRefusedNotice(db, {
        provider: 'pingpong',
        why: 'the signature does not match',
        digest: raw.digest,
        size: 10,
      }),
    ),
  );
  const kept = await row<{ count: number }>(db, 'select count(*) as count from refused_notices');
  expect(kept?.count).toBe(5);
});

describe('a refund notice', () => {
  async function refunding(): Promise<{ order: Order; refundId: string }> {
    const order = await aPaidOrder(db);
    const asked = await row<{ id: string }>(
      db,
      `select request_refund_of_payment('pingpong', :paymentId, 'test', 'test') as id`,
      { paymentId: `PAY-${order.orderNo}` },
    );
    return { order, refundId: asked?.id as string };
  }
  const told = (
    order: Order,
    refundId: string,
    kind: 'refunded' | 'refund_failed',
    amount: { minor: number; currency: 'CNY' | 'USD' } | null = null,
  ) =>
    record({
      ...paidNotice(order, { amount: null }),
      kind,
      refundId,
      amount,
      eventId: `${kind}:${refundId}:${amount?.minor ?? ''}${amount?.currency ?? ''}`,
    });
  const statusOf = (refundId: string) =>
    row<{ status: string }>(db, 'select status from refund_records where refund_id = :refundId', { refundId });

  test('settles its refund, once', async () => {
    const { order, refundId } = await refunding();
    expect(await told(order, refundId, 'refunded')).toMatchObject({ verdict: 'settled' });
    expect(await told(order, refundId, 'refunded')).toMatchObject({ verdict: 'already' });
    expect(await payments(order)).toMatchObject([{ refunded_minor: 1990, status: 'refunded' }]);
  });

  test('of another amount or currency settles nothing', async () => {
    const { order, refundId } = await refunding();
    expect(await told(order, refundId, 'refunded', { minor: 1, currency: 'CNY' })).toMatchObject({
      verdict: 'amount_mismatch',
    });
    expect(await told(order, refundId, 'refunded', { minor: 1990, currency: 'USD' })).toMatchObject({
      verdict: 'amount_mismatch',
    });
    expect(await statusOf(refundId)).toEqual({ status: 'requested' });
  });

  test('that names another order settles nothing', async () => {
    const { refundId } = await refunding();
    expect(await told(await aPaidOrder(db), refundId, 'refunded')).toMatchObject({ verdict: 'unknown_refund' });
    expect(await statusOf(refundId)).toEqual({ status: 'requested' });
  });

  test('that comes after the refund was given up is believed, and the money is not given twice', async () => {
    const { order, refundId } = await refunding();
    await told(order, refundId, 'refund_failed');
    expect(await told(order, refundId, 'refunded')).toMatchObject({ verdict: 'settled' });
    expect(await payments(order)).toMatchObject([{ refund_reserved_minor: 1990, refunded_minor: 1990 }]);
    const again = await row<{ id: string | null }>(
      db,
      `select request_refund_of_payment('pingpong', :paymentId, 'test', 'test') as id`,
      { paymentId: `PAY-${order.orderNo}` },
    );
    expect(again?.id).toBeNull();
  });
});

test('a second payment under the payment id of another order is flagged, not taken for a repeat', async () => {
  const other = await aPaidOrder(db);
  const order = await aPaidOrder(db);
  expect(
    await record({ ...paidNotice(order, { paymentId: `PAY-${other.orderNo}` }), eventId: 'reused-on-paid' }),
  ).toMatchObject({ verdict: 'payment_of_other_order' });
  expect(await refunds(order)).toEqual([]);
});
