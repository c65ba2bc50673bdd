import type { NewPerson } from '../options.ts';
import type { BotContext } from './context.ts';
import { block, press, say, sendCallback, start } from './people.ts';
import { type StarsControl, starsControl } from './stars/control.ts';
import type { ApiMessage, InlineButton } from './types.ts';
import type { Person } from './world.ts';

/** Text that must be contained, a pattern, or any test of the message. */
export type MessageMatch = string | RegExp | ((message: ApiMessage) => boolean);

export interface WaitOptions {
  /** 10 000 when left out */
  readonly timeoutMs?: number;
  /** only messages with a greater id */
  readonly after?: number;
}

export interface FoundButton {
  readonly message: ApiMessage;
  readonly button: InlineButton;
}

export interface TelegramControl {
  people(): Person[];
  addPerson(person: NewPerson): Person;
  /** The Start button, or a deep link with its payload. */
  start(userId: number, payload?: string): ApiMessage;
  say(userId: number, text: string): ApiMessage;
  /** Presses the newest button with this callback data, or else this label. @returns id of the callback query */
  press(userId: number, dataOrLabel: string | RegExp): string;
  /** Sends a callback as a stale screen does, whether the button is there or not. */
  callback(userId: number, messageId: number, data: string): string;
  /** What the bot answered to a press: text of the toast, or of the alert. */
  waitForAnswer(queryId: string, timeoutMs?: number): Promise<{ text: string; alert: boolean; url: string }>;
  block(userId: number, blocked: boolean): void;
  /** the whole chat, oldest first */
  messages(userId: number): ApiMessage[];
  /** what the bot wrote in it */
  botMessages(userId: number): ApiMessage[];
  /** The first message of the bot that fits, now or later, in its newest wording. */
  waitForMessage(userId: number, match: MessageMatch, options?: WaitOptions): Promise<ApiMessage>;
  /** The newest button whose callback data, URL or label fits, now or later. */
  waitForButton(userId: number, match: string | RegExp, options?: WaitOptions): Promise<FoundButton>;
  readonly stars: StarsControl;
  /** updates that the bot has not confirmed yet */
  pendingUpdates(): number;
}

const PATIENCE_MS = 10_000;

export function telegramControl(bot: BotContext): TelegramControl {
  const { world } = bot;
  const chat = (userId: number) => world.get(userId).messages;
  const fromBot = (userId: number, after = 0) =>
    chat(userId).filter((message) => message.from.is_bot && message.message_id > after);
  const findButton = (userId: number, match: string | RegExp, after = 0) =>
    fromBot(userId, after)
      .reverse()
      .flatMap((message) => (message.reply_markup?.inline_keyboard.flat() ?? []).map((button) => ({ message, button })))
      .find(({ button }) => [button.callback_data, button.url, button.text].some((text) => isMatch(text, match)));

  return {
    people: () => world.people(),
    addPerson: (person) => world.add(person),
    start: (userId, payload) => start(bot, userId, payload),
    say: (userId, text) => say(bot, userId, text),
    press(userId, dataOrLabel) {
      const found = findButton(userId, dataOrLabel);
      const data = found?.button.callback_data;
      if (!found || data === undefined) throw new Error(`the chat of ${userId} shows no button ${dataOrLabel}`);
      return press(bot, userId, found.message.message_id, data);
    },
    callback: (userId, messageId, data) => sendCallback(bot, userId, messageId, data),
    waitForAnswer: (queryId, timeoutMs = PATIENCE_MS) =>
      world.waitFor(
        () => bot.queries.get(queryId)?.answered ?? undefined,
        timeoutMs,
        () => `the bot did not answer the button within ${timeoutMs} ms`,
      ),
    block: (userId, blocked) => block(bot, userId, blocked),
    messages: (userId) => [...chat(userId)],
    botMessages: (userId) => fromBot(userId),
    waitForMessage: (userId, match, { timeoutMs = PATIENCE_MS, after } = {}) =>
      world.waitFor(
        () => fromBot(userId, after).find((message) => fits(message, match)),
        timeoutMs,
        () =>
          `no message ${match} for ${userId} within ${timeoutMs} ms; the last was: ${textOf(fromBot(userId).at(-1))}`,
      ),
    waitForButton: (userId, match, { timeoutMs = PATIENCE_MS, after } = {}) =>
      world.waitFor(
        () => findButton(userId, match, after),
        timeoutMs,
        () =>
          `no button ${match} for ${userId} within ${timeoutMs} ms; the last message was: ${textOf(fromBot(userId).at(-1))}`,
      ),
    stars: starsControl(bot),
    pendingUpdates: () => bot.updates.pending,
  };
}

function isMatch(text: string | undefined, match: string | RegExp): boolean {
  if (text === undefined) return false;
  return typeof match === 'string' ? text === match : match.test(text);
}

function fits(message: ApiMessage, match: MessageMatch): boolean {
  if (typeof match === 'function') return match(message);
  const text = textOf(message);
  return typeof match === 'string' ? text.includes(match) : match.test(text);
}

function textOf(message: ApiMessage | undefined): string {
  return message?.text ?? message?.caption ?? '';
}
