import { createLocalSource } from '@mingdan/bazi';
import { changed, type Db, openDatabase, row } from '@mingdan/db';
import { type ReportDeps, reportFulfiller } from '@mingdan/fulfilment';
import { createLogger, type OrderKind, systemClock } from '@mingdan/kernel';
import type { OperationDeps } from '@mingdan/operations';
import { claimPaid } from '@mingdan/orders';
import { testDatabase, testVault } from '@mingdan/orders/testing';
import type { OutboxChannel } from '@mingdan/outbox';
import type { Model } from '@mingdan/report';
import { startWorker } from '../apps/bot/src/worker/index.ts';
import type { BenchLine } from './line.ts';

const ORDERS = 3_000;
const OLD_ORDERS = 1_000_000;
const log = createLogger({ process: 'bench', level: 'silent' });

/** Stand-ins that answer at once: what is left is our own work and PostgreSQL's. */
const model: Model = {
  name: 'instant',
  maxTokens: 100,
  write: async () => ({
    text: '## 今日指引\n\n三张牌都在提醒你：把注意力放回自己身上，慢一点，也稳一点。'.repeat(4),
    usage: { promptTokens: 900, cacheHitTokens: 500, completionTokens: 400 },
    costMicros: 1_210,
    durationMs: 1,
    requestId: null,
    model: 'instant',
  }),
  listModels: async () => [],
  balance: async () => undefined,
};
let sent = 0;
const channel: OutboxChannel = {
  async send() {
    sent += 1;
    return { messageId: sent };
  },
  failureOf: () => ({ kind: 'unreachable', message: 'never' }),
};

/** Claim to completed with every row written, beside a bare SKIP LOCKED claim + complete; and a claim's cost among many old orders. */
export async function benchWorker(): Promise<BenchLine[]> {
  const database = await testDatabase();
  try {
    const { db, url } = database;
    const floor = await floorPerSecond(db);
    const ours = await ordersPerSecond(db, url);
    const few = await claimMs(db);
    await fillOldOrders(db);
    const many = await claimMs(db);
    return [
      { bench: 'worker', metric: 'orders_completed', value: ours, unit: 'orders/s', floor, ratio: ours / floor },
      { bench: 'worker', metric: 'claim_among_old_orders', value: many, unit: 'ms', floor: few, ratio: few / many },
    ];
  } finally {
    await database.drop();
  }
}

async function prepareOrders(db: Db, count: number, prefix: string): Promise<void> {
  await changed(db, `insert into users (telegram_id) select n from generate_series(1, 500) n on conflict do nothing`);
  await changed(
    db,
    `insert into orders (order_no, kind, product_slug, product_names, amount_minor, currency, user_id)
     select 'REPORT_20261121_' || :prefix || lpad(n::text, 7, '0'), 'report', 'tarot-free', '{"zh-CN":"免费塔罗"}', 0, 'CNY', (select min(id) from users) + n % 500
       from generate_series(1, :count::int) n`,
    { prefix, count },
  );
  await changed(db, 'analyze orders');
}

const makePaid = (db: Db): Promise<number> =>
  changed(db, `update orders set status = 'paid', paid_at = now() where status = 'pending_payment'`);

async function ordersPerSecond(db: Db, url: string): Promise<number> {
  await prepareOrders(db, ORDERS, 'W');
  await makePaid(db);
  const pool = openDatabase({ url, applicationName: 'bench-worker', poolSize: 14 });
  const base = { db: pool, vault: testVault, clock: systemClock, log };
  const deps: ReportDeps = {
    ...base,
    operatorChatId: null,
    retryBaseMs: 10,
    model,
    modelRetries: 3,
    userIdSecret: 'bench',
    sources: { local: createLocalSource(), yuanfenju: null },
    fallbackToLocal: false,
    orderLink: (orderNo) => `https://shop.example/order/${orderNo}`,
  };
  const operations: OperationDeps = {
    ...base,
    clients: new Map(),
    settings: {
      webhookUrl: '',
      publicUrl: '',
      offered: [],
      orderExpiryMinutes: 30,
      notifyUrls: {},
      refundNotifyUrls: {},
      chatStarsOnly: false,
      starsByRate: false,
      secretKeys: [],
      operatorChatId: null,
      operatorLanguage: 'zh-CN',
      maxOpenOrdersPerBuyer: 20,
    },
  };
  const start = performance.now();
  const worker = startWorker(
    { operations, fulfilment: deps, fulfillers: new Map([['report' as OrderKind, reportFulfiller(deps)]]), channel },
    {
      owner: 'bench',
      databaseUrl: url,
      databaseCa: undefined,
      pollSeconds: 30,
      concurrency: 12,
      leaseSeconds: 60,
      retryBaseMs: 10,
      fulfilmentDeadlineHours: 24,
      deliveryMaxHours: 72,
      endingCertificates: () => [],
    },
  );
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const left = await row<{ count: number }>(
      db,
      `select count(*) as count from orders where status in ('paid', 'generating')`,
    );
    if (left?.count === 0) break;
  }
  const seconds = (performance.now() - start) / 1000;
  await worker.stop();
  await pool.destroy();
  return Math.round(ORDERS / seconds);
}

/** One claim of ten and one completing update, over and over, by eight loops: what PostgreSQL gives for the bare minimum. */
async function floorPerSecond(db: Db): Promise<number> {
  await changed(
    db,
    `create table floor_jobs (id bigint generated always as identity primary key, status text not null default 'paid', holder text)`,
  );
  await changed(db, `create index floor_open on floor_jobs (id) where status = 'paid'`);
  await changed(db, `insert into floor_jobs (status) select 'paid' from generate_series(1, 20000)`);
  await changed(db, 'vacuum analyze floor_jobs');
  const start = performance.now();
  const loop = async (): Promise<void> => {
    for (;;) {
      const { rows } = await db.raw<{ rows: { id: number }[] }>(
        `with batch as materialized (select id from floor_jobs where status = 'paid' order by id for update skip locked limit 1)
         update floor_jobs set status = 'working', holder = 'x' from batch where floor_jobs.id = batch.id returning floor_jobs.id`,
      );
      const [job] = rows;
      if (!job) return;
      await db.raw(`update floor_jobs set status = 'done' where id = ?`, [job.id]);
    }
  };
  await Promise.all(Array.from({ length: 8 }, loop));
  return Math.round(20_000 / ((performance.now() - start) / 1000));
}

async function fillOldOrders(db: Db): Promise<void> {
  await db.transaction(async (tx) => {
    // Old orders need no history of their own here.
    await changed(tx, 'set local session_replication_role = replica');
    await changed(
      tx,
      `insert into orders (order_no, status, kind, product_slug, product_names, amount_minor, currency, paid_at, completed_at, delivery)
       select 'REPORT_20250101_' || lpad(n::text, 8, '0'), 'completed', 'report', 'bazi-basic', '{}', 1990, 'CNY', now(), now(), 'delivered'
         from generate_series(1, :count::int) n`,
      { count: OLD_ORDERS },
    );
  });
  await changed(db, 'vacuum analyze orders');
}

/** Median of a claim of ten orders out of a few hundred waiting ones. */
async function claimMs(db: Db): Promise<number> {
  await prepareOrders(db, 500, `C${Math.floor(Math.random() * 90) + 10}`);
  await makePaid(db);
  const times: number[] = [];
  for (let n = 0; n < 45; n += 1) {
    const start = performance.now();
    await claimPaid(db, { owner: 'bench', leaseSeconds: 600 }, 10);
    times.push(performance.now() - start);
  }
  await changed(db, `update orders set delivery = 'delivered' where status = 'generating'`);
  await changed(db, `update orders set status = 'completed' where status = 'generating'`);
  return Math.round((times.toSorted((a, b) => a - b)[22] ?? 0) * 100) / 100;
}
