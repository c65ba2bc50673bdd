import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Input, Telegram } from 'telegraf';
import type { Sandbox } from '../src/index.ts';
import { BOT_TOKEN, eventually, listener, sandbox } from './harness.ts';

const USER = 1001;
let world: Sandbox;
let api: Telegram;

beforeAll(async () => {
  world = await sandbox();
  api = new Telegram(BOT_TOKEN, { apiRoot: world.telegramApiRoot });
  world.control.telegram.start(USER);
});
afterEach(() => {
  world.control.faults.reset();
  world.control.faults.set({ telegram: { limits: { on: false } } });
});
afterAll(() => world.close());

async function raw(method: string, body: unknown = {}, token = BOT_TOKEN) {
  const answer = await fetch(`${world.telegramApiRoot}/bot${token}/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: JSON.parse(await answer.text()) };
}

const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no refusal',
    (error) => error.response,
  );

describe('sending', () => {
  test('a message with HTML arrives as text with entities', async () => {
    const sent = await api.sendMessage(USER, '<b>四柱</b> &amp; <a href="https://example.com/?a=1&amp;b=2">详情</a>', {
      parse_mode: 'HTML',
    });
    expect(sent).toMatchObject({
      text: '四柱 & 详情',
      entities: [
        { type: 'bold', offset: 0, length: 2 },
        { type: 'text_link', offset: 5, length: 2, url: 'https://example.com/?a=1&b=2' },
      ],
    });
  });

  test.each([
    ['   ', 'Bad Request: message text is empty'],
    ['字'.repeat(4_097), 'Bad Request: message is too long'],
    ['😀'.repeat(2_049), 'Bad Request: message is too long'],
  ])('a text that Telegram refuses is refused (%#)', async (text, description) => {
    expect(await refusal(api.sendMessage(USER, text))).toMatchObject({ ok: false, error_code: 400, description });
  });

  test('4096 units after the markup is gone are not too long', async () => {
    const sent = await api.sendMessage(USER, `<b>${'字'.repeat(4_096)}</b>`, { parse_mode: 'HTML' });
    expect(sent.text).toHaveLength(4_096);
  });

  test.each(['<b>open', '<x>strange</x>', '<b>crossed</i>'])('HTML that does not hold is refused: %s', async (text) => {
    const answer = await refusal(api.sendMessage(USER, text, { parse_mode: 'HTML' }));
    expect(answer.description).toMatch(/^Bad Request: can't parse entities: /);
  });

  test('nobody is written to who never wrote to the bot', async () => {
    const wanted = { error_code: 400, description: 'Bad Request: chat not found' };
    expect(await refusal(api.sendMessage(1002, 'hello'))).toMatchObject(wanted);
    expect(await refusal(api.sendMessage(424242, 'hello'))).toMatchObject(wanted);
  });

  test('a blocked bot gets 403 until it is unblocked, and is told of both', async () => {
    const { telegram } = world.control;
    const [last] = (await api.getUpdates(0, 100, -1, undefined)).slice(-1);
    telegram.block(USER, true);
    expect(await refusal(api.sendMessage(USER, 'hello'))).toMatchObject({
      error_code: 403,
      description: 'Forbidden: bot was blocked by the user',
    });
    telegram.block(USER, false);
    await api.sendMessage(USER, 'hello again');
    const updates = await api.getUpdates(0, 100, (last?.update_id ?? 0) + 1, undefined);
    const states = updates.map((update) => 'my_chat_member' in update && update.my_chat_member.new_chat_member.status);
    expect(states).toEqual(['kicked', 'member']);
  });

  test('a document that telegraf uploads can be fetched again', async () => {
    const sent = await api.sendDocument(USER, Input.fromBuffer(Buffer.from('报告'), 'report.txt'), {
      caption: '<b>x</b>',
      parse_mode: 'HTML',
    });
    expect(sent).toMatchObject({ caption: 'x', document: { file_name: 'report.txt', file_size: 6 } });
    const link = await api.getFileLink(sent.document.file_id);
    expect(link.pathname).toContain('/file/bot');
    const file = await fetch(`${world.telegramApiRoot}/file/bot${BOT_TOKEN}/${sent.document.file_id}`);
    expect(await file.text()).toBe('报告');
  });

  test('form and query parameters are understood as JSON ones are', async () => {
    const keyboard = JSON.stringify({ inline_keyboard: [[{ text: 'A', callback_data: 'a' }]] });
    const form = new URLSearchParams({ chat_id: String(USER), text: 'form', reply_markup: keyboard });
    const url = `${world.telegramApiRoot}/bot${BOT_TOKEN}/sendMessage`;
    const byForm = JSON.parse(await (await fetch(url, { method: 'POST', body: form })).text());
    expect(byForm.result).toMatchObject({
      text: 'form',
      reply_markup: { inline_keyboard: [[{ callback_data: 'a' }]] },
    });
    const byQuery = JSON.parse(await (await fetch(`${url}?chat_id=${USER}&text=query`)).text());
    expect(byQuery.result.text).toBe('query');
  });
});

describe('keyboards and edits', () => {
  const withButton = (button: { text: string; url?: string; callback_data?: string }) =>
    refusal(api.sendMessage(USER, 'pay', { reply_markup: { inline_keyboard: [[button]] } } as never));

  test('an address whose host has no dot is refused, one in numbers is not', async () => {
    const refused = await withButton({ text: 'pay', url: 'http://localhost:3000/pay' });
    expect(refused.description).toBe(
      "Bad Request: inline keyboard button URL 'http://localhost:3000/pay' is invalid: Wrong HTTP URL",
    );
    expect(await withButton({ text: 'pay', url: 'http://127.0.0.1:3000/pay' })).toBe('no refusal');
  });

  test('callback data have at most 64 bytes, not characters', async () => {
    expect(await withButton({ text: 'x', callback_data: 'x'.repeat(64) })).toBe('no refusal');
    expect((await withButton({ text: 'x', callback_data: '字'.repeat(22) })).description).toBe(
      'Bad Request: BUTTON_DATA_INVALID',
    );
  });

  test('an edit changes the message, the same edit again is refused', async () => {
    const sent = await api.sendMessage(USER, 'before', {
      reply_markup: { inline_keyboard: [[{ text: 'A', callback_data: 'a' }]] },
    });
    await api.editMessageText(USER, sent.message_id, undefined, 'after');
    const shown = world.control.telegram.messages(USER).find((message) => message.message_id === sent.message_id);
    expect(shown).toMatchObject({ text: 'after' });
    expect(shown?.reply_markup).toBeUndefined();
    const again = await refusal(api.editMessageText(USER, sent.message_id, undefined, 'after'));
    expect(again.description).toMatch(/^Bad Request: message is not modified/);
    const missing = await refusal(api.editMessageText(USER, 1, undefined, 'after'));
    expect(missing.description).toBe('Bad Request: message to edit not found');
  });

  test('a button press reaches the bot once, and its answer reaches the person', async () => {
    const { telegram } = world.control;
    const sent = await api.sendMessage(USER, 'choose', {
      reply_markup: { inline_keyboard: [[{ text: '八字', callback_data: 'buy:bazi-basic' }]] },
    });
    const queryId = telegram.press(USER, '八字');
    const [update] = (await api.getUpdates(0, 100, -1, undefined)).slice(-1);
    expect(update).toMatchObject({
      callback_query: { id: queryId, data: 'buy:bazi-basic', message: { message_id: sent.message_id } },
    });
    await api.answerCbQuery(queryId, '好');
    expect(await telegram.waitForAnswer(queryId)).toMatchObject({ text: '好', alert: false });
    expect((await refusal(api.answerCbQuery(queryId))).description).toMatch(/^Bad Request: query is too old/);
    expect(() => telegram.press(USER, 'gone')).toThrow('shows no button');
  });
});

describe('the API itself', () => {
  test('a wrong token and an unknown method are refused as Telegram does it', async () => {
    expect(await raw('getMe', {}, '1:wrong')).toMatchObject({
      status: 401,
      body: { ok: false, error_code: 401, description: 'Unauthorized' },
    });
    expect(await raw('sendFlowers')).toMatchObject({ status: 404, body: { ok: false, error_code: 404 } });
    expect(await api.getMe()).toMatchObject({ id: 70001, is_bot: true });
  });

  test('a chat has its burst and then waits, an other chat does not', async () => {
    world.control.faults.set({ telegram: { limits: { on: true, burst: 3, perSecond: 30 } } });
    const person = world.control.telegram.addPerson({ name: 'Burst', language: 'en', started: true });
    const other = world.control.telegram.addPerson({ name: 'Other', language: 'en', started: true });
    for (const text of ['1', '2', '3']) await api.sendMessage(person.id, text);
    const refused = await refusal(api.sendMessage(person.id, '4'));
    expect(refused).toMatchObject({ error_code: 429, parameters: { retry_after: 1 } });
    await api.sendMessage(other.id, 'free');
  });

  test('commands are shown in the language of the person', async () => {
    await api.setMyCommands([{ command: 'orders', description: 'my orders' }]);
    await api.setMyCommands([{ command: 'orders', description: '我的订单' }], { language_code: 'zh' });
    const stream = await fetch(`${world.url}/chat/api/people/${USER}/events`);
    const reader = stream.body?.getReader();
    const first = new TextDecoder().decode((await reader?.read())?.value);
    await reader?.cancel();
    expect(first).toContain('"commands":[{"command":"orders","description":"我的订单"}]');
  });
});

describe('updates', () => {
  test('a command of a person carries the entity by which telegraf finds it', async () => {
    world.control.telegram.start(USER, 'buy_bazi-basic_ref_abc');
    const [update] = (await api.getUpdates(0, 100, -1, undefined)).slice(-1);
    expect(update).toMatchObject({
      message: { text: '/start buy_bazi-basic_ref_abc', entities: [{ type: 'bot_command', offset: 0, length: 6 }] },
    });
  });

  test('a long poll is answered as soon as somebody writes', async () => {
    const [last] = await api.getUpdates(0, 100, -1, undefined);
    const poll = api.getUpdates(20, 100, (last?.update_id ?? 0) + 1, ['message']);
    await eventually(() => world.control.calls({ name: 'getUpdates' }).some((call) => call.ms === null));
    world.control.telegram.say(USER, '在吗');
    expect(await poll).toMatchObject([{ message: { text: '在吗', from: { id: USER, language_code: 'zh-hans' } } }]);
  });

  test('what was not confirmed comes again, what was confirmed does not', async () => {
    const [before] = await api.getUpdates(0, 100, -1, undefined);
    const offset = (before?.update_id ?? 0) + 1;
    world.control.telegram.say(USER, 'one');
    world.control.telegram.say(USER, 'two');
    const first = await api.getUpdates(0, 100, offset, undefined);
    const again = await api.getUpdates(0, 100, offset, undefined);
    expect(again).toEqual(first);
    expect(await api.getUpdates(0, 100, offset + 1, undefined)).toHaveLength(1);
    expect(await api.getUpdates(0, 100, offset + 2, undefined)).toHaveLength(0);
  });

  test('of two polls at once the older one ends with 409', async () => {
    const [last] = await api.getUpdates(0, 100, -1, undefined);
    const offset = (last?.update_id ?? 0) + 1;
    const older = refusal(api.getUpdates(20, 100, offset, undefined));
    await eventually(() => world.control.calls({ name: 'getUpdates' }).some((call) => call.ms === null));
    await api.getUpdates(0, 100, offset, undefined);
    expect(await older).toMatchObject({
      error_code: 409,
      description: expect.stringMatching(/^Conflict: terminated by other getUpdates/),
    });
  });

  test('a webhook gets updates with its secret, again after a failure, and forbids polling', async () => {
    let status = 500;
    const hook = await listener(() => status);
    await api.setWebhook(hook.url, { secret_token: 'hook-secret', drop_pending_updates: true });
    expect(await refusal(api.getUpdates(0, 100, 0, undefined))).toMatchObject({ error_code: 409 });
    world.control.telegram.say(USER, 'by webhook');
    await eventually(() => hook.heard.length >= 2);
    status = 200;
    await eventually(() => world.control.telegram.pendingUpdates() === 0);
    expect(new Set(hook.heard.map(({ body }) => body)).size).toBe(1);
    expect(hook.heard[0]?.headers['x-telegram-bot-api-secret-token']).toBe('hook-secret');
    expect(JSON.parse(hook.heard[0]?.body ?? '')).toMatchObject({ message: { text: 'by webhook' } });
    await api.deleteWebhook();
    await hook.close();
  });

  test('ids go on growing over a restart that forgot everything', async () => {
    const { message_id: before } = world.control.telegram.say(USER, 'before');
    const later = await sandbox();
    const { message_id: after } = later.control.telegram.start(USER);
    await later.close();
    expect(after).toBeGreaterThan(before);
  });
});

describe('faults', () => {
  test('a failing method fails so many times and works again', async () => {
    world.control.faults.set({ telegram: { fail: { status: 502, times: 2, only: 'sendMessage' } } });
    expect((await raw('sendMessage', { chat_id: USER, text: 'x' })).status).toBe(502);
    expect((await raw('getMe')).status).toBe(200);
    expect((await raw('sendMessage', { chat_id: USER, text: 'x' })).status).toBe(502);
    expect((await raw('sendMessage', { chat_id: USER, text: 'x' })).status).toBe(200);
  });

  test('a 429 says how long to wait', async () => {
    world.control.faults.set({ telegram: { fail: { status: 429, times: 1, retryAfter: 7 } } });
    expect((await raw('sendMessage', { chat_id: USER, text: 'x' })).body).toMatchObject({
      error_code: 429,
      parameters: { retry_after: 7 },
    });
  });

  test('dropped before the work nothing is said, dropped after it something is', async () => {
    const said = (text: string) =>
      world.control.telegram.botMessages(USER).filter((message) => message.text === text).length;
    world.control.faults.set({ telegram: { drop: { when: 'before', times: 1 } } });
    await expect(raw('sendMessage', { chat_id: USER, text: 'lost request' })).rejects.toThrow();
    expect(said('lost request')).toBe(0);
    world.control.faults.set({ telegram: { drop: { when: 'after', times: 1 } } });
    await expect(raw('sendMessage', { chat_id: USER, text: 'lost answer' })).rejects.toThrow();
    expect(said('lost answer')).toBe(1);
  });
});
