import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Input, Telegram } from 'telegraf';
import type { Sandbox } from '../src/index.ts';
import { API_SECRET, BOT_TOKEN, hmac, sandbox } from './harness.ts';

const USER = 1001;
let world: Sandbox;
let api: Telegram;

beforeAll(async () => {
  world = await sandbox();
  api = new Telegram(BOT_TOKEN, { apiRoot: world.telegramApiRoot });
});
afterAll(() => world.close());

const post = (path: string, body: unknown) =>
  fetch(`${world.url}/chat/api/people${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

describe('the chat page', () => {
  test.each(['/', '/chat', '/panel', '/assets/chat.js', '/assets/font/400.css'])('%s is served', async (path) => {
    const answer = await fetch(world.url + path);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'self'");
  });

  test('a person can be added, starts with a payload, and writes', async () => {
    const person = JSON.parse(await (await post('', { name: '李四', language: 'zh-hant' })).text());
    await post(`/${person.id}/start`, { payload: 'ref_abc' });
    await post(`/${person.id}/messages`, { text: '你好' });
    const texts = world.control.telegram.messages(person.id).map((message) => message.text);
    expect(texts).toEqual(['/start ref_abc', '你好']);
  });

  test('only a button that is on the screen can be pressed', async () => {
    world.control.telegram.start(USER);
    const keyboard = { inline_keyboard: [[{ text: 'A', callback_data: 'a' }]] };
    const { message_id } = await api.sendMessage(USER, 'choose', { reply_markup: keyboard });
    expect((await post(`/${USER}/press`, { messageId: message_id, data: 'a' })).status).toBe(200);
    expect((await post(`/${USER}/press`, { messageId: message_id, data: 'b' })).status).toBe(409);
    expect((await post('/424242/messages', { text: 'x' })).status).toBe(409);
  });

  test('a page that a bot sends as a file is never shown as a page of the sandbox', async () => {
    const html = Input.fromBuffer(Buffer.from('<script>alert(1)</script>'), 'x.html');
    const { document } = await api.sendDocument(USER, html);
    const answer = await fetch(`${world.url}/chat/api/files/${document.file_id}`);
    expect(answer.headers.get('content-type')).toContain('application/octet-stream');
    expect(answer.headers.get('content-disposition')).toContain('attachment');
  });
});

describe('a restart', () => {
  test('keeps chats, payments and refunds where there is a folder for them', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'mingdan-sandbox-'));
    const first = await sandbox({ dataDir });
    const said = first.control.telegram.start(USER);
    const body = JSON.stringify({
      merchant_id: 'test-merchant',
      order_id: 'REPORT_20261121_KEPT0001',
      amount: '19.90',
      currency: 'CNY',
      notify_url: 'http://127.0.0.1:9/nowhere',
    });
    const timestamp = String(Math.floor(Date.now() / 1_000));
    await fetch(`${first.pingpongApiBase}/v1/payments`, {
      method: 'POST',
      headers: { 'x-signature': hmac(API_SECRET, body), 'x-timestamp': timestamp },
      body,
    });
    await first.close();

    const second = await sandbox({ dataDir });
    const { telegram, pingpong } = second.control;
    expect(telegram.messages(USER).map((message) => message.text)).toEqual(['/start']);
    expect(pingpong.payment('REPORT_20261121_KEPT0001')).toMatchObject({ status: 'pending' });
    expect(telegram.say(USER, 'again').message_id).toBeGreaterThan(said.message_id);
    await second.close();
    rmSync(dataDir, { recursive: true });
  });
});
