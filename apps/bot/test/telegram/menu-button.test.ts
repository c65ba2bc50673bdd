import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { TestDatabase } from '@mingdan/db/testing';
import { createLogger } from '@mingdan/kernel';
import { testDatabase } from '@mingdan/orders/testing';
import { type Sandbox, startSandbox } from '../../../sandbox/src/index.ts';
import { createTelegram } from '../../src/telegram/index.ts';
import { setMenuButton } from '../../src/telegram/menu-button.ts';
import { createTexts } from '../../src/texts.ts';

const TOKEN = '70001:test';
let database: TestDatabase;
let sandbox: Sandbox;
const lines: string[] = [];
const log = createLogger({ process: 'test', destination: { write: (line) => lines.push(line) } });
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  const silent = createLogger({ process: 'sandbox', level: 'silent' });
  sandbox = await startSandbox({ port: 0, botToken: TOKEN, deepseekApiKey: 's', yuanfenjuApiKey: 'y', log: silent });
  lines.length = 0;
});
afterEach(() => sandbox.close());

const telegram = () => createTelegram({ token: TOKEN, apiRoot: sandbox.telegramApiRoot, db: database.db, log });
const set = (publicUrl: string) => setMenuButton({ telegram: telegram(), texts: createTexts(), log }, publicUrl);
const calls = () => sandbox.control.calls({ name: 'setChatMenuButton' }).length;

test('opens the Mini App of a shop on a public https address, and may be set at every start', async () => {
  await set('https://shop.example.com');
  await set('https://shop.example.com');
  expect(await telegram().getChatMenuButton()).toEqual({
    type: 'web_app',
    text: '打开小程序',
    web_app: { url: 'https://shop.example.com/app' },
  });
  expect(lines).toEqual([]);
});

test.each(['http://shop.example.com', 'http://127.0.0.1:3001', 'https://127.0.0.1:3001', 'https://localhost:3001'])(
  'is left alone where Telegram cannot open the pages: %s',
  async (publicUrl) => {
    await set(publicUrl);
    expect(calls()).toBe(0);
  },
);

test('that Telegram refuses is one line in the log', async () => {
  await sandbox.close();
  await set('https://shop.example.com');
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ msg: 'the menu button of the Mini App was not set' });
  expect(lines.join()).not.toContain(TOKEN);
});
