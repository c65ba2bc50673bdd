import { messageOf } from '@mingdan/kernel';
import type { Language } from '@mingdan/orders';
import type { Delivered, Invoice, Message, OutboxChannel, SendFailure } from '@mingdan/outbox';
import { invoiceFields } from '@mingdan/payments/stars';
import type { Telegram } from 'telegraf';
import { localised, renderMessage, type Texts } from '../texts.ts';
import { TelegramCallFailed } from './bot-api.ts';
import { keyboard } from './keyboard.ts';
import { noticesHtml } from './notice-text.ts';

/**
 * How outbox rows reach a chat: rendered in the receiver's language, sent or edited.
 * @param telegram a client that does not repeat after 429 by itself: the sender postpones the row instead
 * @param topicOf where in a forum operators read a message
 */
export function telegramChannel(
  telegram: Telegram,
  texts: Texts,
  operatorLanguage: Language,
  topicOf: TopicOf = async () => undefined,
): OutboxChannel {
  return {
    async send(chatId, language, message, editsMessageId): Promise<Delivered> {
      const spoken = language ?? operatorLanguage;
      const { text, buttons } = message.notices
        ? { text: noticesHtml(texts, spoken, message.notices), buttons: [] }
        : renderMessage(texts, spoken, message);
      const format: Format = message.notices ? { parse_mode: 'HTML' } : {};
      if (editsMessageId !== null && message.replaces !== undefined)
        return replaceInvoice(telegram, chatId, editsMessageId, message, text);
      if (editsMessageId !== null)
        return edit(telegram, chatId, editsMessageId, text, { ...keyboard(buttons), ...format });
      if (message.invoice) return sendInvoice(telegram, chatId, message.invoice, spoken, text);
      // A preview would let Telegram's servers open signed links.
      const extra = { ...keyboard(buttons), ...format, link_preview_options: { is_disabled: true } };
      const topic = language === null ? await topicOf(message) : undefined;
      return topic === undefined ? plain(telegram, chatId, text, extra) : inTopic(telegram, chatId, text, extra, topic);
    },
    failureOf,
  };
}

/** The thread of the operators' forum in which a message is read. */
export type TopicOf = (message: Message) => Promise<number | undefined>;
type Extra = NonNullable<Parameters<Telegram['sendMessage']>[2]>;
type Format = { parse_mode?: 'HTML' };

async function plain(telegram: Telegram, chatId: number, text: string, extra: Extra): Promise<Delivered> {
  const sent = await telegram.sendMessage(chatId, text, extra);
  return { messageId: sent.message_id };
}

/** A topic that was deleted, or was never one, must not swallow an alarm. */
async function inTopic(
  telegram: Telegram,
  chatId: number,
  text: string,
  extra: Extra,
  topic: number,
): Promise<Delivered> {
  try {
    return await plain(telegram, chatId, text, { ...extra, message_thread_id: topic });
  } catch (error) {
    if (!(error instanceof TelegramCallFailed) || error.status !== 400 || !/thread|topic/i.test(error.description))
      throw error;
    return plain(telegram, chatId, text, extra);
  }
}

async function sendInvoice(
  telegram: Telegram,
  chatId: number,
  invoice: Invoice,
  language: string,
  description: string,
): Promise<Delivered> {
  const title = localised(invoice.title, language);
  const fields = invoiceFields({ ...invoice, title, description });
  const sent = await telegram.sendInvoice(chatId, { ...fields, start_parameter: invoice.startParameter });
  return { messageId: sent.message_id };
}

/** A receipt stays as Telegram shows it. An invoice that cannot be paid any more goes, and what became of the order is said instead. */
async function replaceInvoice(
  telegram: Telegram,
  chatId: number,
  messageId: number,
  message: Message,
  text: string,
): Promise<Delivered> {
  if (message.replaces === 'receipt') return { messageId: null };
  // Telegram deletes nothing that is older than two days, and nothing twice; its pre-checkout is refused all the same.
  await telegram.deleteMessage(chatId, messageId).catch((error: unknown) => {
    if (!(error instanceof TelegramCallFailed) || error.status !== 400) throw error;
  });
  // Paid another way: the message about that payment says it all.
  if (message.template === 'payment_request_paid') return { messageId: null };
  const sent = await telegram.sendMessage(chatId, text, { link_preview_options: { is_disabled: true } });
  return { messageId: sent.message_id };
}

async function edit(
  telegram: Telegram,
  chatId: number,
  messageId: number,
  text: string,
  extra: NonNullable<Parameters<Telegram['editMessageText']>[4]>,
): Promise<Delivered> {
  try {
    await telegram.editMessageText(chatId, messageId, undefined, text, extra);
    return { messageId };
  } catch (error) {
    // It says so already (a repeat after a lost answer), or the person deleted it: nothing is left to change.
    if (
      error instanceof TelegramCallFailed &&
      error.status === 400 &&
      /not modified|not found|can't be edited/i.test(error.description)
    ) {
      return { messageId: null };
    }
    throw error;
  }
}

export function failureOf(error: unknown): SendFailure {
  const message = messageOf(error);
  if (!(error instanceof TelegramCallFailed)) return { kind: 'unreachable', message };
  if (error.status === 429) return { kind: 'slow_down', retryAfterSeconds: error.retryAfterSeconds ?? 5, message };
  if (error.chatIsClosed) return { kind: 'blocked', message };
  // A wrong token is no fault of this message: it is sent once the token is right.
  if (error.isPassing || error.status === 401 || error.status === 404) return { kind: 'unreachable', message };
  return { kind: 'refused', message };
}
