import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { changed, type Db, row, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import type { Fulfiller, FulfilmentDeps, StepContext } from '@mingdan/fulfilment';
import { createLogger, type OrderKind, pause, randomToken, systemClock } from '@mingdan/kernel';
import type { OperationDeps } from '@mingdan/operations';
import { findOrder, type Order, recordNotice } from '@mingdan/orders';
import { anUnpaidOrder, aPaidOrder, paidNotice, testDatabase, testVault } from '@mingdan/orders/testing';
import { enqueue, type Message, type OutboxChannel } from '@mingdan/outbox';
import { FakeGateway, operationDeps } from '../../../../packages/operations/test/fake-gateway.ts';
import { startWorker, type Worker, type WorkerSettings } from '../../src/worker/index.ts';

let database: TestDatabase;
let db: Db;
const running: Worker[] = [];
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((worker) => worker.stop()));
  await changed(
    db,
    `update orders set due_at = now() + interval '1 day', expires_at = now() + interval '1 day' where status in ('generating', 'pending_payment')`,
  );
});
afterAll(() => database.drop());

interface Said {
  chatId: number;
  message: Message;
}

/** A channel without limits that keeps what is said. */
function memoryChannel(): { channel: OutboxChannel; said: Said[] } {
  const said: Said[] = [];
  const channel: OutboxChannel = {
    async send(chatId, _language, message) {
      said.push({ chatId, message });
      return { messageId: said.length };
    },
    failureOf: () => ({ kind: 'unreachable', message: 'lost' }),
  };
  return { channel, said };
}

/** A product that is made in one step and delivered as one message. */
function quickFulfiller(make: (context: StepContext) => Promise<void> = async () => undefined): Fulfiller {
  return {
    kind: 'report',
    stages: () => [
      [
        {
          name: 'make',
          async run(context) {
            await make(context);
            const { order } = context;
            const message: Message = { template: 'report_part', params: { text: order.orderNo } };
            const part = {
              chatId: order.chatId ?? 0,
              orderId: order.id,
              dedupeKey: `report:${order.orderNo}`,
              message,
              delivers: true,
            };
            return { kind: 'done', say: [part], handOver: true };
          },
        },
      ],
    ],
  };
}

interface Given {
  gateway?: FakeGateway;
  fulfiller?: Fulfiller;
  settings?: Partial<WorkerSettings>;
  channel?: OutboxChannel;
}

function start(given: Given = {}): { worker: Worker; operations: OperationDeps } {
  const operations = operationDeps(db, given.gateway ?? new FakeGateway());
  const fulfilment: FulfilmentDeps = {
    db,
    vault: testVault,
    clock: systemClock,
    log: createLogger({ process: 'test', level: 'silent' }),
    operatorChatId: -100,
    retryBaseMs: 5,
  };
  const fulfillers = new Map<OrderKind, Fulfiller>([['report', given.fulfiller ?? quickFulfiller()]]);
  const settings: WorkerSettings = {
    owner: `w-${randomToken(6)}`,
    databaseUrl: database.url,
    databaseCa: undefined,
    pollSeconds: 1,
    concurrency: 4,
    leaseSeconds: 60,
    retryBaseMs: 5,
    fulfilmentDeadlineHours: 24,
    deliveryMaxHours: 72,
    endingCertificates: () => [],
    ...given.settings,
  };
  const worker = startWorker(
    { operations, fulfilment, fulfillers, channel: given.channel ?? memoryChannel().channel },
    settings,
  );
  running.push(worker);
  return { worker, operations };
}

async function until(condition: () => boolean | Promise<boolean>, ms = 8_000): Promise<void> {
  const end = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('did not happen in time');
    await pause(20);
  }
}
const state = async (order: Order) => (await findOrder(db, order.orderNo)) as Order;
const is = (order: Order, status: string) => async () => (await state(order)).status === status;
const pay = (order: Order) => recordNotice(db, paidNotice(order), { digest: Buffer.alloc(32), sealed: null });
const refund = (order: Order) =>
  row<{ status: string; attempts: number }>(db, 'select status, attempts from refund_records where order_id = :id', {
    id: order.id,
  });

describe('the worker', () => {
  test('starts within a second of a notice that wakes it', async () => {
    start({ settings: { pollSeconds: 60 } });
    await pause(300);
    const order = await anUnpaidOrder(db);
    await pay(order);
    const paidAt = Date.now();
    await changed(db, `select pg_notify('mingdan_work', '')`);
    await until(is(order, 'completed'));
    expect(Date.now() - paidAt).toBeLessThan(1_000);
  });

  test('finds a paid order by its poll when the wake-up was lost', async () => {
    start();
    await pause(300);
    const order = await anUnpaidOrder(db);
    await pay(order);
    await until(is(order, 'completed'), 4_000);
  });

  test('and a second one share the orders: each report is made and sent once', async () => {
    const made: string[] = [];
    const fulfiller = quickFulfiller(async ({ order }) => void made.push(order.orderNo));
    const { channel, said } = memoryChannel();
    start({ fulfiller, channel });
    start({ fulfiller, channel });
    const orders = await Promise.all(Array.from({ length: 25 }, () => aPaidOrder(db)));
    await until(async () => (await Promise.all(orders.map(state))).every(({ status }) => status === 'completed'));
    const mine = new Set(orders.map(({ orderNo }) => orderNo));
    expect(made.filter((orderNo) => mine.has(orderNo))).toHaveLength(25);
    expect(said.filter(({ message }) => mine.has(String(message.params?.text)))).toHaveLength(25);
  });

  test('works on no more orders at once than it may, but tells every buyer at once', async () => {
    let at = 0;
    let most = 0;
    let told = 0;
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const [delivery = []] = quickFulfiller().stages(await aPaidOrder(db));
    const fulfiller: Fulfiller = {
      kind: 'report',
      stages: () => [
        [
          {
            name: 'tell',
            async run() {
              told += 1;
              return { kind: 'done' };
            },
          },
        ],
        [
          {
            name: 'write',
            async run() {
              at += 1;
              most = Math.max(most, at);
              await released;
              at -= 1;
              return { kind: 'done' };
            },
          },
        ],
        delivery,
      ],
    };
    const orders = await Promise.all(Array.from({ length: 10 }, () => aPaidOrder(db)));
    start({ fulfiller, settings: { concurrency: 3 } });
    await until(() => told >= 10 && at === 3);
    expect(most).toBe(3);
    release();
    await until(async () => (await Promise.all(orders.map(state))).every(({ status }) => status === 'completed'));
    expect(most).toBe(3);
  });

  test('that stops gracefully hands its orders to the next one at once', async () => {
    const order = await aPaidOrder(db);
    const stuck = quickFulfiller(
      ({ signal }) =>
        new Promise((_, reject) => {
          if (signal.aborted) reject(new Error('stopped'));
          signal.addEventListener('abort', () => reject(new Error('stopped')));
        }),
    );
    const { worker } = start({ fulfiller: stuck });
    await until(is(order, 'generating'));
    running.splice(running.indexOf(worker), 1);
    await worker.stop();
    start();
    await until(is(order, 'completed'), 4_000);
    expect((await state(order)).takeovers).toBe(0);
  });

  test('stops at once, also in the middle of its first tidying up', async () => {
    for (const ms of [0, 5, 15, 40]) {
      const { worker } = start();
      await pause(ms);
      const begun = performance.now();
      await worker.stop();
      expect(performance.now() - begun).toBeLessThan(5_000);
    }
  });

  test('takes over the order of a worker that died', async () => {
    const order = await aPaidOrder(db);
    await changed(
      db,
      `update orders set status = 'generating', lease_owner = 'dead', due_at = now() - interval '1 second' where id = :id`,
      { id: order.id },
    );
    start();
    await until(is(order, 'completed'));
    expect((await state(order)).takeovers).toBe(1);
  });

  test('lets a slow order hold up no other', async () => {
    const slow = await aPaidOrder(db);
    const fulfiller = quickFulfiller(async ({ order, signal }) => {
      if (order.id === slow.id) await pause(60_000, signal);
      signal.throwIfAborted();
    });
    const quick = await aPaidOrder(db);
    start({ fulfiller });
    await until(is(quick, 'completed'));
    expect((await state(slow)).status).toBe('generating');
  });

  test('delivers what a sender that died left between the last part and the end of its order', async () => {
    const order = await aPaidOrder(db);
    await changed(
      db,
      `update orders set status = 'generating', delivery = 'sending', delivery_started_at = now() where id = :id`,
      { id: order.id },
    );
    start();
    await until(is(order, 'completed'), 4_000);
  });
});

describe('the refunder', () => {
  const failing = (): Fulfiller => ({
    kind: 'report',
    stages: () => [[{ name: 'x', run: async () => ({ kind: 'give_up', reason: 'model_failed' }) }]],
  });

  test('asks until the gateway has confirmed, with one id, and tells the buyer twice', async () => {
    const gateway = new FakeGateway();
    const { channel, said } = memoryChannel();
    gateway.down = true;
    const order = await aPaidOrder(db);
    start({ gateway, fulfiller: failing(), channel });
    await until(async () => ((await refund(order))?.attempts ?? 0) >= 2);
    gateway.down = false;
    await until(async () => (await refund(order))?.status === 'succeeded');
    await until(() => said.some(({ message }) => message.template === 'refund_succeeded'));
    expect([...gateway.refunds.values()]).toEqual([{ minor: 1990, currency: 'CNY' }]);
    const told = said.filter(({ chatId }) => chatId === order.chatId).map(({ message }) => message.template);
    expect(told).toEqual(['order_failed_refunding', 'refund_succeeded']);
  });

  test('leaves a refund that the gateway refuses to the operators, with one alarm', async () => {
    const gateway = new FakeGateway();
    gateway.refuses = true;
    const { channel, said } = memoryChannel();
    const order = await aPaidOrder(db);
    start({ gateway, fulfiller: failing(), channel });
    await until(() => said.some(({ message }) => message.template === 'alarm_refund_refused'));
    await pause(200);
    expect(said.filter(({ message }) => message.template === 'alarm_refund_refused')).toHaveLength(1);
    expect(said.filter(({ message }) => message.template === 'refund_with_operators')).toHaveLength(1);
    expect(await refund(order)).toMatchObject({ status: 'failed' });
    expect(
      await rows(db, `select 1 from inbox_items where order_id = :id and kind = 'refund_refused'`, { id: order.id }),
    ).toHaveLength(1);
  });

  test('gives a second payment back and tells its buyer', async () => {
    const gateway = new FakeGateway();
    const { channel, said } = memoryChannel();
    const order = await aPaidOrder(db);
    await recordNotice(db, paidNotice(order, { paymentId: 'SECOND-OF-THIS' }), {
      digest: Buffer.alloc(32),
      sealed: null,
    });
    start({ gateway, channel });
    await until(async () => (await refund(order))?.status === 'succeeded');
    await until(is(order, 'completed'));
    await until(() =>
      said.some(({ message, chatId }) => chatId === order.chatId && message.template === 'refund_succeeded'),
    );
    expect(gateway.refunds.size).toBe(1);
  });
});

describe('what the webhook process only wrote down', () => {
  test('a failed payment is told to the buyer, once', async () => {
    const { channel, said } = memoryChannel();
    const order = await anUnpaidOrder(db);
    await recordNotice(
      db,
      { ...paidNotice(order), kind: 'failed', eventId: `failed:${order.orderNo}` },
      { digest: Buffer.alloc(32), sealed: null },
    );
    start({ channel });
    start({ channel });
    await until(() => said.some(({ message }) => message.template === 'payment_failed'));
    await pause(300);
    expect(said.filter(({ message }) => message.template === 'payment_failed')).toHaveLength(1);
  });

  test('money that fits no order reaches inbox and operators, once', async () => {
    const { channel, said } = memoryChannel();
    const order = await anUnpaidOrder(db);
    await recordNotice(db, paidNotice(order, { amount: { minor: 5, currency: 'CNY' } }), {
      digest: Buffer.alloc(32),
      sealed: null,
    });
    start({ channel });
    start({ channel });
    await until(() => said.some(({ message }) => message.template === 'alarm_money_unmatched'));
    await pause(300);
    expect(said.filter(({ message }) => message.template === 'alarm_money_unmatched')).toHaveLength(1);
    expect(await rows(db, `select 1 from inbox_items where order_id = :id`, { id: order.id })).toHaveLength(1);
  });
});

describe('notices that are all refused', () => {
  test('are told to the operators once, not one by one', async () => {
    const { channel, said } = memoryChannel();
    await changed(
      db,
      `insert into refused_notices (slot, provider, why, digest, size) select n, 'pingpong', 'the signature does not match', '\\x00', 1 from generate_series(1, 7) n`,
    );
    start({ channel });
    await until(() => said.some(({ message }) => message.template === 'alarm_refused_notices'));
    await pause(1_200);
    expect(said.filter(({ message }) => message.template === 'alarm_refused_notices')).toHaveLength(1);
    expect(said.find(({ message }) => message.template === 'alarm_refused_notices')?.message.params).toMatchObject({
      provider: 'pingpong',
      count: 7,
    });
  });
});

describe('time', () => {
  test('ends an unpaid order after asking its gateway', async () => {
    const order = await anUnpaidOrder(db);
    await changed(db, `update orders set expires_at = now() - interval '1 minute' where id = :id`, { id: order.id });
    start();
    await until(is(order, 'expired'));
  });

  test('fails and refunds a paid order that nobody could fulfil by its deadline', async () => {
    const order = await aPaidOrder(db);
    await changed(
      db,
      `update orders set status = 'generating', paid_at = now() - interval '25 hours', due_at = now() + interval '1 hour' where id = :id`,
      { id: order.id },
    );
    start();
    await until(is(order, 'failed'));
    expect(await state(order)).toMatchObject({ reason: 'deadline' });
    await until(async () => (await refund(order))?.status === 'succeeded');
  });

  test('parks a report that nobody takes, tells the operators, and delivers it after all', async () => {
    const { channel, said } = memoryChannel();
    const order = await aPaidOrder(db);
    await changed(
      db,
      `update orders set status = 'generating', delivery = 'sending', delivery_started_at = now() - interval '73 hours' where id = :id`,
      { id: order.id },
    );
    const message: Message = { template: 'report_part', params: { text: 'late' } };
    await enqueue(db, testVault, {
      chatId: order.chatId ?? 0,
      orderId: order.id,
      dedupeKey: `late:${order.orderNo}`,
      message,
      delivers: true,
    });
    await changed(db, `update outbox set status = 'parked' where order_id = :id`, { id: order.id });
    start({ channel });
    await until(is(order, 'completed'));
    expect((await state(order)).delivery).toBe('parked');
    await until(() => said.some((one) => one.message.template === 'alarm_delivery_parked'));
    await changed(
      db,
      `update outbox set status = 'pending', due_at = now() where order_id = :id and status = 'parked'`,
      { id: order.id },
    );
    await until(async () => (await state(order)).delivery === 'delivered');
  });
});
