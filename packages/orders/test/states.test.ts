import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { changed, type Db, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import fc from 'fast-check';
import {
  canMove,
  findOrder,
  firstStatus,
  type OrderMove,
  type OrderStatus,
  orderMoves,
  orderStatuses,
  prepareDatabase,
} from '../src/index.ts';
import { anUnpaidOrder, testDatabase } from '../src/testing.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());

const move = (id: number, to: OrderStatus) =>
  changed(
    db,
    `update orders set status = :to, paid_at = case when :to = 'paid' then now() else paid_at end where id = :id`,
    { id, to },
  );

describe('the order states', () => {
  test('can all be reached from the first', () => {
    const reached = new Set<OrderStatus>([firstStatus]);
    for (let round = 0; round < orderStatuses.length; round += 1) {
      for (const { from, to } of orderMoves) if (reached.has(from)) reached.add(to);
    }
    expect([...reached].sort()).toEqual([...orderStatuses].sort());
  });

  test('end in completed without a way out', () => {
    const moves: readonly OrderMove[] = orderMoves;
    expect(moves.filter(({ from }) => from === 'completed')).toEqual([]);
  });

  test('are in the database exactly as in the code', async () => {
    const stored = await rows<{ from: string; to: string; onlyUnpaid: boolean }>(
      db,
      'select from_status as "from", to_status as "to", only_unpaid as "onlyUnpaid" from order_moves',
    );
    const key = (one: { from: string; to: string; onlyUnpaid: boolean }) => `${one.from}>${one.to}:${one.onlyUnpaid}`;
    expect(stored.map(key).sort()).toEqual(orderMoves.map(key).sort());
  });

  test('are drawn in the documentation exactly as in the code', async () => {
    const { readFile } = await import('node:fs/promises');
    const page = await readFile(new URL('../../../docs/order-states.md', import.meta.url), 'utf8');
    const drawn = [...page.matchAll(/^\s*(\w+) --> (\w+)/gm)].map(([, from, to]) => `${from}>${to}`);
    expect(drawn.sort()).toEqual(orderMoves.map(({ from, to }) => `${from}>${to}`).sort());
  });
});

describe('the database', () => {
  test('refuses every move that is not in the list, whoever asks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...orderStatuses), { minLength: 1, maxLength: 8 }), async (path) => {
        const order = await anUnpaidOrder(db);
        let at: OrderStatus = firstStatus;
        let paid = false;
        for (const to of path) {
          const legal =
            canMove(at, to) && !(orderMoves.find((one) => one.from === at && one.to === to)?.onlyUnpaid && paid);
          const done = await move(order.id, to).then(
            () => true,
            () => false,
          );
          expect({ at, to, paid, done }).toEqual({ at, to, paid, done: legal || at === to });
          if (done) at = to;
          if (at === 'paid') paid = true;
        }
        expect((await findOrder(db, order.orderNo))?.status).toBe(at);
      }),
      { numRuns: 40 },
    );
  });

  test('lets no order that was paid and failed be paid again', async () => {
    const order = await anUnpaidOrder(db);
    for (const to of ['paid', 'generating', 'failed'] as const) await move(order.id, to);
    await expect(move(order.id, 'paid')).rejects.toThrow(/cannot go from failed to paid/);
  });

  test('lets no order begin anywhere but unpaid', async () => {
    const sql = `insert into orders (order_no, status, kind, product_slug, product_names, amount_minor, currency) values ('REPORT_20260101_AAAAAAAA', 'paid', 'report', 'x', '{}', 1, 'CNY')`;
    await expect(changed(db, sql)).rejects.toThrow(/cannot begin as paid/);
  });

  test('writes down every move, also one made by hand', async () => {
    const order = await anUnpaidOrder(db);
    await move(order.id, 'paid');
    const events = await rows(db, 'select from_status, status from order_events where order_id = :id order by id', {
      id: order.id,
    });
    expect(events).toEqual([
      { from_status: null, status: 'pending_payment' },
      { from_status: 'pending_payment', status: 'paid' },
    ]);
  });

  test('takes over a changed list of moves at the next migrate', async () => {
    await changed(db, `insert into order_moves values ('completed', 'paid', false)`);
    await db.transaction(prepareDatabase);
    expect(await rows(db, `select * from order_moves where from_status = 'completed'`)).toEqual([]);
  });
});
