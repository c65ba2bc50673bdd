import { row } from '@mingdan/db';
import { messageOf, pause } from '@mingdan/kernel';
import {
  askForRefund,
  cancelOrder,
  checkPayment,
  type OperationDeps,
  orderLink,
  resendReport,
  startPayment,
} from '@mingdan/operations';
import type { Language } from '@mingdan/orders';
import { enqueue } from '@mingdan/outbox';
import type { RequestHandler } from 'express';
import type { Telegraf } from 'telegraf';
import type { Update } from 'telegraf/types';
import type { BotLink } from '../bot-link.ts';
import type { Texts } from '../texts.ts';
import { type BotContext, createBot } from './bot.ts';
import { chatOf, recordableUpdate } from './bot-api.ts';
import { LimitedTelegram, type TelegramClientOptions } from './client.ts';
import { setCommands } from './commands.ts';
import { setMenuButton } from './menu-button.ts';
import type { Operations, TelegramServices, TelegramSettings } from './services.ts';
import { type DispatchDeps, type Dispatcher, handleUpdates } from './updates/dispatch.ts';
import { pollUpdates } from './updates/poll.ts';
import { registerWebhook, telegramWebhook } from './updates/webhook.ts';

export { telegramChannel } from './channel.ts';
export { operatorTopics } from './operator-topics.ts';
export type { Operations, TelegramSettings } from './services.ts';
export { telegramWebhook, type WebhookDeps } from './updates/webhook.ts';

/** Limited, timed Telegram calls for a process that only sends. It does not repeat after 429: the outbox postpones instead. */
export function createTelegram(options: TelegramClientOptions): LimitedTelegram {
  return new LimitedTelegram({ repeatsAfter429: 0, ...options });
}

export interface TelegramOptions {
  readonly operations: OperationDeps;
  readonly texts: Texts;
  readonly settings: TelegramSettings;
  /** this start of the process, as lease rows name it */
  readonly holder: string;
  readonly bot: () => Promise<BotLink>;
  readonly wakeOutbox: () => void;
  /** what conversations do to orders and money; the real operations when left out */
  readonly acts?: Operations;
  readonly tuning?: Pick<DispatchDeps, 'pollMs' | 'retryBaseMs' | 'concurrency'> &
    Pick<TelegramClientOptions, 'limits' | 'timeoutMs'> & { readonly longPollSeconds?: number };
}

export interface TelegramRole {
  readonly telegram: LimitedTelegram;
  /** takes Telegram's updates in webhook mode; undefined while polling */
  readonly webhook: RequestHandler | undefined;
  /** another process wrote updates down (NOTIFY 'updates') */
  wakeUpdates(): void;
  /** Takes no new updates and finishes those in hand. */
  stop(): Promise<void>;
}

const PATIENCE_AT_STOP_MS = 15_000;
const realActs: Operations = { startPayment, checkPayment, askForRefund, cancelOrder, resendReport, orderLink };

/** The telegram role: updates are fetched or taken, written down, and handled in order per chat. */
export function startTelegram(options: TelegramOptions): TelegramRole {
  const { operations, settings, texts, holder, tuning = {} } = options;
  const { db, vault, log } = operations;
  const stopping = new AbortController();
  const hurry = new AbortController();
  const telegram = new LimitedTelegram({
    token: settings.token,
    apiRoot: settings.apiRoot,
    db,
    log,
    ...tuning,
    signal: hurry.signal,
  });
  const services: TelegramServices = {
    db,
    vault,
    clock: operations.clock,
    log,
    texts,
    telegram,
    operationDeps: operations,
    operations: options.acts ?? realActs,
    settings,
    bot: options.bot,
    wakeOutbox: options.wakeOutbox,
  };
  const updates = { db, vault, log };
  const dispatcher = handleUpdates({ ...updates, ...tuning, ...handling(services, createBot(services)) });
  const onRecorded = dispatcher.wake;
  const { publicUrl, secretKeys } = operations.settings;
  const fetching =
    settings.mode === 'polling'
      ? pollUpdates({ ...updates, ...tuning, telegram, holder, onRecorded, signal: stopping.signal })
      : registerWebhook({ telegram, log, publicUrl, secretKeys, signal: stopping.signal });
  setCommands(services).catch(() => undefined);
  setMenuButton(services, publicUrl).catch(() => undefined);
  return {
    telegram,
    webhook: settings.mode === 'webhook' ? telegramWebhook({ ...updates, secretKeys, onRecorded }) : undefined,
    wakeUpdates: dispatcher.wake,
    async stop() {
      stopping.abort();
      await stopDispatcher(dispatcher, hurry);
      await fetching;
    },
  };
}

/** What hangs longer than our patience is cut short; its update is handled again when its lease ends. */
async function stopDispatcher(dispatcher: Dispatcher, hurry: AbortController): Promise<void> {
  const waiting = new AbortController();
  const stopped = dispatcher.stop().finally(() => waiting.abort());
  await pause(PATIENCE_AT_STOP_MS, waiting.signal);
  hurry.abort();
  await stopped;
}

function handling(
  services: TelegramServices,
  bot: Telegraf<BotContext>,
): Pick<DispatchDeps, 'handle' | 'onFailed' | 'tellFailed'> {
  return {
    async handle(update) {
      // telegraf would remember a first failure of this call for ever.
      bot.botInfo ??= await services.telegram.getMe();
      await bot.handleUpdate(update as Update);
    },
    async onFailed(tx, { updateId }, cause) {
      const { operatorChatId } = services.operationDeps.settings;
      if (operatorChatId === null) return;
      await enqueue(tx, services.vault, {
        chatId: operatorChatId,
        dedupeKey: `alarm:update_failed:${updateId}`,
        message: { template: 'alarm_update_failed', params: { updateId, cause } },
      });
    },
    tellFailed: (update) => tellFailed(services, update),
  };
}

/** Best effort: if even this cannot be said, the operators know. */
async function tellFailed(services: TelegramServices, update: unknown): Promise<void> {
  const known = recordableUpdate.safeParse(update);
  const chatId = known.success ? chatOf(known.data) : null;
  services.wakeOutbox();
  if (chatId === null || chatId < 0) return;
  try {
    const user = await row<{ language: Language }>(
      services.db,
      'select language from users where telegram_id = :chatId',
      { chatId },
    );
    const key = services.operationDeps.settings.operatorChatId === null ? 'chat.failed_unseen' : 'chat.failed';
    await services.telegram.sendMessage(chatId, services.texts.t(user?.language ?? 'zh-CN', key));
  } catch (error) {
    services.log.warn({ cause: messageOf(error) }, 'a person could not be told that their message failed');
  }
}
