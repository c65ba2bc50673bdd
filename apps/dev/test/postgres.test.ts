import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openDatabase, row } from '@mingdan/db';
import { startPostgres } from '../src/postgres.ts';
import { postgresHome } from '../src/postgres-home.ts';
import { goneWithin, isAlive, signal } from '../src/processes.ts';
import { temporaryFolder } from '../src/temporary-folder.ts';

let temporary = '';
let folder = '';
const owners: ChildProcess[] = [];
const servers: number[] = [];

beforeEach(() => {
  temporary = temporaryFolder('mingdan-postgres-test-');
  folder = join(temporary, 'postgres');
});

afterEach(async () => {
  for (const owner of owners.splice(0)) owner.kill('SIGKILL');
  for (const pid of servers.splice(0)) {
    if (isAlive(pid)) signal(pid, 'SIGINT');
    await goneWithin(pid, 10_000);
  }
  rmSync(temporary, { recursive: true, force: true });
});

interface Told {
  url: string;
  pid: number;
  said: string[];
  owner: ChildProcess;
}

/** A process of its own that owns a server, as `npm start` does. */
async function ownerStarts(): Promise<Told> {
  const owner = spawn(process.execPath, [join(import.meta.dirname, 'fixtures/owner.ts'), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  owners.push(owner);
  const said: string[] = [];
  for await (const line of createInterface({ input: owner.stdout })) {
    if (line.startsWith('{"error"')) throw new Error(line);
    if (!line.startsWith('{')) said.push(line);
    else {
      const told = JSON.parse(line) as { url: string; pid: number };
      servers.push(told.pid);
      return { ...told, said, owner };
    }
  }
  throw new Error('the owner ended without a word');
}

async function ask<T extends object>(url: string, sql: string): Promise<T | undefined> {
  const db = openDatabase({ url, applicationName: 'test', poolSize: 1 });
  try {
    return await row<T>(db, sql);
  } finally {
    await db.destroy();
  }
}

async function killed(owner: ChildProcess): Promise<void> {
  owner.kill('SIGKILL');
  await new Promise((done) => owner.once('exit', done));
}

test('it is a UTF-8 server with the plain C order, on 127.0.0.1 only, whose password lies beside its data', async () => {
  const { url, owner } = await ownerStarts();
  const settings = await ask<{ enc: string; ctype: string; addresses: string; sockets: string }>(
    url,
    `select pg_encoding_to_char(encoding) as enc, datctype as ctype, current_setting('listen_addresses') as addresses,
            current_setting('unix_socket_directories') as sockets from pg_database where datname = 'postgres'`,
  );
  expect(settings).toEqual({ enc: 'UTF8', ctype: 'C', addresses: '127.0.0.1', sockets: '' });
  expect(statSync(join(folder, 'password')).mode & 0o777).toBe(0o600);
  expect(await ask(url, `select string_agg(distinct auth_method, ',') as methods from pg_hba_file_rules`)).toEqual({
    methods: 'scram-sha-256',
  });
  const ended = new Promise((done) => owner.once('exit', done));
  owner.kill('SIGTERM');
  expect(await ended).toBe(0);
}, 60_000);

test('after a kill -9 of its owner the next start stops the server left behind and keeps the data and the password', async () => {
  const first = await ownerStarts();
  await ask(first.url, 'create table kept as select 7 as value');
  await killed(first.owner);
  const second = await ownerStarts();
  expect(second.said).toEqual(['Stopping the database that an earlier run left behind.']);
  expect(isAlive(first.pid)).toBe(false);
  expect(new URL(second.url).password).toBe(new URL(first.url).password);
  expect(await ask(second.url, 'select value from kept')).toEqual({ value: 7 });
}, 60_000);

test('after a kill -9 of owner and server it starts again, once the old children have let go', async () => {
  const first = await ownerStarts();
  await ask(first.url, 'create table kept as select 7 as value');
  await killed(first.owner);
  signal(first.pid, 'SIGKILL');
  const second = await ownerStarts();
  expect(await ask(second.url, 'select value from kept')).toEqual({ value: 7 });
}, 60_000);

test('a postmaster.pid whose number another program has got by now does not stop it', async () => {
  const first = await ownerStarts();
  await killed(first.owner);
  signal(first.pid, 'SIGKILL');
  await goneWithin(first.pid, 10_000);
  writeFileSync(
    join(folder, 'data/postmaster.pid'),
    `${process.pid}\n${folder}/data\n1\n5432\n\n127.0.0.1\n1 1\nready\n`,
  );
  const second = await ownerStarts();
  expect(await ask(second.url, 'select 1 as one')).toEqual({ one: 1 });
}, 60_000);

test('a second owner is refused while the first one lives, and the first one is not disturbed', async () => {
  const first = await ownerStarts();
  await expect(ownerStarts()).rejects.toThrow(/in use by process/);
  expect(await ask(first.url, 'select 1 as one')).toEqual({ one: 1 });
}, 60_000);

test('a throw-away server is gone with its data after stop', async () => {
  const server = await startPostgres({ folder, persistent: false, say: () => undefined });
  servers.push(server.pid);
  await server.stop();
  expect(isAlive(server.pid)).toBe(false);
  expect(() => statSync(folder)).toThrow();
}, 60_000);

const asRoot = process.getuid?.() === 0 ? test : test.skip;

asRoot(
  'as root in a checkout closed to others the data go to a closed folder of /var/tmp, with one line saying so',
  () => {
    const closed = join(temporary, 'closed/checkout/.mingdan/postgres');
    mkdirSync(join(temporary, 'closed'), { mode: 0o700 });
    const said: string[] = [];
    const home = postgresHome(closed, (line) => said.push(line));
    expect(home.folder).toMatch(/^\/var\/tmp\/mingdan-[0-9a-f]{12}\/postgres$/);
    expect(said).toHaveLength(1);
    expect(statSync(home.folder).uid).toBe(home.user?.uid);
    expect(statSync(home.folder).mode & 0o077).toBe(0);
    // The next start finds it there again, also when the checkout was opened meanwhile.
    writeFileSync(join(home.folder, 'password'), 'x');
    expect(postgresHome(closed, () => undefined).folder).toBe(home.folder);
    rmSync(join(home.folder, '..'), { recursive: true });
  },
);

asRoot('as root the data stay with the user to whom they belong', () => {
  mkdirSync(join(folder, 'data'), { recursive: true });
  chownSync(join(folder, 'data'), 54321, 54322);
  expect(postgresHome(folder, () => undefined).user).toEqual({ uid: 54321, gid: 54322 });
});

test('a start that is given up says so and leaves no server', async () => {
  const stopping = new AbortController();
  stopping.abort(new Error('given up'));
  await expect(
    startPostgres({ folder, persistent: false, say: () => undefined, signal: stopping.signal }),
  ).rejects.toThrow('given up');
  expect(() => statSync(join(folder, 'data/postmaster.pid'))).toThrow();
});
