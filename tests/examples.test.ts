import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestSystem, type TestSystem } from './browser/support/system.ts';

const ROOT = join(import.meta.dirname, '..');
const KEY = 'the-api-key-of-the-examples';

/** Each client with the programs that it needs. */
const CLIENTS = [
  ['client.sh', ['bash', 'curl', 'openssl']],
  ['client.mjs', [process.execPath]],
  ['client.py', ['python3']],
] as const;

const isThere = (program: string): boolean =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program))) || existsSync(program);

/** A client's own words, line by line, and how it ended. */
async function run(file: string, program: string, env: Record<string, string>) {
  const child = spawn(program, [join(ROOT, 'docs/examples', file)], {
    env: { PATH: process.env.PATH ?? '', PYTHONIOENCODING: 'utf-8', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  });
  const said: string[] = [];
  const complained: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => said.push(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => complained.push(text));
  const [code] = await once(child, 'close');
  return { code, lines: said.join('').trim().split('\n'), complained: complained.join('') };
}

describe('the clients of docs/examples', () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await startTestSystem({ API_KEY: KEY, API_REQUIRE_SIGNATURE: '1', PAYMENT_PROVIDERS: 'alipay,wechat' });
  }, 90_000);
  afterAll(() => system?.stop(), 60_000);

  for (const [file, programs] of CLIENTS) {
    const missing = programs.filter((program) => !isThere(program));
    const [program] = programs;
    if (missing.length > 0) {
      test.skip(`${file} is not run: this machine has no ${missing.join(', ')}`, () => undefined);
      continue;
    }

    test(`${file} makes an order, pays it and gives the money back, with each call signed`, async () => {
      const env = { PUBLIC_URL: system.botUrl, API_KEY: KEY, PLAY: '1' };
      const { code, lines, complained } = await run(file, program, env);
      expect({ code, complained }).toEqual({ code: 0, complained: '' });
      expect(lines).toEqual([
        expect.stringMatching(/^order REPORT_\d{8}_[0-9A-Z]{8}$/),
        expect.stringMatching(/^payment https?:\/\//),
        'paid',
        expect.stringMatching(/^refund R-example-/),
        'refunded',
      ]);
      const orderNo = lines[0]?.slice('order '.length);
      const reply = await fetch(`${system.botUrl}/api/order-status/${orderNo}`, {
        signal: AbortSignal.timeout(10_000),
      });
      expect(await reply.json()).toMatchObject({ data: { payment_status: 'refunded', refund_status: 'succeeded' } });
    }, 90_000);

    test(`${file} says what was refused, never the key, and fails`, async () => {
      const env = { PUBLIC_URL: system.botUrl, API_KEY: 'another-key', PLAY: '1' };
      const { code, complained } = await run(file, program, env);
      expect(code).not.toBe(0);
      expect(complained).toContain('unauthorized');
      expect(complained).not.toContain('another-key');
    }, 60_000);
  }

  test('are named by the guide to the API', () => {
    const guide = readFileSync(join(ROOT, 'docs/http-api.md'), 'utf8');
    for (const [file] of CLIENTS) expect(guide).toContain(`(examples/${file})`);
  });
});
