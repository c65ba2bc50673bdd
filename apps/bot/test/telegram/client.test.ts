import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { TelegramCallFailed } from '../../src/telegram/bot-api.ts';
import { failureOf } from '../../src/telegram/channel.ts';
import type { LimitedTelegram } from '../../src/telegram/client.ts';
import { createTelegram, telegramChannel } from '../../src/telegram/index.ts';
import { aWorld, texts, type World } from './given/world.ts';

let world: World;
beforeAll(async () => {
  world = await aWorld();
});
afterAll(() => world.end());

const limits = { chatIntervalMs: 0, chatBurst: 100, allIntervalMs: 0, allBurst: 100 };
const options = () => ({
  token: '123456:TEST-TOKEN',
  apiRoot: world.api.root,
  db: world.database.db,
  log: world.deps.log,
  limits,
});
const patient = (): LimitedTelegram => createTelegram({ ...options(), repeatsAfter429: 2 });

async function failure(call: Promise<unknown>): Promise<TelegramCallFailed> {
  return call.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => {
      if (error instanceof TelegramCallFailed) return error;
      throw error;
    },
  );
}

test('retry_after is obeyed and the call is made again', async () => {
  world.api.fail('sendMessage', 429, {
    ok: false,
    error_code: 429,
    description: 'Too Many Requests',
    parameters: { retry_after: 1 },
  });
  const before = performance.now();
  await patient().sendMessage(1, 'hello');
  expect(performance.now() - before).toBeGreaterThan(950);
});

test('the sender is told to slow down instead', async () => {
  world.api.fail('sendMessage', 429, {
    ok: false,
    error_code: 429,
    description: 'Too Many Requests',
    parameters: { retry_after: 7 },
  });
  const error = await failure(createTelegram(options()).sendMessage(1, 'hello'));
  expect(failureOf(error)).toMatchObject({ kind: 'slow_down', retryAfterSeconds: 7 });
});

test('the budget of a chat is shared and waited for', async () => {
  const slow = createTelegram({
    ...options(),
    limits: { chatIntervalMs: 200, chatBurst: 1, allIntervalMs: 0, allBurst: 100 },
  });
  const before = performance.now();
  await Promise.all([slow.sendMessage(31, 'a'), slow.sendMessage(31, 'b'), slow.sendMessage(31, 'c')]);
  expect(performance.now() - before).toBeGreaterThan(350);
});

test('an error holds neither token nor text, however it comes about', async () => {
  const nowhere = createTelegram({ ...options(), apiRoot: 'http://127.0.0.1:1' });
  const error = await failure(nowhere.sendMessage(1, '张三'));
  expect(error.status).toBe(0);
  expect(`${error.message} ${error.stack} ${JSON.stringify(error)}`).not.toMatch(/TEST-TOKEN|张三/);
  expect(failureOf(error).kind).toBe('unreachable');
});

test('a call that hangs is given up', async () => {
  const hasty = createTelegram({ ...options(), timeoutMs: 100 });
  const error = await failure(hasty.callApi('getUpdates', { timeout: 1 }));
  expect(error.description).toBe('no answer in time');
});

test.each([
  [403, 'Forbidden: bot was blocked by the user', 'blocked'],
  [400, 'Bad Request: chat not found', 'blocked'],
  [400, 'Bad Request: message is too long', 'refused'],
  [401, 'Unauthorized', 'unreachable'],
  [500, 'Internal Server Error', 'unreachable'],
])('%i %s is %s to the sender', async (status, description, kind) => {
  world.api.fail('sendMessage', status, { ok: false, error_code: status, description });
  expect(failureOf(await failure(createTelegram(options()).sendMessage(1, 'x'))).kind).toBe(kind);
});

test('an outbox row is sent in the language of its receiver, and edited without its button', async () => {
  const channel = telegramChannel(createTelegram(options()), texts, 'zh-TW');
  const params = { orderNo: 'X', product: { 'zh-CN': '八字简批', en: 'Bazi in brief' }, amount: '19.90 CNY' };
  const signal = new AbortController().signal;
  const sent = await channel.send(55, 'en', { template: 'order_paid', params }, null, signal);
  expect(world.api.sent(55).at(-1)?.payload.text).toContain('Payment received');
  await channel.send(55, 'en', { template: 'payment_request_paid', params }, sent.messageId, signal);
  const edit = world.api.calls.findLast(({ method }) => method === 'editMessageText');
  expect(edit?.payload).toMatchObject({ message_id: sent.messageId, text: expect.stringContaining('Paid') });
  expect(edit?.payload.reply_markup).toBeUndefined();
});

test('an edit that changes nothing, or of a deleted message, is done', async () => {
  const channel = telegramChannel(createTelegram(options()), texts, 'zh-CN');
  const signal = new AbortController().signal;
  for (const description of ['Bad Request: message is not modified', 'Bad Request: message to edit not found']) {
    world.api.fail('editMessageText', 400, { ok: false, error_code: 400, description });
    expect(await channel.send(55, 'en', { template: 'report_part', params: { text: 'x' } }, 3, signal)).toEqual({
      messageId: null,
    });
  }
});
