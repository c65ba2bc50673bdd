import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { identify } from '../src/processes.ts';
import { claimCheckout } from '../src/running-file.ts';
import { temporaryFolder } from '../src/temporary-folder.ts';

let folder = '';
const file = (): string => join(folder, 'running.json');

beforeEach(() => {
  folder = temporaryFolder('mingdan-running-test-');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('the running system tells its process and environment to the CLI, readable by its owner only', () => {
  const running = claimCheckout(folder);
  running.write({ BOT_PORT: '3001' });
  expect(JSON.parse(readFileSync(file(), 'utf8'))).toMatchObject({ pid: process.pid, env: { BOT_PORT: '3001' } });
  expect(statSync(file()).mode & 0o777).toBe(0o600);
  running.remove();
  expect(() => statSync(file())).toThrow();
});

test('started twice in one checkout, the second one is refused with one clear sentence', () => {
  claimCheckout(folder);
  expect(() => claimCheckout(folder)).toThrow(`Mingdan already runs in this checkout (process ${process.pid})`);
});

test('the refusal repeats where the chat of the running one is', () => {
  claimCheckout(folder).write({ TELEGRAM_API_ROOT: 'http://127.0.0.1:3002/telegram' });
  expect(() => claimCheckout(folder)).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('Its chat: http://127.0.0.1:3002/chat\n') }),
  );
});

test('what a dead process or another one of the same number left behind stops nobody', () => {
  for (const left of [
    JSON.stringify({ ...identify(process.pid), since: 'long ago', env: {} }),
    '{"pid":999999999,"since":"","env":{}}',
    'half a fi',
  ]) {
    writeFileSync(file(), left);
    claimCheckout(folder);
    expect(JSON.parse(readFileSync(file(), 'utf8'))).toMatchObject(identify(process.pid));
  }
});
