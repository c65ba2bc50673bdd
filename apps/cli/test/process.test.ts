import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Ran } from './given.ts';

const MAIN = join(import.meta.dirname, '../src/main.ts');

async function mingdan(args: readonly string[], input = '', env: Record<string, string> = {}): Promise<Ran> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env.PATH, NODE_ENV: 'production', ...env },
    stdio: 'pipe',
  });
  const ran: Ran = { code: -1, out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    ran.out += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    ran.err += String(chunk);
  });
  child.stdin.end(input);
  ran.code = await new Promise((resolve) => child.once('close', (code) => resolve(code ?? -1)));
  return ran;
}

describe('the process', () => {
  test('answers a line with a line, in order, the bad ones too', async () => {
    const births = [
      '{"date":"1990-05-15","time":"14:30","gender":"male"}',
      'no json',
      '{"date":"1990-02-31"}',
      '{"date":"1988-01-08","time":"12:20","gender":"female"}',
    ];
    const { code, out } = await mingdan(['bazi', '--jsonl'], `${births.join('\r\n')}\n`);
    const answers = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(code).toBe(0);
    expect(answers[0].pillars).toEqual({ year: '庚午', month: '辛巳', day: '庚辰', hour: '癸未' });
    expect(answers.map(({ error }) => error?.field)).toEqual([undefined, 'input', 'date', undefined]);
    expect(Object.values(answers[3].pillars).join(' ')).toBe('丁卯 癸丑 壬戌 丙午');
  });

  test('ends with 2 and a sentence for what it does not know', async () => {
    const { code, out, err } = await mingdan(['ordres']);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain("unknown command 'ordres'");
  });

  test('refuses to migrate without a database, naming the variable and no value', async () => {
    const missing = await mingdan(['migrate']);
    expect(missing.code).toBe(1);
    expect(missing.err).toMatch(/^DATABASE_URL is missing: expected .*\n→ /);
    const wrong = await mingdan(['migrate', '--json'], '', { DATABASE_URL: 'mysql://root:hunter2@db/x' });
    expect(wrong.code).toBe(1);
    expect(JSON.parse(wrong.out).error.code).toBe('bad_config');
    expect(wrong.out + wrong.err).not.toContain('hunter2');
  });

  test('says in one sentence that the database does not answer', async () => {
    const { code, err } = await mingdan(['migrate'], '', { DATABASE_URL: 'postgres://shop:hunter2@127.0.0.1:9/x' });
    expect(code).toBe(1);
    expect(err).toMatch(/^The database does not answer\.\n→ /);
    expect(err).not.toContain('hunter2');
  });
});
