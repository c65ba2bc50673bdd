import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { changed, type Db, row, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { createLogger, systemClock } from '@mingdan/kernel';
import { claimPaid, findOrder, type Order, takeOverDue } from '@mingdan/orders';
import { aPaidOrder, testDatabase, testVault } from '@mingdan/orders/testing';
import type { FulfilmentDeps, Stage, StepOutcome } from '../src/contract.ts';
import { runOrder } from '../src/run-order.ts';

let database: TestDatabase;
let db: Db;
let deps: FulfilmentDeps;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
  deps = {
    db,
    vault: testVault,
    clock: systemClock,
    log: createLogger({ process: 'test', level: 'silent' }),
    operatorChatId: -100,
    retryBaseMs: 10,
  };
});
afterAll(() => database.drop());

const A = { owner: 'A', leaseSeconds: 60 };
const step = (name: string, run: () => Promise<StepOutcome> | StepOutcome) => ({ name, run: async () => run() });
const done = (result: unknown = null): StepOutcome => ({ kind: 'done', result });
const fulfiller = (stages: Stage[]) => ({ kind: 'report' as const, stages: () => stages });
const run = (order: Order, stages: Stage[], signal = new AbortController().signal, owner = 'A') =>
  runOrder(deps, fulfiller(stages), order, owner, signal);

async function claimed(wanted: Parameters<typeof aPaidOrder>[1] = {}): Promise<Order> {
  const order = await aPaidOrder(db, wanted);
  await claimPaid(db, A, 100);
  return (await findOrder(db, order.orderNo)) as Order;
}
const state = async (order: Order) => (await findOrder(db, order.orderNo)) as Order;
const saved = async (order: Order) =>
  (
    await rows<{ step: string }>(
      db,
      'select step from order_steps where order_id = :id and finished_at is not null order by step',
      { id: order.id },
    )
  ).map((one) => one.step);
const said = (order: Order) =>
  rows<{ dedupe_key: string }>(db, 'select dedupe_key from outbox where order_id = :id', { id: order.id });

describe('the runner', () => {
  test('runs stages in order and saves every step', async () => {
    const order = await claimed();
    const seen: string[] = [];
    const note = (name: string) =>
      step(name, () => {
        seen.push(name);
        return done(name);
      });
    await run(order, [[note('a')], [note('b'), note('c')], [note('d')]]);
    expect(seen[0]).toBe('a');
    expect(seen[3]).toBe('d');
    expect(await saved(order)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('after a crash never runs a saved step again', async () => {
    const order = await claimed();
    let paidCalls = 0;
    const costly = step('costly', () => {
      paidCalls += 1;
      return done('text');
    });
    const crash = new AbortController();
    await run(
      order,
      [
        [costly],
        [
          step('crash', async () => {
            crash.abort();
            throw new Error('killed');
          }),
        ],
      ],
      crash.signal,
    );
    const [again] = await takeOverDue(db, { owner: 'B', leaseSeconds: 60 }, 100);
    expect(again?.id).toBe(order.id);
    await run(again as Order, [[costly], [step('crash', () => done())]], undefined, 'B');
    expect(paidCalls).toBe(1);
    expect(await saved(order)).toEqual(['costly', 'crash']);
  });

  test('hands earlier results to later steps, also after a restart', async () => {
    const order = await claimed();
    await run(order, [[step('first', () => done({ n: 1 }))]]);
    let got: unknown;
    const reader = {
      name: 'reader',
      run: async ({ results }: { results: ReadonlyMap<string, unknown> }) => {
        got = results.get('first');
        return done();
      },
    };
    await run(order, [[step('first', () => Promise.reject(new Error('must not run')))], [reader]]);
    expect(got).toEqual({ n: 1 });
  });

  test('that gives up fails the order, asks for its refund and tells buyer and operators, all at once', async () => {
    const order = await claimed();
    await run(order, [[step('section', () => ({ kind: 'give_up', reason: 'model_failed' }))]]);
    expect(await state(order)).toMatchObject({ status: 'failed', reason: 'model_failed' });
    expect(await row(db, 'select status from refund_records where order_id = :id', { id: order.id })).toEqual({
      status: 'requested',
    });
    expect((await said(order)).map(({ dedupe_key }) => dedupe_key).sort()).toEqual([
      `alarm:failed:${order.orderNo}`,
      `failed:${order.orderNo}`,
    ]);
  });

  test('stops the other sections of an order that is lost', async () => {
    const order = await claimed();
    let stopped = false;
    const slow = {
      name: 'slow',
      run: ({ signal }: { signal: AbortSignal }) =>
        new Promise<StepOutcome>((_, reject) =>
          signal.addEventListener('abort', () => {
            stopped = true;
            reject(new Error('aborted'));
          }),
        ),
    };
    await run(order, [[slow, step('bad', () => ({ kind: 'give_up', reason: 'model_failed' }))]]);
    expect(stopped).toBe(true);
    expect((await state(order)).status).toBe('failed');
  });

  test('lets a resting order wait and keeps what its siblings produced', async () => {
    const order = await claimed();
    await run(order, [
      [step('ready', () => done('text')), step('paused', () => ({ kind: 'rest', seconds: 30, why: 'paused' }))],
    ]);
    expect(await state(order)).toMatchObject({ status: 'generating' });
    expect(await saved(order)).toEqual(['ready']);
    expect(await takeOverDue(db, A, 100)).toEqual([]);
  });

  test('hands an order back at once when it is stopped gracefully', async () => {
    const order = await claimed();
    const stop = new AbortController();
    const waits = {
      name: 'waits',
      run: ({ signal }: { signal: AbortSignal }) =>
        new Promise<StepOutcome>((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped')))),
    };
    setTimeout(() => stop.abort(), 50);
    await run(order, [[waits]], stop.signal);
    expect((await takeOverDue(db, { owner: 'B', leaseSeconds: 60 }, 100)).map(({ id }) => id)).toEqual([order.id]);
  });

  test('whose order was taken away writes nothing more', async () => {
    const order = await claimed();
    const steal = step('stolen', async () => {
      await changed(db, `update orders set lease_owner = 'B' where id = :id`, { id: order.id });
      return done('too late');
    });
    await run(order, [[steal], [step('next', () => done())]]);
    expect(await saved(order)).toEqual([]);
    expect(await state(order)).toMatchObject({ status: 'generating' });
  });

  test('tries a step that throws again, and gives up with a refund when it never works', async () => {
    const order = await claimed();
    let tries = 0;
    const broken = step('broken', async () => {
      tries += 1;
      throw new Error('surprise');
    });
    for (let n = 0; n < 6 && (await state(order)).status === 'generating'; n += 1) {
      await changed(db, `update orders set due_at = now(), lease_owner = null where id = :id`, { id: order.id });
      await takeOverDue(db, A, 100);
      await run(order, [[broken]]);
    }
    expect(tries).toBe(5);
    expect(await state(order)).toMatchObject({ status: 'failed', reason: 'internal_error' });
    expect(await rows(db, 'select 1 from refund_records where order_id = :id', { id: order.id })).toHaveLength(1);
  });

  test('gives up an order that keeps killing its holders', async () => {
    const order = await claimed();
    await run({ ...order, takeovers: 9 }, [[step('never', () => done())]]);
    expect(await state(order)).toMatchObject({ status: 'failed', reason: 'poisoned' });
  });

  test('saves a step and what it says together or not at all', async () => {
    const order = await claimed();
    const message = { template: 'report_part', params: { text: 'x' } } as const;
    // No chat has this number: the database refuses the message, and with it the step.
    const torn: StepOutcome = {
      kind: 'done',
      result: 1,
      say: [{ chatId: Number.NaN, orderId: order.id, dedupeKey: `torn:${order.orderNo}`, message }],
    };
    await run(order, [[step('torn', () => torn)]]);
    expect(await saved(order)).toEqual([]);
    expect(await said(order)).toEqual([]);
  });

  test('completes an order without a chat when its report is written', async () => {
    const order = await claimed();
    await run(order, [[step('deliver', () => ({ kind: 'done', result: {}, handOver: true }))]]);
    expect(await state(order)).toMatchObject({ status: 'completed', delivery: 'delivered' });
  });

  test('refunds nothing for a free order, and says so', async () => {
    const order = await claimed({ slug: 'tarot-free' });
    await run(order, [[step('section', () => ({ kind: 'give_up', reason: 'model_failed' }))]]);
    expect(await rows(db, 'select 1 from refund_records where order_id = :id', { id: order.id })).toEqual([]);
  });
});
