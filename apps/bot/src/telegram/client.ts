import { changed, type Db } from '@mingdan/db';
import { type Logger, pause } from '@mingdan/kernel';
import { blockedPause, type TelegramLimits, takeSlot, telegramLimits } from '@mingdan/outbox';
import { Telegram } from 'telegraf';
import { z } from 'zod';
import { allowedUpdates, callBotApi, TelegramCallFailed } from './bot-api.ts';

export interface TelegramClientOptions {
  readonly token: string;
  readonly apiRoot: string;
  readonly db: Db;
  readonly log: Logger;
  readonly limits?: TelegramLimits;
  /** how often a call is repeated after 429; the outbox sender waits by itself and wants none */
  readonly repeatsAfter429?: number;
  readonly timeoutMs?: number;
  /** ends calls and waits when the process stops */
  readonly signal?: AbortSignal;
  /** ends only the waits for a limit: what has not been said is not said any more, and a call under way is heard to its end */
  readonly stopWaiting?: AbortSignal;
}

const TIMEOUT_MS = 15_000;
/** A conversation's answer that would come later than this is worth less than the retry of its update. */
const LONGEST_WAIT_SECONDS = 30;

/**
 * telegraf's client with every call on a leash: the limits shared by all processes, a time-out, `retry_after` obeyed, blocked chats
 * remembered, and errors that hold no secret. Its methods throw TelegramCallFailed.
 */
export class LimitedTelegram extends Telegram {
  readonly #options: TelegramClientOptions;

  constructor(options: TelegramClientOptions) {
    super(options.token, { apiRoot: options.apiRoot, webhookReply: false });
    this.#options = options;
    // telegraf's own way out has no time-out below 500 s and keeps the token in the stack of its errors.
    this.callApi = async (method, payload) => (await this.#callPatiently(method, payload)) as never;
  }

  /** Long polling: no slot, and a time-out beyond Telegram's own. @param timeoutSeconds how long Telegram may hold the call */
  async longPoll(offset: number | undefined, timeoutSeconds: number, signal: AbortSignal): Promise<unknown[]> {
    const within = AbortSignal.any([signal, AbortSignal.timeout(timeoutSeconds * 1000 + TIMEOUT_MS)]);
    const request = { offset, limit: 100, timeout: timeoutSeconds, allowed_updates: allowedUpdates };
    return z.array(z.unknown()).parse(await callBotApi(this.#options, 'getUpdates', request, within));
  }

  /** setWebhook, with kinds of updates that telegraf does not know. */
  async receiveAt(url: string, secretToken: string): Promise<void> {
    const wanted = { url, secret_token: secretToken, allowed_updates: allowedUpdates, max_connections: 40 };
    await this.#callPatiently('setWebhook', wanted);
  }

  async #callPatiently(method: string, payload: object): Promise<unknown> {
    const repeats = this.#options.repeatsAfter429 ?? 2;
    for (let repeat = 0; ; repeat += 1) {
      try {
        await this.#waitForSlot(method, payload);
        return await this.#callOnce(method, payload);
      } catch (error) {
        if (!(error instanceof TelegramCallFailed)) throw error;
        await this.#learnFrom(error, payload);
        const wait = error.retryAfterSeconds ?? 1;
        if (error.status !== 429 || repeat >= repeats || wait > LONGEST_WAIT_SECONDS) throw error;
        await pause(wait * 1000, this.#options.signal);
      }
    }
  }

  async #callOnce(method: string, payload: object): Promise<unknown> {
    const { timeoutMs, signal, log } = this.#options;
    const timeout = AbortSignal.timeout(timeoutMs ?? TIMEOUT_MS);
    const started = performance.now();
    const result = await callBotApi(
      this.#options,
      method,
      payload,
      signal ? AbortSignal.any([signal, timeout]) : timeout,
    );
    log.debug({ method, ms: Math.round(performance.now() - started) }, 'Telegram called');
    return result;
  }

  async #waitForSlot(method: string, payload: object): Promise<void> {
    const chatId = chatIdOf(payload);
    // Taking buttons away is no message: it must not delay the next one.
    if (chatId === null || !/^(send(?!ChatAction)|edit(?!MessageReplyMarkup)|copy|forward)/.test(method)) return;
    // An edit is a call, but no new message in its chat.
    const wait = await takeSlot(
      this.#options.db,
      method.startsWith('edit') ? null : chatId,
      this.#options.limits ?? telegramLimits,
    );
    const { signal, stopWaiting } = this.#options;
    const ended = AbortSignal.any([signal, stopWaiting].filter((each) => each !== undefined));
    if (wait > 0) await pause(wait, ended);
    if (stopWaiting?.aborted) throw new TelegramCallFailed(method, 0, 'this process stops');
  }

  async #learnFrom(error: TelegramCallFailed, payload: object): Promise<void> {
    const { db, log, limits } = this.#options;
    if (error.status === 429) await blockedPause(db, error.retryAfterSeconds ?? 1, limits ?? telegramLimits);
    const chatId = chatIdOf(payload);
    if (!error.chatIsClosed || chatId === null) return;
    await changed(
      db,
      'update users set bot_blocked_at = now() where telegram_id = :chatId and bot_blocked_at is null',
      { chatId },
    );
    log.info('a user has closed the chat');
  }
}

function chatIdOf(payload: object): number | null {
  const chatId = Number('chat_id' in payload ? payload.chat_id : Number.NaN);
  return Number.isSafeInteger(chatId) && chatId !== 0 ? chatId : null;
}
