import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { row } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { findOrder } from '@mingdan/orders';
import { anUnpaidOrder, testDatabase } from '@mingdan/orders/testing';
import { signPingpongBody } from '@mingdan/payments/testing';

const MAIN = join(import.meta.dirname, '../src/main.ts');
const settings = { webhookSecret: 'a-secret-of-the-process-test' };
let database: TestDatabase;
const children: ChildProcess[] = [];

beforeAll(async () => {
  database = await testDatabase();
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await database.drop();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address ? address.port : 0;
}

async function start(env: Record<string, string>) {
  const port = await freePort();
  const child = spawn(process.execPath, [MAIN], {
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      WEBHOOK_URL: 'https://pay.example.com',
      WEBHOOK_PORT: String(port),
      PINGPONG_WEBHOOK_SECRET: settings.webhookSecret,
      ...env,
    },
  });
  children.push(child);
  let output = '';
  child.stdout.on('data', (text) => {
    output += text;
  });
  child.stderr.on('data', (text) => {
    output += text;
  });
  const exited = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  return { child, url, exited, output: () => output };
}

async function until(url: string, status: number): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const reply = await fetch(url).catch(() => undefined);
    if (reply?.status === status) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${url} did not answer ${status}`);
}

function notice(url: string, orderNo: string): Promise<Response> {
  const { headers, body } = signPingpongBody(settings, JSON.stringify({ order_id: orderNo, status: 'paid' }));
  return fetch(`${url}/webhook/pingpong`, {
    method: 'POST',
    headers: headers as Record<string, string>,
    body: new Uint8Array(body),
  });
}

describe('the webhook process', () => {
  test('takes a notice, and a stop finishes what it has taken and exits with 0', async () => {
    const running = await start({ DATABASE_URL: database.url });
    await until(`${running.url}/readyz`, 200);
    const order = await anUnpaidOrder(database.db);
    expect((await notice(running.url, order.orderNo)).status).toBe(200);
    expect((await findOrder(database.db, order.orderNo))?.status).toBe('paid');

    const held = await anUnpaidOrder(database.db);
    const answered = await database.db.transaction(async (tx) => {
      await row(tx, 'select 1 from orders where id = :id for update', { id: held.id });
      const waiting = notice(running.url, held.orderNo);
      await new Promise((resolve) => setTimeout(resolve, 200));
      running.child.kill('SIGTERM');
      await new Promise((resolve) => setTimeout(resolve, 300));
      return { waiting };
    });
    expect({ status: (await answered.waiting).status, log: running.output() }).toMatchObject({ status: 200 });
    expect((await findOrder(database.db, held.orderNo))?.status).toBe('paid');
    expect(await running.exited).toEqual([0, null]);
    expect(running.output()).not.toContain(settings.webhookSecret);
  });

  test('without a database listens, answers 503 and stops when told', async () => {
    const running = await start({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' });
    await until(`${running.url}/healthz`, 200);
    await until(`${running.url}/readyz`, 503);
    expect((await notice(running.url, 'REPORT_20261121_7K3M9QXA')).status).toBe(503);
    running.child.kill('SIGINT');
    expect(await running.exited).toEqual([0, null]);
  });

  test('with a wrong setting stops at once and names it', async () => {
    const running = await start({ DATABASE_URL: 'mysql://x' });
    const [code] = await running.exited;
    expect(code).toBe(1);
    expect(running.output()).toContain('DATABASE_URL');
  });
});
