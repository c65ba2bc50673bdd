import { z } from 'zod';
import type { TelegramTest } from '../http/deps.ts';
import type { Texts } from '../texts.ts';
import { callBotApi, TelegramCallFailed } from './bot-api.ts';

export interface TelegramTestSettings {
  readonly token: string;
  readonly apiRoot: string;
  readonly mode: 'polling' | 'webhook';
  readonly publicUrl: string;
  /** the operators' chat */
  readonly chatId: number | null;
  readonly language: string;
  readonly texts: Texts;
}

type Problem = TelegramTest['problems'][number];

const TIMEOUT_MS = 8_000;
const me = z.looseObject({ username: z.string() });
const webhookInfo = z.looseObject({ url: z.string(), last_error_message: z.string().optional() });

/** Sends a notice to the operators' chat now, past the outbox, and says what is wrong with the bot's settings. */
export async function testTelegram(settings: TelegramTestSettings): Promise<TelegramTest> {
  const bot = await asked(settings, 'getMe', {}, me);
  const nothing = { sent: false, chatId: settings.chatId };
  if ('problem' in bot) return { ...nothing, bot: null, problems: [bot.problem] };
  const problems = await updateProblems(settings);
  const told = { ...nothing, bot: bot.answer.username };
  if (settings.chatId === null) {
    const message = 'TELEGRAM_CHAT_ID is not set: nobody hears of orders and alarms';
    return { ...told, problems: [...problems, { setting: 'TELEGRAM_CHAT_ID', code: 'missing', message }] };
  }
  const text = settings.texts.t(settings.language, 'operators_test.text');
  const sent = await asked(settings, 'sendMessage', { chat_id: settings.chatId, text }, z.unknown());
  if ('problem' in sent) return { ...told, problems: [...problems, sent.problem] };
  return { ...told, sent: true, problems };
}

/** Whether Telegram brings updates the way that this process takes them. */
async function updateProblems(settings: TelegramTestSettings): Promise<Problem[]> {
  const info = await asked(settings, 'getWebhookInfo', {}, webhookInfo);
  if ('problem' in info) return [info.problem];
  const { url, last_error_message } = info.answer;
  const wanted = settings.mode === 'webhook' ? `${settings.publicUrl}/telegram/webhook` : '';
  if (url !== wanted) {
    const message =
      settings.mode === 'webhook'
        ? 'Telegram sends updates elsewhere: is PUBLIC_URL right, and does the telegram role run?'
        : 'A webhook is set at Telegram, so polling gets nothing: is another process using this bot?';
    return [{ setting: 'TELEGRAM_MODE', code: 'updates_elsewhere', message }];
  }
  if (url === '' || last_error_message === undefined) return [];
  return [
    {
      setting: 'PUBLIC_URL',
      code: 'webhook_failed',
      message: `Telegram's last delivery failed: ${last_error_message}`,
    },
  ];
}

async function asked<T>(
  { token, apiRoot }: TelegramTestSettings,
  method: string,
  fields: object,
  shape: z.ZodType<T>,
): Promise<{ answer: T } | { problem: Problem }> {
  try {
    const answer = await callBotApi({ token, apiRoot }, method, fields, AbortSignal.timeout(TIMEOUT_MS));
    return { answer: shape.parse(answer) };
  } catch (error) {
    return { problem: problemOf(error) };
  }
}

function problemOf(error: unknown): Problem {
  if (!(error instanceof TelegramCallFailed))
    return { setting: 'TELEGRAM_API_ROOT', code: 'odd_answer', message: 'This is no Bot API server' };
  const { status, description } = error;
  if (status === 401 || status === 404)
    return {
      setting: 'TELEGRAM_BOT_TOKEN',
      code: 'bad_token',
      message: `Telegram does not know this token: ${description}`,
    };
  if (error.isPassing)
    return { setting: 'TELEGRAM_API_ROOT', code: 'unreachable', message: `Telegram: ${description}` };
  return { setting: 'TELEGRAM_CHAT_ID', code: 'chat_refused', message: `Telegram refuses the chat: ${description}` };
}
