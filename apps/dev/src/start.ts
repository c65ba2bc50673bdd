/** `npm start`: the whole system in one terminal, with a sandbox for every outside service that has no key in `.env`. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  ConfigError,
  type Environment,
  isProduction,
  loadEnvironment,
  persistedSecrets,
  repositoryRoot,
  secretsFile,
} from '@mingdan/config';
import { MingdanError } from '@mingdan/kernel';
import { logPrinter } from './log-lines.ts';
import { commandOf, identify, isSameProcess, type ProcessId, parentOf } from './processes.ts';
import { claimCheckout, type RunningFile } from './running-file.ts';
import { type System, startSystem } from './system.ts';
import { describeSystem } from './welcome.ts';

const folder = join(repositoryRoot, '.mingdan');
const say = (line: string): void => console.log(line);
const print = logPrinter((text) => process.stdout.write(text), process.stdout.isTTY === true);
const early: [string, string][] = [];
let onLine = (name: string, line: string): void => {
  // Kept back until people have read where to go; printed at once when the start fails.
  early.push([name, line]);
};

function flush(): void {
  for (const [name, line] of early.splice(0)) print(name, line);
  onLine = print;
}

/** The provider `mock` is for development only; its secret is made even where `.env` holds all the others. */
function withMockSecret(env: Environment): Environment {
  if (isProduction(env) || env['MOCK_WEBHOOK_SECRET']?.trim()) return env;
  return { ...env, MOCK_WEBHOOK_SECRET: persistedSecrets(repositoryRoot).MOCK_WEBHOOK_SECRET };
}

/** A port of `.env` is the first one tried. @throws ConfigError */
function portOf(env: Environment, name: string, otherwise: number): number {
  const value = env[name]?.trim();
  if (!value) return otherwise;
  if (/^\d+$/.test(value) && Number(value) <= 65_535) return Number(value);
  const [expected, example] = ['a port: a whole number from 0 to 65535', String(otherwise)];
  const line = `${name} is not valid: expected ${expected}, for example ${example}`;
  throw new ConfigError([{ variable: name, kind: 'invalid', expected, example, line }]);
}

/** Somebody wrote that port down, and may look for us there. */
function tellOtherPort(wanted: string | undefined, url: string): void {
  const { port } = new URL(url);
  if (wanted?.trim() && Number(wanted) !== 0 && wanted.trim() !== port)
    say(`${wanted.trim()} is taken, using ${port}.`);
}

/** npm and the shell between it and us: npm hands signals on to the shell only, and a kill -9 to nobody. */
function npmAboveUs(): ProcessId[] {
  if (!process.env['npm_lifecycle_event']) return [];
  const above = [process.ppid, parentOf(process.ppid)];
  return above.filter((pid) => pid > 1 && /\bnpm\b|^\S*sh -c /.test(commandOf(pid))).map(identify);
}

/** Settles when somebody wants the end: Ctrl-C, SIGTERM, a closed terminal, or npm being gone. */
function wish(stopping: AbortController): Promise<string> {
  return new Promise((done) => {
    const stop = (why: string): void => {
      stopping.abort(new MingdanError('stopped', 'Stopped.', { hint: '' }));
      done(why);
    };
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stop(name));
    const starters = npmAboveUs();
    setInterval(() => starters.every(isSameProcess) || stop('npm ended'), 1_000).unref();
  });
}

async function run(): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const running = claimCheckout(folder);
  try {
    const stopping = new AbortController();
    const wished = wish(stopping);
    const system = await begin(running, stopping.signal).catch((error: unknown) => {
      // Whatever broke off by the stop is no failure of its own.
      stopping.signal.throwIfAborted();
      throw error;
    });
    await wished;
    await end(system);
  } finally {
    running.remove();
  }
}

async function begin(running: RunningFile, signal: AbortSignal): Promise<System> {
  const started = Date.now();
  const env = withMockSecret(loadEnvironment());
  const system = await startSystem({
    env,
    folder,
    persistent: true,
    ports: { webhook: portOf(env, 'WEBHOOK_PORT', 3000), bot: portOf(env, 'BOT_PORT', 3001), sandbox: 3002 },
    onLine: (name, line) => onLine(name, line),
    say,
    signal,
  });
  running.write(system.differs);
  tellOtherPort(env['WEBHOOK_PORT'], system.webhookUrl);
  tellOtherPort(env['BOT_PORT'], system.botUrl);
  for (const line of describeSystem(system, secretsFile(repositoryRoot), Date.now() - started)) say(line);
  flush();
  return system;
}

async function end(system: System): Promise<void> {
  say('\nStopping: what is under way is finished or handed back. Once more Ctrl-C ends it at once.');
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => system.hurry());
  await system.stop();
  say('Stopped.');
}

/** Files that cannot be written: the machine is the reason, and a stack of ours tells nobody anything. */
const MACHINE: Record<string, string> = {
  EACCES: 'This user may not write there: change the owner of that folder, or start as the user it belongs to.',
  EPERM: 'This user may not write there: change the owner of that folder, or start as the user it belongs to.',
  EROFS: 'That file system is read-only: use a checkout in a place that can be written.',
  ENOSPC: `The disk of ${folder} is full: make room, then start again.`,
  EDQUOT: `The disk quota of ${folder} is used up: make room, then start again.`,
};

function describe(error: unknown): unknown {
  if (error instanceof MingdanError) return [error.message, error.hint].filter(Boolean).join('\n');
  const { code, path, syscall, message } = error as NodeJS.ErrnoException;
  // A write tells no path; a port that may not be taken has none.
  const hint = code && (path || syscall === 'write') ? MACHINE[code] : undefined;
  return hint ? `Cannot start: ${message}\n${hint}` : error;
}

// A terminal that was closed takes no more lines; that is no reason to leave without stopping all in order.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
try {
  await run();
} catch (error) {
  const stopped = error instanceof MingdanError && error.code === 'stopped';
  if (!stopped) flush();
  console.error(describe(error));
  process.exitCode = stopped ? 0 : 1;
}
process.exit();
