import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { testTelegram } from '../../src/telegram/test-notice.ts';
import { type BotApi, startBotApi } from './given/bot-api.ts';
import { OPERATORS, texts } from './given/world.ts';

let api: BotApi;
beforeAll(async () => {
  api = await startBotApi();
});
afterAll(() => api.close());

const settings = () =>
  ({
    token: '123456:TEST-TOKEN',
    apiRoot: api.root,
    mode: 'polling',
    publicUrl: 'https://shop.example',
    chatId: OPERATORS,
    language: 'en',
    texts,
  }) as const;

describe('a test notice', () => {
  beforeEach(() => {
    api.calls.length = 0;
    api.webhookUrl = '';
  });

  test('arrives in the operators’ chat', async () => {
    expect(await testTelegram(settings())).toEqual({
      sent: true,
      bot: expect.any(String),
      chatId: OPERATORS,
      problems: [],
    });
    expect(api.sent(OPERATORS).at(-1)?.payload.text).toContain('Test notice');
  });

  test('says that no chat is set', async () => {
    const { sent, problems } = await testTelegram({ ...settings(), chatId: null });
    expect(sent).toBe(false);
    expect(problems).toEqual([expect.objectContaining({ setting: 'TELEGRAM_CHAT_ID', code: 'missing' })]);
  });

  test('says that the chat cannot be written to', async () => {
    api.fail('sendMessage', 400, { ok: false, error_code: 400, description: 'Bad Request: chat not found' });
    const { sent, problems } = await testTelegram(settings());
    expect(sent).toBe(false);
    expect(problems).toEqual([
      { setting: 'TELEGRAM_CHAT_ID', code: 'chat_refused', message: expect.stringContaining('chat not found') },
    ]);
  });

  test('says that the token is not good, without telling it', async () => {
    api.fail('getMe', 401, { ok: false, error_code: 401, description: 'Unauthorized' });
    const answer = await testTelegram(settings());
    expect(answer).toMatchObject({ sent: false, bot: null, problems: [{ setting: 'TELEGRAM_BOT_TOKEN' }] });
    expect(JSON.stringify(answer)).not.toContain('TEST-TOKEN');
  });

  test('says that nobody answers', async () => {
    const { problems } = await testTelegram({ ...settings(), apiRoot: 'http://127.0.0.1:9' });
    expect(problems).toEqual([expect.objectContaining({ setting: 'TELEGRAM_API_ROOT', code: 'unreachable' })]);
  });

  test('says that updates go elsewhere', async () => {
    const { sent, problems } = await testTelegram({ ...settings(), mode: 'webhook' });
    expect(sent).toBe(true);
    expect(problems).toEqual([expect.objectContaining({ setting: 'TELEGRAM_MODE', code: 'updates_elsewhere' })]);
  });
});
