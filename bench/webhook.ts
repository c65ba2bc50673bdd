import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { changed, type Db } from '@mingdan/db';
import { testDatabase } from '@mingdan/orders/testing';
import { signPingpongBody } from '@mingdan/payments/testing';
import { z } from 'zod';
import type { BenchLine } from './line.ts';

const SECRET = { webhookSecret: 'secret-of-the-benchmark' };
const CONNECTIONS = 64;
const NOTICES = 20_000;
const ROUNDS = 3;

type Load = (options: object) => Promise<unknown>;
// It brings no types.
const load: Load = createRequire(import.meta.url)('autocannon');
const measured = z.object({
  requests: z.object({ total: z.number() }),
  latency: z.object({ p50: z.number(), p99: z.number() }),
  duration: z.number(),
  non2xx: z.number(),
  errors: z.number(),
});

interface Round {
  perSecond: number;
  p50: number;
  p99: number;
  memoryMb: number;
}

interface Candidate {
  arguments: string[];
  env: Record<string, string>;
  port: number;
  ready: string;
}

/** The whole path of a notice, each about an unpaid order of its own, beside the floor; rounds take turns, the median counts. */
export async function benchWebhook(): Promise<BenchLine[]> {
  const database = await testDatabase();
  try {
    await prepareFloor(database.db);
    const floor: Round[] = [];
    const ours: Round[] = [];
    for (let round = 0; round <= ROUNDS; round += 1) {
      const orders = Array.from(
        { length: NOTICES },
        (_, index) => `REPORT_20261121_${round}${String(index).padStart(7, '0')}`,
      );
      await prepareOrders(database.db, orders);
      floor.push(await measure(floorServer(database.url), orders));
      ours.push(await measure(webhookProcess(database.url), orders));
    }
    await checkAllPaid(database.db);
    // The first round only fills the tables: a new database plans its statements for empty ones.
    return report(median(ours.slice(1)), median(floor.slice(1)));
  } finally {
    await database.drop();
  }
}

async function prepareFloor(db: Db): Promise<void> {
  await changed(db, 'create table floor_orders (order_no text primary key, status text not null, paid_at timestamptz)');
  await changed(
    db,
    'create table floor_notices (event_id text primary key, body bytea not null, received_at timestamptz not null default now())',
  );
}

async function prepareOrders(db: Db, orders: string[]): Promise<void> {
  await changed(db, `insert into floor_orders select unnest(:orders::text[]), 'pending_payment'`, { orders });
  await changed(
    db,
    `insert into orders (order_no, kind, product_slug, product_names, amount_minor, currency, provider)
     select unnest(:orders::text[]), 'report', 'bazi-basic', '{}', 1990, 'CNY', 'pingpong'`,
    { orders },
  );
  await changed(
    db,
    `insert into payment_attempts (order_id, provider, method, gateway_order_id, amount_minor, currency, provider_payment_id)
     select id, 'pingpong', 'PINGPONG_CHECKOUT', order_no, amount_minor, currency, 'P' || order_no from orders where order_no = any(:orders)`,
    { orders },
  );
  await changed(db, 'vacuum analyze');
}

function floorServer(url: string): Candidate {
  return { arguments: [join(import.meta.dirname, 'floor-webhook.ts'), url, '3911'], env: {}, port: 3911, ready: '/' };
}

function webhookProcess(url: string): Candidate {
  return {
    arguments: [join(import.meta.dirname, '../apps/webhook/src/main.ts')],
    env: {
      NODE_ENV: 'production',
      DATABASE_URL: url,
      WEBHOOK_URL: 'https://pay.example.com',
      WEBHOOK_PORT: '3912',
      PINGPONG_WEBHOOK_SECRET: SECRET.webhookSecret,
      NOTICE_PUBLIC_KEY: Buffer.alloc(32, 9).toString('base64'),
    },
    port: 3912,
    ready: '/readyz',
  };
}

async function measure(candidate: Candidate, orders: string[]): Promise<Round> {
  const child = spawn(process.execPath, candidate.arguments, {
    env: candidate.env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    await untilReady(candidate);
    const result = await loadWith(candidate, orders);
    return { ...result, memoryMb: residentMb(child) };
  } finally {
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
  }
}

async function loadWith(candidate: Candidate, orders: string[]): Promise<Omit<Round, 'memoryMb'>> {
  const requests = orders.map(noticeRequest);
  let connection = 0;
  const share = Math.floor(requests.length / CONNECTIONS);
  const start = performance.now();
  const result = measured.parse(
    await load({
      url: `http://127.0.0.1:${candidate.port}`,
      connections: CONNECTIONS,
      amount: share * CONNECTIONS,
      setupClient: (client: { setRequests(requests: unknown[]): void }) => {
        client.setRequests(requests.slice(connection * share, (connection + 1) * share));
        connection += 1;
      },
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  if (result.non2xx + result.errors > 0) throw new Error(`${result.non2xx} refusals and ${result.errors} errors`);
  return {
    perSecond: result.requests.total / Math.min(seconds, result.duration),
    p50: result.latency.p50,
    p99: result.latency.p99,
  };
}

function noticeRequest(orderNo: string) {
  const notice = { order_id: orderNo, status: 'paid', payment_id: `P${orderNo}`, amount: '19.90', currency: 'CNY' };
  const { headers, body } = signPingpongBody(SECRET, JSON.stringify(notice));
  return { method: 'POST', path: '/webhook/pingpong', headers, body: body.toString() };
}

async function untilReady({ port, ready }: Candidate): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const reply = await fetch(`http://127.0.0.1:${port}${ready}`).catch(() => undefined);
    if (reply?.status === 200) return;
    await sleep(50);
  }
  throw new Error(`nothing answers on port ${port}`);
}

/** Resident memory in MiB; 0 where the system does not tell. */
function residentMb({ pid }: ChildProcess): number {
  try {
    const [, kib] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Math.round(Number(kib) / 1024);
  } catch {
    return 0;
  }
}

async function checkAllPaid(db: Db): Promise<void> {
  const left = await changed(
    db,
    `select 1 from orders where status <> 'paid' and order_no in (select gateway_order_id from payment_attempts)`,
  );
  if (left > (NOTICES % CONNECTIONS) * (ROUNDS + 1)) throw new Error(`${left} orders were not paid`);
}

function median(rounds: Round[]): Round {
  const middle = rounds.toSorted((a, b) => a.perSecond - b.perSecond)[Math.floor(rounds.length / 2)];
  if (!middle) throw new Error('nothing was measured');
  return middle;
}

function report(ours: Round, floor: Round): BenchLine[] {
  const line = (metric: string, unit: string, pick: (round: Round) => number): BenchLine => {
    const [value, beside] = [pick(ours), pick(floor)];
    return {
      bench: 'webhook',
      metric,
      value: round2(value),
      unit,
      floor: round2(beside),
      ratio: round2(value / beside),
    };
  };
  return [
    line('notices', '1/s', (round) => round.perSecond),
    line('p50', 'ms', (round) => round.p50),
    line('p99', 'ms', (round) => round.p99),
    line('resident memory', 'MiB', (round) => round.memoryMb),
  ];
}

function round2(value: number): number {
  return Math.round(value * 100) / 100;
}
