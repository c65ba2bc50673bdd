import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createLogger, messageOf, pause } from '@mingdan/kernel';
import { prepareDatabase } from '@mingdan/orders';
import {
  changed,
  claimLease,
  type Db,
  holdLease,
  isConnectionError,
  listen,
  migrate,
  openDatabase,
  pendingMigrations,
  releaseLease,
  row,
} from '../src/index.ts';
import { freshDatabase, type TestDatabase } from '../src/testing.ts';

let database: TestDatabase;
let db: Db;
const log = createLogger({ process: 'test', level: 'silent' });
beforeAll(async () => {
  database = await freshDatabase(prepareDatabase);
  db = database.db;
});
afterAll(() => database.drop());

async function until(condition: () => boolean | Promise<boolean>, ms = 5_000): Promise<void> {
  const end = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('did not happen in time');
    await pause(10);
  }
}

describe('a query', () => {
  test('binds names, also those with a cast, and leaves casts and question marks alone', async () => {
    const found = await row(db, `select :name::text as name, '{"a":1}'::jsonb ? 'a' as has, :n::int + 1 as n`, {
      name: "a ' b",
      n: 1,
    });
    expect(found).toEqual({ name: "a ' b", has: true, n: 2 });
  });

  test('gives whole numbers for int8 and refuses one that would lose digits', async () => {
    expect(await row(db, 'select 9007199254740991::int8 as n')).toEqual({ n: 9007199254740991 });
    await expect(row(db, 'select 9007199254740993::int8 as n')).rejects.toThrow(/safe integer/);
  });
});

describe('a transaction', () => {
  test('that the database ends for the sake of another begins anew, is done once, and says so', async () => {
    const said: string[] = [];
    const db = openDatabase({
      url: database.url,
      applicationName: 'test',
      onBegunAnew: (code) => void said.push(code),
    });
    await row(db, 'create table if not exists two_rows (id integer primary key, n integer not null)');
    await row(db, 'insert into two_rows values (1, 0), (2, 0)');
    let beginnings = 0;
    const add = (first: number, second: number) =>
      db.transaction(async (tx) => {
        beginnings += 1;
        await changed(tx, 'update two_rows set n = n + 1 where id = :first', { first });
        await pause(100);
        await changed(tx, 'update two_rows set n = n + 1 where id = :second', { second });
      });
    await Promise.all([add(1, 2), add(2, 1)]);
    expect(beginnings).toBe(3);
    expect(said).toEqual(['40P01']);
    expect(await row(db, 'select sum(n)::integer as sum from two_rows')).toEqual({ sum: 4 });
    await db.destroy();
  });

  test('that fails for a reason of its own is not repeated', async () => {
    let beginnings = 0;
    const work = db.transaction(async (tx) => {
      beginnings += 1;
      await row(tx, 'select 1 / 0');
    });
    await expect(work).rejects.toMatchObject({ code: '22012' });
    expect(beginnings).toBe(1);
  });
});

describe('migrations', () => {
  test('run once when several processes start on an empty database at once', async () => {
    const name = `migrate_${process.pid}`;
    await db.raw(`create database ${name}`);
    const url = new URL(database.url);
    url.pathname = `/${name}`;
    const processes = Array.from({ length: 3 }, () => openDatabase({ url: url.href, applicationName: 'test' }));
    const ran = await Promise.all(processes.map((one) => migrate(one, prepareDatabase)));
    expect(ran.filter((names) => names.length > 0)).toHaveLength(1);
    expect(await pendingMigrations(processes[0] as Db)).toEqual([]);
    await Promise.all(processes.map((one) => one.destroy()));
    await db.raw(`drop database ${name} with (force)`);
  });

  test('accept that the webhook role is already there', async () => {
    await expect(migrate(db, prepareDatabase)).resolves.toEqual([]);
  });
});

describe('a lease', () => {
  test('has one holder, who may renew it', async () => {
    const taken = await Promise.all(['A', 'B', 'C'].map((holder) => claimLease(db, 'one', holder, 60)));
    expect(taken.filter(Boolean)).toHaveLength(1);
    const holder = ['A', 'B', 'C'][taken.indexOf(true)] as string;
    expect(await claimLease(db, 'one', holder, 60)).toBe(true);
  });

  test('passes on when its time is over, and at once when it is given back', async () => {
    await claimLease(db, 'two', 'A', 60);
    expect(await claimLease(db, 'two', 'B', 60)).toBe(false);
    await changed(db, `update leases set held_until = now() - interval '1 second' where name = 'two'`);
    expect(await claimLease(db, 'two', 'B', 60)).toBe(true);
    await releaseLease(db, 'two', 'B');
    expect(await claimLease(db, 'two', 'C', 60)).toBe(true);
  });

  test('lets one of two processes work at a time, and the other when the first stops', async () => {
    const log2: string[] = [];
    let atOnce = 0;
    const stops = ['A', 'B'].map(() => new AbortController());
    const runs = ['A', 'B'].map((holder, index) =>
      holdLease(
        { db, name: 'three', holder, seconds: 1, log, signal: (stops[index] as AbortController).signal },
        async (signal) => {
          atOnce += 1;
          log2.push(`${holder} ${atOnce}`);
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          atOnce -= 1;
        },
      ),
    );
    await until(() => log2.length === 1);
    const first = log2[0]?.startsWith('A') ? 0 : 1;
    stops[first]?.abort();
    await until(() => log2.length === 2);
    stops[1 - first]?.abort();
    await Promise.all(runs);
    expect(log2.every((line) => line.endsWith('1'))).toBe(true);
    expect(new Set(log2.map((line) => line[0])).size).toBe(2);
  });
});

describe('the wake-up channel', () => {
  test('hears a notification, and listens again after its connection was cut', async () => {
    const heard: string[] = [];
    const listener = listen({
      url: database.url,
      channel: 'mingdan_work',
      log,
      onNotice: (payload) => void heard.push(payload),
    });
    await until(() => heard.length === 1);
    await db.raw(`notify mingdan_work, 'orders'`);
    await until(() => heard.includes('orders'));
    await db.raw(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'mingdan-listen' and datname = current_database()`,
    );
    await until(() => heard.filter((payload) => payload === '').length === 2);
    await db.raw(`notify mingdan_work, 'again'`);
    await until(() => heard.includes('again'));
    await listener.stop();
  });
});

describe('the wake-up channel, told to stop', () => {
  test('stops at once, also in the middle of connecting, and where nobody answers', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', () => resolve()));
    const { port } = silent.address() as AddressInfo;
    for (const url of [
      database.url,
      `postgres://nobody@127.0.0.1:${port}/none`,
      'postgres://nobody@127.0.0.1:1/none',
    ]) {
      for (const ms of [0, 30]) {
        const listener = listen({ url, channel: 'never', log, onNotice: () => undefined });
        await pause(ms);
        const begun = performance.now();
        await listener.stop();
        expect(performance.now() - begun).toBeLessThan(3_000);
      }
    }
    silent.close();
  });
});

describe('a connection that went dead without a word', () => {
  test('is not used again once its statement was given up', async () => {
    const { port, hostname } = new URL(database.url);
    let dead = false;
    const network = createServer((client) => {
      const server = connect(Number(port), hostname);
      // What is connected while the network swallows stays dead for ever.
      const pass = (from: Socket, to: Socket): unknown =>
        from.on('data', (bytes) => pipes.has(client) || to.write(bytes));
      pass(client, server);
      pass(server, client);
      for (const [one, other] of [
        [client, server],
        [server, client],
      ] as const) {
        one.on('error', () => undefined).on('close', () => other.destroy());
      }
      open.add(client);
      if (dead) pipes.add(client);
    });
    const pipes = new Set<Socket>();
    const open = new Set<Socket>();
    await new Promise<void>((resolve) => network.listen(0, '127.0.0.1', () => resolve()));
    const through = new URL(database.url);
    through.port = String((network.address() as AddressInfo).port);
    const patient = openDatabase({ url: through.href, applicationName: 'test', poolSize: 2, statementTimeoutMs: 200 });
    await Promise.all([row(patient, 'select pg_sleep(0.05)'), row(patient, 'select pg_sleep(0.05)')]);
    dead = true;
    for (const client of open) pipes.add(client);
    const lost = await Promise.all([0, 1].map(() => row(patient, 'select 1').catch((error: unknown) => error)));
    expect(lost.map(isConnectionError)).toEqual([true, true]);
    dead = false;
    await until(
      () =>
        row(patient, 'select 1').then(
          () => true,
          () => false,
        ),
      3_000,
    );
    const back = await Promise.all([0, 1, 2, 3].map(() => row<{ n: number }>(patient, 'select 1 as n')));
    expect(back).toEqual([{ n: 1 }, { n: 1 }, { n: 1 }, { n: 1 }]);
    await patient.destroy();
    network.close();
  });
});

describe('an error of the database', () => {
  test('is a matter of the connection when nobody answers', async () => {
    const nobody = openDatabase({
      url: 'postgres://x:y@127.0.0.1:1/z',
      applicationName: 'test',
      acquireTimeoutMs: 500,
    });
    const error = await row(nobody, 'select 1').catch((caught: unknown) => caught);
    expect(isConnectionError(error)).toBe(true);
    await nobody.destroy();
  });

  test('is one when the server takes a connection and says nothing', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', () => resolve()));
    const { port } = silent.address() as AddressInfo;
    const url = `postgres://nobody@127.0.0.1:${port}/none`;
    const hanging = openDatabase({ url, applicationName: 'test', acquireTimeoutMs: 300 });
    // Who comes while a connection is being made hears pg's error of it, who waited from the beginning hears the pool's.
    const asked = [0, 100, 200].map(async (ms) => {
      await pause(ms);
      return row(hanging, 'select 1').catch((caught: unknown) => caught);
    });
    for (const error of await Promise.all(asked)) {
      expect({ error: messageOf(error), one: isConnectionError(error) }).toMatchObject({ one: true });
    }
    expect(isConnectionError(new Error('timeout expired'))).toBe(true);
    await hanging.destroy();
    silent.close();
  });

  test('is none when a statement is wrong', async () => {
    const error = await row(db, 'select no_such_column').catch((caught: unknown) => caught);
    expect(isConnectionError(error)).toBe(false);
  });

  test('is one when a statement takes too long', async () => {
    const hasty = openDatabase({ url: database.url, applicationName: 'test', statementTimeoutMs: 50 });
    const error = await row(hasty, 'select pg_sleep(5)').catch((caught: unknown) => caught);
    expect(isConnectionError(error)).toBe(true);
    await hasty.destroy();
  });
});
