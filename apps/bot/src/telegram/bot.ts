import { changed } from '@mingdan/db';
import { rememberTelegramUser } from '@mingdan/orders';
import { unpark } from '@mingdan/outbox';
import { Context, Telegraf } from 'telegraf';
import type { Update, UserFromGetMe } from 'telegraf/types';
import { TelegramCallFailed } from './bot-api.ts';
import { answerSupport, type OperatorReply } from './conversations/operators.ts';
import { languageOf } from './language.ts';
import { routeConversations } from './routes.ts';
import type { TelegramServices } from './services.ts';
import { loadSession, saveSession } from './session.ts';
import { handleStars } from './stars/handle.ts';
import { starsUpdate } from './stars/updates.ts';
import { Talk } from './talk.ts';

/** One update: telegraf's context, with our limited client and the talk it belongs to. */
export class BotContext extends Context {
  talk!: Talk;
}

/** The bot: who may talk, and which conversation a message or button belongs to. It fetches nothing by itself. */
export function createBot(services: TelegramServices): Telegraf<BotContext> {
  const { settings, telegram, operationDeps } = services;
  const { operatorChatId } = operationDeps.settings;
  class LimitedContext extends BotContext {
    constructor(update: Update, _unlimited: unknown, me: UserFromGetMe) {
      super(update, telegram, me);
    }
  }
  const bot = new Telegraf<BotContext>(settings.token, {
    contextType: LimitedContext,
    // Every outgoing call has its own time-out; a handler that is given up while it works on would run twice.
    handlerTimeout: Number.POSITIVE_INFINITY,
    telegram: { apiRoot: settings.apiRoot, webhookReply: false },
  });
  bot.telegram = telegram;
  bot.use((ctx, next) => {
    const stars = starsUpdate(ctx.update);
    return stars ? handleStars(services, stars) : next();
  });
  bot.on('my_chat_member', (ctx) => rememberMembership(services, ctx.myChatMember));
  bot.use((ctx, next) => (ctx.chat?.id === operatorChatId ? hearOperators(services, ctx, next) : next()));
  bot.use(async (ctx, next) => {
    // Groups and channels are no place to talk about births.
    if (isPrivate(ctx.chat) && ctx.from?.is_bot !== true) await talkWith(services, ctx, next);
  });
  routeConversations(bot);
  // Thrown on: the dispatcher tries again, and tells the person and the operators when it gives up.
  bot.catch((error) => {
    throw error;
  });
  return bot;
}

type Next = () => Promise<void>;

/** Loads who it is and where the conversation stands; saves it when all was said; never leaves a button spinning. */
async function talkWith(services: TelegramServices, ctx: BotContext, next: Next): Promise<void> {
  const { db, vault } = services;
  const { chat, from } = ctx;
  if (!chat || !from) return;
  const user = await rememberTelegramUser(db, { telegramId: from.id, language: languageOf(from.language_code) });
  if ((await unpark(db, chat.id)) > 0) services.wakeOutbox();
  const talk = new Talk(services, {
    updateId: ctx.update.update_id,
    user,
    chatId: chat.id,
    firstName: from.first_name,
    session: await loadSession(db, vault, chat.id),
    pressedMessageId: ctx.callbackQuery?.message?.message_id ?? null,
  });
  ctx.talk = talk;
  try {
    await next();
    if (talk.remembered) await saveSession(db, vault, chat.id, talk.session);
  } finally {
    if (ctx.callbackQuery) await answerButton(services, ctx.callbackQuery.id, talk.toast);
  }
}

/** Telegram refuses answers to presses that are too old; the person has long stopped looking. */
async function answerButton(services: TelegramServices, id: string, toast: string | undefined): Promise<void> {
  await services.telegram.answerCbQuery(id, toast).catch((error: unknown) => {
    if (!(error instanceof TelegramCallFailed)) throw error;
    services.log.debug({ cause: error.description }, 'a press was not answered');
  });
}

async function hearOperators(services: TelegramServices, ctx: BotContext, next: Next): Promise<void> {
  if ((await unpark(services.db, services.operationDeps.settings.operatorChatId ?? 0)) > 0) services.wakeOutbox();
  const reply = replyOf(ctx);
  if (reply && (await answerSupport(services, reply))) return;
  // An operator who runs the shop from their own chat may also buy in it.
  if (isPrivate(ctx.chat)) await talkWith(services, ctx, next);
}

function replyOf(ctx: BotContext): OperatorReply | undefined {
  const { message } = ctx;
  const answers = message && 'reply_to_message' in message ? message.reply_to_message?.message_id : undefined;
  if (!message || answers === undefined) return undefined;
  const text = 'text' in message ? message.text : undefined;
  return { updateId: ctx.update.update_id, chatId: message.chat.id, messageId: message.message_id, answers, text };
}

interface Membership {
  readonly chat: { readonly id: number; readonly type: string };
  readonly new_chat_member: { readonly status: string };
}

/** Blocked: messages wait. Unblocked: what waited is sent. */
async function rememberMembership(services: TelegramServices, change: Membership): Promise<void> {
  const { db, log, wakeOutbox } = services;
  if (!isPrivate(change.chat)) return;
  const chatId = change.chat.id;
  const blocked = change.new_chat_member.status === 'kicked' || change.new_chat_member.status === 'left';
  await changed(
    db,
    `update users set bot_blocked_at = case when :blocked then coalesce(bot_blocked_at, now()) end where telegram_id = :chatId`,
    { blocked, chatId },
  );
  log.info({ blocked }, 'a user closed or opened the chat');
  if (!blocked && (await unpark(db, chatId)) > 0) wakeOutbox();
}

/** Groups and channels have negative numbers, people positive ones. */
function isPrivate(chat: { readonly id: number } | undefined): boolean {
  return chat !== undefined && chat.id > 0;
}
