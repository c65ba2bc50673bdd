import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MingdanError } from '@mingdan/kernel';
import { type PostgresHome, postgresHome } from './postgres-home.ts';
import { commandOf, goneWithin, identify, isAlive, isSameProcess, type ProcessId, signal } from './processes.ts';

export interface PostgresOptions {
  /** folder of this server, `.mingdan/postgres` of the checkout when left out */
  folder?: string;
  /** whether the data shall outlive the server (and a power cut); throw-away servers skip every fsync and are removed by `stop` */
  persistent: boolean;
  /** port to take if it is free */
  port?: number;
  /** gets a line for people now and then */
  say: (line: string) => void;
  /** gives up starting; nothing is left running then */
  signal?: AbortSignal;
}

export interface RunningPostgres {
  /** of the superuser, with its password, to the database `postgres` */
  url: string;
  port: number;
  pid: number;
  folder: string;
  /** settles when the server has ended, whoever ended it */
  ended: Promise<void>;
  stop(): Promise<void>;
}

/** After a kill -9 the old server's children hold its shared memory for some seconds. */
const START_TRIES_MS = 15_000;
const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 20_000;
/** The last lines of the log that are about this start, and which of them say why it failed. */
const TOLD_OF_LOG = 20;
const REASON = /FATAL|PANIC|error|No space/i;

const SAFE = ['max_connections=100', 'shared_buffers=64MB'];
const FAST = [
  'max_connections=300',
  'shared_buffers=128MB',
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'wal_level=minimal',
  'max_wal_senders=0',
];

/**
 * Starts the real PostgreSQL of the npm package on 127.0.0.1, as root under a user of its own. A server that an earlier owner left
 * running is stopped first; one whose owner still lives is not touched.
 * @throws MingdanError database_in_use, database_did_not_start
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const wanted = resolve(options.folder ?? join(import.meta.dirname, '../../../.mingdan/postgres'));
  const home = postgresHome(wanted, options.say);
  claimFolder(home);
  await stopLeftover(home, options.say);
  options.signal?.throwIfAborted();
  const password = passwordOf(home);
  await initialise(home);
  options.signal?.throwIfAborted();
  const { port, pid } = await startServer(home, options);
  const stop = once(() => stopServer(home, pid, options.persistent));
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  return { url, port, pid, folder: home.folder, ended: untilGone(pid), stop };
}

/** One owner per folder: a second one would stop the first one's server as a leftover. */
function claimFolder(home: PostgresHome): void {
  const file = join(home.folder, 'owner.json');
  if (existsSync(file)) {
    const owner = JSON.parse(readFileSync(file, 'utf8')) as ProcessId;
    if (owner.pid !== process.pid && isSameProcess(owner)) {
      throw new MingdanError(
        'database_in_use',
        `The embedded database in ${home.folder} is in use by process ${owner.pid}`,
        {
          hint: 'Stop that one first (Ctrl-C in its terminal).',
        },
      );
    }
  }
  writeFileSync(file, JSON.stringify(identify(process.pid)), { mode: 0o600 });
}

interface Postmaster {
  pid: number;
  port: number;
  ready: boolean;
}

/** What the server wrote about itself (pid, folder, start, port, socket, address, memory, state: a line each). */
function postmasterOf(home: PostgresHome): Postmaster | undefined {
  try {
    const lines = readFileSync(join(home.folder, 'data/postmaster.pid'), 'utf8').split('\n');
    return { pid: Number(lines[0]), port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' };
  } catch {
    return undefined;
  }
}

async function stopLeftover(home: PostgresHome, say: (line: string) => void): Promise<void> {
  const found = postmasterOf(home);
  if (!found) return;
  const command = isAlive(found.pid) ? commandOf(found.pid) : '';
  if (command.includes('postgres') && command.includes(home.folder)) {
    say('Stopping the database that an earlier run left behind.');
    await stopPid(found.pid);
  } else if (command !== '') {
    // The number belongs to another program by now; the server would take that for itself and refuse to start.
    rmSync(join(home.folder, 'data/postmaster.pid'), { force: true });
  }
}

function passwordOf(home: PostgresHome): string {
  const file = join(home.folder, 'password');
  if (!existsSync(file)) {
    writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o600 });
    if (home.user) chownSync(file, home.user.uid, home.user.gid);
  }
  return readFileSync(file, 'utf8').trim();
}

async function initialise(home: PostgresHome): Promise<void> {
  const data = join(home.folder, 'data');
  if (existsSync(join(data, 'initialised'))) return;
  // Without that mark it is what a broken-off initdb left.
  rmSync(data, { recursive: true, force: true });
  const flags = [
    '-D',
    data,
    '-U',
    'postgres',
    '-E',
    'UTF8',
    '--locale=C',
    '-A',
    'scram-sha-256',
    `--pwfile=${join(home.folder, 'password')}`,
    '--no-sync',
    '--no-instructions',
  ];
  const child = launch(home, 'initdb', flags);
  const code = await new Promise<number | null>((done, failed) => child.once('error', failed).once('exit', done));
  if (code !== 0) throw didNotStart(home, 'initdb');
  writeFileSync(join(data, 'initialised'), '', { mode: 0o600 });
}

/** In a process group of its own: the terminal's Ctrl-C must not end the server before its clients. */
function launch(home: PostgresHome, program: 'initdb' | 'postgres', flags: string[]): ReturnType<typeof spawn> {
  const file = join(home.binaries, 'bin', program);
  if (!home.user) chmodSync(file, 0o755);
  const log = openSync(join(home.folder, 'server.log'), 'a', 0o600);
  try {
    return spawn(file, flags, {
      ...home.user,
      cwd: home.folder,
      detached: true,
      stdio: ['ignore', log, log],
      env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
    });
  } finally {
    closeSync(log);
  }
}

async function startServer(home: PostgresHome, options: PostgresOptions): Promise<{ port: number; pid: number }> {
  const end = Date.now() + START_TRIES_MS;
  for (let wanted = options.port ?? 0; ; wanted = 0) {
    const port = await freePort(wanted);
    const pid = await tryServer(home, port, options);
    if (pid !== undefined) return { port, pid };
    if (Date.now() > end) throw didNotStart(home, 'postgres');
    await sleep(500);
    options.signal?.throwIfAborted();
  }
}

async function tryServer(
  home: PostgresHome,
  port: number,
  { persistent, signal: stopped }: PostgresOptions,
): Promise<number | undefined> {
  const settings = [
    ...(persistent ? SAFE : FAST),
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'timezone=UTC',
    'log_timezone=UTC',
  ];
  const child = launch(home, 'postgres', [
    '-D',
    join(home.folder, 'data'),
    '-p',
    String(port),
    ...settings.flatMap((setting) => ['-c', setting]),
  ]);
  let over = false;
  child.once('error', () => {
    over = true;
  });
  child.once('exit', () => {
    over = true;
  });
  child.unref();
  const end = Date.now() + READY_WITHIN_MS;
  while (!over && !stopped?.aborted && Date.now() < end) {
    const found = postmasterOf(home);
    if (found?.ready && found.pid === child.pid) return child.pid;
    await sleep(20);
  }
  if (!over && child.pid) await stopPid(child.pid);
  stopped?.throwIfAborted();
  return undefined;
}

/** @returns `wanted` where it is free, else any free port of 127.0.0.1 */
async function freePort(wanted: number): Promise<number> {
  return new Promise((done, failed) => {
    const probe = createServer();
    probe.once('error', () => (wanted === 0 ? failed(new Error('no free port')) : done(freePort(0))));
    probe.listen(wanted, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => done(typeof address === 'object' && address ? address.port : wanted));
    });
  });
}

async function stopServer(home: PostgresHome, pid: number, persistent: boolean): Promise<void> {
  await stopPid(pid);
  if (persistent) rmSync(join(home.folder, 'owner.json'), { force: true });
  else rmSync(home.folder, { recursive: true, force: true });
}

/** SIGINT is PostgreSQL's orderly end that waits for no client, SIGQUIT the immediate one. */
async function stopPid(pid: number): Promise<void> {
  signal(pid, 'SIGINT');
  if (await goneWithin(pid, STOP_WITHIN_MS)) return;
  signal(pid, 'SIGQUIT');
  if (!(await goneWithin(pid, 5_000))) signal(pid, 'SIGKILL');
}

async function untilGone(pid: number): Promise<void> {
  while (isAlive(pid)) await sleep(500, undefined, { ref: false });
}

function didNotStart(home: PostgresHome, program: string): MingdanError {
  const log = join(home.folder, 'server.log');
  const lines = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').slice(-TOLD_OF_LOG) : [];
  const reasons = lines.filter((line) => REASON.test(line));
  const told = (reasons.length > 0 ? reasons : lines).slice(-3).join(' | ');
  return new MingdanError('database_did_not_start', `The embedded database did not start (${program}): ${told}`, {
    hint: `Look into ${log}, or set DATABASE_URL.`,
  });
}

function once(action: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => {
    running ??= action();
    return running;
  };
}
