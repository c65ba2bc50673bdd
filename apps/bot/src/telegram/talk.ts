import { type Language, setLanguage, type User } from '@mingdan/orders';
import { enqueue, type Message } from '@mingdan/outbox';
import type { RenderedButton, TextParams } from '../texts.ts';
import { TelegramCallFailed } from './bot-api.ts';
import { type Buttons, keyboard } from './keyboard.ts';
import type { TelegramServices } from './services.ts';
import { emptySession, type Session } from './session.ts';

export interface TalkStart {
  readonly updateId: number;
  readonly user: User;
  readonly chatId: number;
  /** as Telegram knows the person, for a shortcut button */
  readonly firstName: string;
  readonly session: Session;
  /** the message whose button was pressed */
  readonly pressedMessageId: number | null;
}

/**
 * One update of one person: who it is, where the conversation stands, and how to answer. Conversations change `session`; it is saved
 * when all was said, so that an update that failed half-way is handled again from the same place.
 */
export class Talk {
  readonly updateId: number;
  readonly chatId: number;
  readonly firstName: string;
  readonly services: TelegramServices;
  readonly pressedMessageId: number | null;
  user: User;
  session: Session;
  /** shown in the little notice on top of the chat when a button was pressed */
  toast: string | undefined;
  /** false: everything about this chat was deleted, nothing is to be saved */
  remembered = true;

  constructor(services: TelegramServices, start: TalkStart) {
    this.services = services;
    this.updateId = start.updateId;
    this.chatId = start.chatId;
    this.firstName = start.firstName;
    this.pressedMessageId = start.pressedMessageId;
    this.user = start.user;
    this.session = start.session;
  }

  get language(): Language {
    return this.user.language;
  }

  t(key: string, params?: TextParams): string {
    return this.services.texts.t(this.language, key, params);
  }

  knows(key: string): boolean {
    return this.services.texts.has(this.language, key);
  }

  /** A button that answers with `data`. @param key below `buttons.`, or a whole key with a dot */
  button(key: string, data: string, params?: TextParams): RenderedButton {
    return { text: this.t(key.includes('.') ? key : `buttons.${key}`, params), callbackData: data };
  }

  /** An answer that changes nothing goes out directly. */
  async say(text: string, buttons: Buttons = []): Promise<void> {
    await this.services.telegram.sendMessage(this.chatId, text, {
      ...keyboard(buttons),
      link_preview_options: { is_disabled: true },
    });
  }

  /** As an answer to one of our own earlier messages, so that a tap leads there. */
  async sayBelow(messageId: number, text: string): Promise<void> {
    await this.services.telegram.sendMessage(this.chatId, text, {
      reply_parameters: { message_id: messageId, allow_sending_without_reply: true },
      link_preview_options: { is_disabled: true },
    });
  }

  /** Takes the buttons off the message that was pressed. Cosmetic: a message that cannot be changed any more is left. */
  async dropButtons(): Promise<void> {
    if (this.pressedMessageId === null) return;
    await this.services.telegram
      .editMessageReplyMarkup(this.chatId, this.pressedMessageId, undefined, undefined)
      .catch(ignoreRefusal);
  }

  /** Something that must be said though the process dies: through the outbox, once per key. */
  async enqueue(dedupeKey: string, message: Message, orderId: number | null = null): Promise<void> {
    const { db, vault, wakeOutbox } = this.services;
    await enqueue(db, vault, { chatId: this.chatId, userId: this.user.id, orderId, dedupeKey, message });
    wakeOutbox();
  }

  async speak(language: Language): Promise<void> {
    await setLanguage(this.services.db, this.user.id, language);
    this.user = { ...this.user, language };
  }

  forgetSession(): void {
    this.session = emptySession();
    this.remembered = false;
  }
}

/** Telegram refuses to change what is gone or says so already; anything else counts. */
function ignoreRefusal(error: unknown): void {
  if (!(error instanceof TelegramCallFailed) || error.status !== 400) throw error;
}
