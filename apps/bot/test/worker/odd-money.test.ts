import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { changed, type Db, row, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import type { Money } from '@mingdan/kernel';
import { refundOverdueHeld, resolveInboxItem } from '@mingdan/operations';
import { findOrder, type NoticeToRecord, type Order, recordNotice } from '@mingdan/orders';
import { anUnpaidOrder, aPaidOrder, paidNotice, testDatabase, testVault } from '@mingdan/orders/testing';
import type { Message } from '@mingdan/outbox';
import { FakeGateway, operationDeps } from '../../../../packages/operations/test/fake-gateway.ts';
import { remindOperators } from '../../src/worker/remind.ts';
import { tellFlaggedNotices } from '../../src/worker/tell-flagged.ts';
import { tellSeenPayments } from '../../src/worker/tell-payments.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());
beforeEach(() => changed(db, 'delete from outbox'));

const deps = () => operationDeps(db, new FakeGateway());
const cny = (minor: number): Money => ({ minor, currency: 'CNY' });
const take = (notice: NoticeToRecord) => recordNotice(db, notice, { digest: Buffer.alloc(32), sealed: null });
const inbox = (order: Order) =>
  rows<{ id: number; kind: string; status: string; details: { held_id?: number; answers?: string[] } }>(
    db,
    'select id, kind, status, details from inbox_items where order_id = :id order by id',
    { id: order.id },
  );
async function said(): Promise<{ to: 'buyer' | 'operators'; template: string; params: Record<string, unknown> }[]> {
  const sent = await rows<{ chatId: number; payload: Buffer }>(
    db,
    `select chat_id as "chatId", payload from outbox where payload is not null order by id`,
  );
  return sent.map(({ chatId, payload }) => {
    const { template, params = {} } = testVault.open('outbox.payload', payload) as Message;
    return { to: chatId === -100 ? 'operators' : 'buyer', template, params };
  });
}
async function underpaid(): Promise<Order> {
  const order = await anUnpaidOrder(db, { paymentId: null });
  await take(paidNotice(order, { amount: cny(1000) }));
  await tellFlaggedNotices(deps());
  return order;
}

describe('money that fits no order', () => {
  test('is told to its buyer and to the operators at once, with what can be answered', async () => {
    const order = await underpaid();
    expect(await said()).toMatchObject([
      {
        to: 'operators',
        template: 'alarm_money_unmatched',
        params: { amount: '10.00 CNY', verdict: 'amount_mismatch' },
      },
      { to: 'buyer', template: 'payment_unmatched', params: { came: '10.00 CNY', amount: '19.90 CNY' } },
    ]);
    expect(await inbox(order)).toMatchObject([
      { kind: 'money_unmatched', details: { answers: ['deliver', 'wait', 'refund'] } },
    ]);
  });

  test('is delivered after all where an operator says so', async () => {
    const order = await underpaid();
    const [item] = await inbox(order);
    expect(await resolveInboxItem(deps(), { id: item?.id ?? 0, note: '', held: 'deliver' })).toBe(true);
    expect((await findOrder(db, order.orderNo))?.status).toBe('paid');
    expect(await inbox(order)).toMatchObject([{ status: 'resolved' }]);
  });

  test('waits for the difference where an operator says so, and the matter stays open', async () => {
    const order = await underpaid();
    const [item] = await inbox(order);
    expect(await resolveInboxItem(deps(), { id: item?.id ?? 0, note: '', held: 'wait' })).toBe(true);
    expect(await inbox(order)).toMatchObject([{ status: 'open' }]);
  });

  test('goes back where an operator says so, and where nobody says anything for 72 hours', async () => {
    const [asked, forgotten] = [await underpaid(), await underpaid()];
    const [item] = await inbox(asked);
    await resolveInboxItem(deps(), { id: item?.id ?? 0, note: 'not ours', refund: true });
    await refundOverdueHeld(deps());
    const refunds = (order: Order) =>
      row(db, 'select amount_minor, status, reason from refund_records where order_id = :id', { id: order.id });
    expect(await refunds(asked)).toEqual({ amount_minor: 1000, status: 'requested', reason: 'unmatched_payment' });
    expect(await refunds(forgotten)).toBeUndefined();
    await changed(db, `update held_payments set decide_by = now() - interval '1 second' where status = 'held'`);
    await refundOverdueHeld(deps());
    expect(await refunds(forgotten)).toEqual({ amount_minor: 1000, status: 'requested', reason: 'unmatched_payment' });
    expect(await inbox(forgotten)).toMatchObject([{ status: 'resolved' }]);
    // The order itself can still be paid: nothing was flipped by it.
    expect((await findOrder(db, forgotten.orderNo))?.status).toBe('pending_payment');
  });

  test('of a dispute is a matter of its own', async () => {
    const order = await aPaidOrder(db);
    await take({ ...paidNotice(order), kind: 'disputed', eventId: `dp:${order.orderNo}` });
    await tellFlaggedNotices(deps());
    expect(await inbox(order)).toMatchObject([{ kind: 'disputed' }]);
  });
});

describe('money that is seen and not final', () => {
  test('is told to its buyer once', async () => {
    const order = await anUnpaidOrder(db);
    await take({ ...paidNotice(order), kind: 'processing', eventId: `seen:${order.orderNo}` });
    await tellSeenPayments(deps());
    await tellSeenPayments(deps());
    expect(await said()).toMatchObject([{ to: 'buyer', template: 'payment_seen', params: { orderNo: order.orderNo } }]);
  });
});

describe('what operators forget', () => {
  test('is said once a day: certificates that end', async () => {
    const ending = [{ variable: 'WECHAT_API_CLIENT_CERT', notAfter: new Date('2026-12-01T00:00:00Z') }];
    await remindOperators(deps(), ending);
    await remindOperators(deps(), ending);
    expect(await said()).toMatchObject([
      {
        to: 'operators',
        template: 'alarm_certificate_ends',
        params: { variable: 'WECHAT_API_CLIENT_CERT', day: '2026-12-01' },
      },
    ]);
  });
});
