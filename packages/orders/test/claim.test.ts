import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { changed, type Db, row } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import {
  claimPaid,
  findOrder,
  OrderTakenAway,
  putDown,
  renewLeases,
  savedSteps,
  saveStep,
  takeOverDue,
} from '../src/index.ts';
import { anUnpaidOrder, aPaidOrder, testDatabase, testVault } from '../src/testing.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());
beforeEach(async () => {
  await changed(db, `update orders set status = 'generating' where status = 'paid'`);
  await changed(db, `update orders set due_at = now() + interval '1 hour'`);
});

const A = { owner: 'A', leaseSeconds: 60 };
const B = { owner: 'B', leaseSeconds: 60 };
const leaseEnds = (id: number) =>
  changed(db, `update orders set due_at = now() - interval '1 second' where id = :id`, { id });

describe('a claim', () => {
  test('gives each paid order to one of two workers that ask at once', async () => {
    const orders = await Promise.all(Array.from({ length: 20 }, () => aPaidOrder(db)));
    const [a, b] = await Promise.all([claimPaid(db, A, 10), claimPaid(db, B, 10)]);
    const claimed = [...a, ...b].map(({ id }) => id);
    expect(new Set(claimed)).toEqual(new Set(orders.map(({ id }) => id)));
    expect(claimed).toHaveLength(20);
  });

  test('takes the longest-waiting order first and no unpaid one', async () => {
    await anUnpaidOrder(db);
    const first = await aPaidOrder(db);
    await aPaidOrder(db);
    expect((await claimPaid(db, A, 1)).map(({ id }) => id)).toEqual([first.id]);
  });

  test('takes an order that somebody marked paid by hand', async () => {
    const order = await anUnpaidOrder(db);
    await changed(db, `update orders set status = 'paid', paid_at = now() where id = :id`, { id: order.id });
    expect((await claimPaid(db, A, 5)).map(({ id }) => id)).toEqual([order.id]);
  });
});

describe('a lease', () => {
  test('keeps others away while it runs, and ends when its holder dies', async () => {
    const order = await aPaidOrder(db);
    await claimPaid(db, A, 5);
    expect(await takeOverDue(db, B, 5)).toEqual([]);
    await leaseEnds(order.id);
    expect(await takeOverDue(db, B, 5)).toMatchObject([{ id: order.id, takeovers: 1 }]);
  });

  test('that was lost is not renewed', async () => {
    const order = await aPaidOrder(db);
    await claimPaid(db, A, 5);
    await leaseEnds(order.id);
    await takeOverDue(db, B, 5);
    expect(await renewLeases(db, A, [order.id])).toEqual(new Set());
    expect(await renewLeases(db, B, [order.id])).toEqual(new Set([order.id]));
  });

  test('is renewed also while somebody holds the row of another order in hand', async () => {
    const [locked, free] = [await aPaidOrder(db), await aPaidOrder(db)];
    await claimPaid(db, A, 5);
    await changed(db, 'update orders set due_at = now() where id = any(:ids)', { ids: [locked.id, free.id] });
    await db.transaction(async (tx) => {
      await row(tx, 'select 1 from orders where id = :id for update', { id: locked.id });
      expect(await renewLeases(db, A, [locked.id, free.id])).toEqual(new Set([locked.id, free.id]));
    });
    expect(await takeOverDue(db, B, 5)).toMatchObject([{ id: locked.id }]);
  });

  test('that is over is not taken over by the process that still works on it', async () => {
    const order = await aPaidOrder(db);
    await claimPaid(db, A, 5);
    await leaseEnds(order.id);
    expect(await takeOverDue(db, A, 5, [order.id])).toEqual([]);
    expect(await renewLeases(db, A, [order.id])).toEqual(new Set([order.id]));
    expect(await takeOverDue(db, B, 5)).toEqual([]);
  });

  test('is handed back at once by a graceful stop, and that is no death', async () => {
    const order = await aPaidOrder(db);
    await claimPaid(db, A, 5);
    await putDown(db, 'A', order.id, 0);
    expect(await takeOverDue(db, B, 5)).toMatchObject([{ id: order.id, takeovers: 0 }]);
  });

  test('is not given up by somebody who does not hold it', async () => {
    const order = await aPaidOrder(db);
    await claimPaid(db, A, 5);
    await putDown(db, 'B', order.id, 0);
    expect(await takeOverDue(db, B, 5)).toEqual([]);
    expect((await findOrder(db, order.orderNo))?.status).toBe('generating');
  });
});

describe('a step', () => {
  const hold = (order: { id: number; orderNo: string }, owner: string) => ({
    orderId: order.id,
    orderNo: order.orderNo,
    owner,
  });

  test('is saved once: what was saved first stays', async () => {
    const order = await aPaidOrder(db);
    await claimPaid(db, A, 5);
    await saveStep(db, testVault, hold(order, 'A'), { step: 'bazi', result: { pillars: 1 }, cost: { costMicros: 5 } });
    await expect(saveStep(db, testVault, hold(order, 'A'), { step: 'bazi', result: { pillars: 2 } })).rejects.toThrow(
      OrderTakenAway,
    );
    expect((await savedSteps(db, testVault, order.id)).get('bazi')).toEqual({
      done: true,
      failures: 0,
      result: { pillars: 1 },
    });
  });

  test('of a worker that lost the order is not saved', async () => {
    const order = await aPaidOrder(db);
    await claimPaid(db, A, 5);
    await leaseEnds(order.id);
    await takeOverDue(db, B, 5);
    await expect(saveStep(db, testVault, hold(order, 'A'), { step: 'bazi', result: {} })).rejects.toThrow(
      OrderTakenAway,
    );
    await expect(saveStep(db, testVault, hold(order, 'B'), { step: 'bazi', result: {} })).resolves.toBeUndefined();
  });

  test('is unreadable in the database', async () => {
    const order = await aPaidOrder(db);
    await claimPaid(db, A, 5);
    await saveStep(db, testVault, hold(order, 'A'), { step: 'section:love', result: { text: '缘分很好' } });
    const { rows } = await db.raw('select result from order_steps where order_id = ?', [order.id]);
    expect(rows[0].result.includes('缘分')).toBe(false);
  });
});
