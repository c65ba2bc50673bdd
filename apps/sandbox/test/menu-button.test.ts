import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createLogger } from '@mingdan/kernel';
import { Telegram } from 'telegraf';
import { type Sandbox, startSandbox } from '../src/index.ts';
import { BOT_TOKEN } from './harness.ts';

let sandbox: Sandbox;
let api: Telegram;
beforeAll(async () => {
  const log = createLogger({ process: 'sandbox', level: 'silent' });
  sandbox = await startSandbox({ port: 0, botToken: BOT_TOKEN, deepseekApiKey: 'sk', yuanfenjuApiKey: 'y', log });
  api = new Telegram(BOT_TOKEN, { apiRoot: sandbox.telegramApiRoot });
});
afterAll(() => sandbox.close());

const webApp = (url: string, text = '打开小程序') => ({ type: 'web_app' as const, text, web_app: { url } });

/** What the chat page of a person is told first. */
async function shownTo(userId: number): Promise<string | null> {
  const stream = await fetch(`${sandbox.url}/chat/api/people/${userId}/events`);
  const reader = stream.body?.getReader();
  const first = new TextDecoder().decode((await reader?.read())?.value);
  await reader?.cancel();
  return /"menuButton":(null|"[^"]*")/.exec(first)?.[1] ?? null;
}

describe('the button beside the text field', () => {
  test('is that of all chats, until a chat has its own', async () => {
    const [one, other] = ['One', 'Other'].map((name) => sandbox.control.telegram.addPerson({ name, language: 'en' }));
    if (!one || !other) throw new Error('nobody was added');
    expect(await api.getChatMenuButton()).toEqual({ type: 'commands' });
    expect(await shownTo(one.id)).toBe('null');
    await api.setChatMenuButton({ menuButton: webApp('https://shop.example/app') });
    await api.setChatMenuButton({ menuButton: webApp('https://shop.example/app') });
    expect(await api.getChatMenuButton()).toEqual(webApp('https://shop.example/app'));
    expect(await api.getChatMenuButton({ chatId: one.id })).toEqual({ type: 'default' });
    await api.setChatMenuButton({ chatId: other.id, menuButton: { type: 'commands' } });
    expect([await shownTo(one.id), await shownTo(other.id)]).toEqual(['"打开小程序"', 'null']);
    await api.setChatMenuButton({ menuButton: { type: 'default' } });
    expect(await shownTo(one.id)).toBe('null');
  });

  test.each([
    ['http://shop.example/app', 'Open', 'Only HTTPS links are allowed'],
    ['https://localhost/app', 'Open', 'Wrong HTTP URL'],
    ['', 'Open', 'Wrong HTTP URL'],
    ['https://shop.example/app', ' ', 'text must be non-empty'],
  ])('to %s named %j is refused: %s', async (url, text, why) => {
    await expect(api.setChatMenuButton({ menuButton: webApp(url, text) })).rejects.toMatchObject({
      response: { error_code: 400, description: expect.stringContaining(why) },
    });
  });

  test('is nothing that is no button', async () => {
    const call = async (menu_button: unknown) => {
      const address = `${sandbox.telegramApiRoot}/bot${BOT_TOKEN}/setChatMenuButton`;
      const reply = await fetch(address, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ menu_button }),
      });
      return JSON.stringify(await reply.json());
    };
    expect(await call('web_app')).toContain('MenuButton must be an Object');
    expect(await call({ type: 'link' })).toContain('MenuButton has unsupported type');
  });
});
