import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Child, keepRunning } from '../src/children.ts';
import type { Guard } from '../src/guarded.ts';
import { endLeftovers, recordIn } from '../src/leftovers.ts';
import { goneWithin, isAlive } from '../src/processes.ts';
import { temporaryFolder } from '../src/temporary-folder.ts';

const fixture = (name: string): string => join(import.meta.dirname, 'fixtures', name);
let lines: string[] = [];
let said: string[] = [];
let child: Child | undefined;
let folder = '';
const noGuard: Guard = {
  watch: () => undefined,
  forget: () => undefined,
  remove: () => undefined,
  close: async () => undefined,
};

beforeEach(() => {
  lines = [];
  said = [];
  folder = temporaryFolder('mingdan-children-test-');
});

afterEach(async () => {
  child?.kill();
  child = undefined;
  rmSync(folder, { recursive: true, force: true });
});

function start(env: Record<string, string>): Child {
  child = keepRunning({
    name: 'bot',
    file: fixture('child.ts'),
    env,
    onLine: (_name, line) => lines.push(line),
    say: (line) => said.push(line),
    guard: noGuard,
    record: recordIn(join(folder, 'processes.json')),
    restartAfterMs: 20,
  });
  return child;
}

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not within 10 s; lines: ${lines.join(' | ')}`);
    await sleep(20);
  }
}

test('a process that ends by itself is started again, with one line each time', async () => {
  start({ ends: '10' });
  await until(() => lines.length >= 3);
  expect(said.length).toBeGreaterThanOrEqual(2);
  for (const line of said)
    expect(line).toMatch(/^The bot process ended by itself \(exit code 3\)\. It starts again in [\d.]+ s\.$/);
});

test('a process that is stopped is not started again', async () => {
  const bot = start({});
  await until(() => lines.length === 1);
  await bot.stop();
  await sleep(200);
  expect(lines).toEqual(['up ', 'asked to stop']);
  expect(said).toEqual([]);
});

test('a process that does not stop in time is killed', async () => {
  const bot = start({ deaf: 'yes' });
  await until(() => lines.length === 1);
  const pid = bot.pid() ?? 0;
  await bot.stop(100);
  expect(isAlive(pid)).toBe(false);
});

test('a process is given exactly its own environment and nothing of ours', async () => {
  process.env['LEAKED_SECRET'] = 'x';
  start({ ONE: '1' });
  await until(() => lines.length === 1);
  delete process.env['LEAKED_SECRET'];
  expect(lines).toEqual(['up ONE']);
});

test('when the owner is killed, the guard ends its processes and removes its folders', async () => {
  mkdirSync(join(folder, 'data'));
  const owner = spawn(process.execPath, [fixture('guarded-owner.ts'), join(folder, 'data')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const text = await new Promise<string>((done) => owner.stdout.once('data', (data) => done(String(data))));
  const pid = Number(text);
  expect(isAlive(pid)).toBe(true);
  owner.kill('SIGKILL');
  expect(await goneWithin(pid, 10_000)).toBe(true);
  await sleep(200);
  expect(() => rmSync(join(folder, 'data'), { recursive: true })).toThrow();
});

test('what a run left behind with nobody to end it is ended by the next start', async () => {
  const left = spawn(process.execPath, [fixture('child.ts')], { detached: true, stdio: 'ignore' });
  const file = join(folder, 'processes.json');
  recordIn(file).add(left.pid ?? 0);
  await endLeftovers(file, (line) => said.push(line));
  expect(isAlive(left.pid ?? 0)).toBe(false);
  expect(said).toEqual(['Stopping what an earlier run left behind (1 processes).']);
  await endLeftovers(file, (line) => said.push(line));
  expect(said).toHaveLength(1);
});
