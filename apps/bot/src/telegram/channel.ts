import { messageOf } from '@mingdan/kernel';
import type { Language } from '@mingdan/orders';
import type { Delivered, OutboxChannel, SendFailure } from '@mingdan/outbox';
import type { Telegram } from 'telegraf';
import { type RenderedButton, renderMessage, type Texts } from '../texts.ts';
import { TelegramCallFailed } from './bot-api.ts';
import { keyboard } from './keyboard.ts';

/**
 * How outbox rows reach a chat: rendered in the receiver's language, sent or edited.
 * @param telegram a client that does not repeat after 429 by itself: the sender postpones the row instead
 */
export function telegramChannel(telegram: Telegram, texts: Texts, operatorLanguage: Language): OutboxChannel {
  return {
    async send(chatId, language, message, editsMessageId): Promise<Delivered> {
      const { text, buttons } = renderMessage(texts, language ?? operatorLanguage, message);
      if (editsMessageId !== null) return edit(telegram, chatId, editsMessageId, text, buttons);
      const sent = await telegram.sendMessage(chatId, text, {
        ...keyboard(buttons),
        // A preview would let Telegram's servers open signed links.
        link_preview_options: { is_disabled: true },
      });
      return { messageId: sent.message_id };
    },
    failureOf,
  };
}

async function edit(
  telegram: Telegram,
  chatId: number,
  messageId: number,
  text: string,
  buttons: RenderedButton[][],
): Promise<Delivered> {
  try {
    await telegram.editMessageText(chatId, messageId, undefined, text, keyboard(buttons));
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
