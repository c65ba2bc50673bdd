import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  loadEnvironment,
  makeNoticeKeys,
  persistedSecrets,
  readBotConfig,
  readWebhookConfig,
  secretsFile,
} from '../src/index.ts';
import { registry } from './given.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mingdan-config-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function keep(path: string, text: string): void {
  mkdirSync(join(root, '.mingdan'), { recursive: true });
  writeFileSync(join(root, path), text);
}

describe('the secrets of a development machine', () => {
  test('are made once, and read by nobody else', () => {
    const secrets = persistedSecrets(root);
    expect(persistedSecrets(root)).toEqual(secrets);
    expect(statSync(secretsFile(root)).mode & 0o777).toBe(0o600);
    expect(statSync(join(root, '.mingdan')).mode & 0o777).toBe(0o700);
  });

  test('fit what the processes expect of them', () => {
    const env = {
      ...persistedSecrets(root),
      DATABASE_URL: 'postgres://a@b/c',
      TELEGRAM_BOT_TOKEN: '1:a',
      DEEPSEEK_API_KEY: 'sk',
    };
    expect(readBotConfig(env, { providers: registry }).keys.data).toHaveLength(1);
    expect(readWebhookConfig(env, { providers: registry }).noticePublicKey).not.toBeNull();
  });

  test('are the same for processes that start at once', async () => {
    const secretsModule = join(import.meta.dirname, '../src/secrets.ts');
    const script = `import { persistedSecrets } from ${JSON.stringify(secretsModule)}; process.stdout.write(persistedSecrets(${JSON.stringify(root)}).API_KEY)`;
    const outputs = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        let text = '';
        child.stdout.on('data', (chunk) => {
          text += String(chunk);
        });
        await once(child, 'close');
        return text;
      }),
    );
    expect(outputs[0]).toMatch(/^[\w-]{32}$/);
    expect(new Set(outputs).size).toBe(1);
  });

  test('are never made anew over a file that cannot be read', () => {
    keep('.mingdan/secrets.json', '{"API_KEY":');
    expect(() => persistedSecrets(root)).toThrow(/cannot be read/);
    expect(readFileSync(secretsFile(root), 'utf8')).toBe('{"API_KEY":');
  });

  test('hold a notice key pair whose public half is 32 bytes', () => {
    expect(Buffer.from(makeNoticeKeys().publicKey, 'base64')).toHaveLength(32);
  });
});

describe('the environment', () => {
  test('wins over .env, which wins over a running npm start', () => {
    keep('.env', 'A=file\nB=file\nTELEGRAM_BOT_TOKEN=your-bot-token\n');
    keep(
      '.mingdan/running.json',
      JSON.stringify({ pid: process.pid, env: { A: 'run', B: 'run', C: 'run', TELEGRAM_BOT_TOKEN: '1:sandbox' } }),
    );
    const env = loadEnvironment({ cwd: root, env: { A: 'real', NODE_ENV: 'development' }, joinRunning: true });
    expect(env).toMatchObject({ A: 'real', B: 'file', C: 'run', TELEGRAM_BOT_TOKEN: '1:sandbox' });
  });

  test('takes nothing from an npm start that is gone, nor from a broken file', async () => {
    const child = spawn(process.execPath, ['--eval', ''], { stdio: 'ignore' });
    await once(child, 'exit');
    keep('.mingdan/running.json', JSON.stringify({ pid: child.pid, env: { C: 'run' } }));
    expect(loadEnvironment({ cwd: root, env: {}, joinRunning: true }).C).toBeUndefined();
    keep('.mingdan/running.json', '{');
    expect(loadEnvironment({ cwd: root, env: {}, joinRunning: true }).C).toBeUndefined();
  });

  test('brings the kept secrets in development, without the private notice key', () => {
    const env = loadEnvironment({ cwd: root, env: { API_KEY: 'mine' } });
    expect(env).toMatchObject({ API_KEY: 'mine', ADMIN_TOKEN: persistedSecrets(root).ADMIN_TOKEN });
    expect(env.NOTICE_PRIVATE_KEY).toBeUndefined();
  });

  test('brings the secret of mock where mock is listed, also beside keys of your own', () => {
    const { MOCK_WEBHOOK_SECRET, ...own } = persistedSecrets(root);
    expect(loadEnvironment({ cwd: root, env: own }).MOCK_WEBHOOK_SECRET).toBeUndefined();
    const listed = loadEnvironment({ cwd: root, env: { ...own, PAYMENT_PROVIDERS: 'pingpong,mock' } });
    expect(listed.MOCK_WEBHOOK_SECRET).toBe(MOCK_WEBHOOK_SECRET);
  });

  test('is no other for a process that does not ask for it', () => {
    keep('.mingdan/running.json', JSON.stringify({ pid: process.pid, env: { C: 'run' } }));
    expect(loadEnvironment({ cwd: root, env: {} }).C).toBeUndefined();
  });

  test('makes up nothing in production', () => {
    keep('.mingdan/running.json', JSON.stringify({ pid: process.pid, env: { C: 'run' } }));
    keep('.env', 'PUBLIC_URL=https://shop.test\n');
    expect(loadEnvironment({ cwd: root, env: {}, joinRunning: true })).toEqual({ PUBLIC_URL: 'https://shop.test' });
    expect(() => statSync(secretsFile(root))).toThrow(/ENOENT/);
  });
});
