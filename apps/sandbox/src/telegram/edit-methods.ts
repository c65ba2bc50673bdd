import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { type BotContext, type Method, reachable } from './context.ts';
import { badRequest } from './errors.ts';
import { chatId, entityList, flag, parse, replyMarkup } from './input.ts';
import { inlineOf, readText } from './send-methods.ts';
import { checkText } from './text.ts';
import type { ApiMessage } from './types.ts';

const target = { chat_id: chatId, message_id: z.coerce.number().int() };

const editText = z.object({
  ...target,
  text: z.coerce.string().default(''),
  parse_mode: z.string().optional(),
  entities: entityList,
  reply_markup: replyMarkup,
});

const editMarkup = z.object({ ...target, reply_markup: replyMarkup });

const answer = z.object({
  callback_query_id: z.coerce.string(),
  text: z.string().default(''),
  show_alert: flag.default(false),
  url: z.string().default(''),
});

export const editMethods: Record<string, Method> = {
  editMessageText(context, { fields }) {
    const wanted = parse(editText, fields);
    const message = ownMessage(context, wanted.chat_id, wanted.message_id);
    if (message.text === undefined) throw badRequest('there is no text in the message to edit');
    const { text, entities } = checkText(readText(wanted.text, wanted.parse_mode, wanted.entities));
    return change(context, message, {
      text,
      entities: entities.length > 0 ? entities : undefined,
      reply_markup: inlineOf(wanted.reply_markup),
    });
  },

  editMessageReplyMarkup(context, { fields }) {
    const wanted = parse(editMarkup, fields);
    const message = ownMessage(context, wanted.chat_id, wanted.message_id);
    return change(context, message, { reply_markup: inlineOf(wanted.reply_markup) });
  },

  deleteMessage(context, { fields }) {
    const { chat_id, message_id } = parse(z.object(target), fields);
    const person = reachable(context, chat_id);
    const index = person.messages.findIndex((message) => message.message_id === message_id);
    if (index < 0) throw badRequest('message to delete not found');
    person.messages.splice(index, 1);
    context.world.tell(person.id, { kind: 'deleted', messageId: message_id });
    return true;
  },

  answerCallbackQuery(context, { fields }) {
    const { callback_query_id, text, show_alert, url } = parse(answer, fields);
    const query = context.queries.get(callback_query_id);
    if (!query || query.answered) {
      throw badRequest('query is too old and response timeout expired or query ID is invalid');
    }
    if (text.length > 200) throw badRequest('MESSAGE_TOO_LONG');
    query.answered = { text, alert: show_alert, url };
    context.world.tell(query.personId, { kind: 'answer', queryId: callback_query_id, ...query.answered });
    return true;
  },
};

function ownMessage(context: BotContext, chat: number, messageId: number): ApiMessage {
  const person = reachable(context, chat);
  const message = person.messages.find((other) => other.message_id === messageId);
  if (!message) throw badRequest('message to edit not found');
  if (!message.from.is_bot) throw badRequest("message can't be edited");
  return message;
}

interface Change {
  text?: string | undefined;
  entities?: ApiMessage['entities'] | undefined;
  reply_markup?: ApiMessage['reply_markup'] | undefined;
}

function change(context: BotContext, message: ApiMessage, wanted: Change): ApiMessage {
  const before = { text: message.text, entities: message.entities, reply_markup: message.reply_markup };
  const after = { ...before, ...wanted };
  if (isDeepStrictEqual(plain(before), plain(after))) {
    throw badRequest(
      'message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message',
    );
  }
  context.flood.takeSlot(message.chat.id);
  assign(message, after);
  // A change of the buttons alone does not mark a message as edited.
  if (after.text !== before.text) message.edit_date = Math.floor(Date.now() / 1_000);
  context.world.tell(message.chat.id, { kind: 'edited', message });
  return message;
}

function assign(message: ApiMessage, wanted: Change): void {
  if (wanted.text !== undefined) message.text = wanted.text;
  if (wanted.entities) message.entities = wanted.entities;
  else delete message.entities;
  if (wanted.reply_markup) message.reply_markup = wanted.reply_markup;
  else delete message.reply_markup;
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
