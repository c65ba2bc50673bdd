import { z } from 'zod';
import { type BotContext, type Method, reachable } from './context.ts';
import { badRequest } from './errors.ts';
import {
  chatId,
  entityList,
  flag,
  type Input,
  jsonOr,
  optionalNumber,
  parse,
  replyMarkup,
  type Upload,
} from './input.ts';
import { checkKeyboard } from './keyboard.ts';
import { checkText, parseHtml, type RichText } from './text.ts';
import type { ApiEntity, ApiFile, ApiMessage, InlineKeyboard, StoredFile } from './types.ts';
import type { Person } from './world.ts';

const common = {
  chat_id: chatId,
  reply_markup: replyMarkup,
  reply_to_message_id: optionalNumber,
  reply_parameters: jsonOr(z.looseObject({ message_id: z.coerce.number() })).optional(),
  disable_notification: flag.optional(),
};

const textInput = z.object({
  ...common,
  text: z.coerce.string().default(''),
  parse_mode: z.string().optional(),
  entities: entityList,
});

const fileInput = z.object({
  ...common,
  caption: z.string().default(''),
  parse_mode: z.string().optional(),
  caption_entities: entityList,
});

const actionInput = z.object({ chat_id: chatId, action: z.string() });

const ACTIONS =
  /^(typing|upload_(photo|video|voice|document|video_note)|record_(video|voice|video_note)|choose_sticker|find_location)$/;

export const sendMethods: Record<string, Method> = {
  sendMessage(context, { fields }) {
    const wanted = parse(textInput, fields);
    const person = reachable(context, wanted.chat_id);
    const rich = checkText(readText(wanted.text, wanted.parse_mode, wanted.entities));
    return deliver(context, person, wanted, { text: rich.text, ...withEntities('entities', rich.entities) });
  },

  sendDocument: (context, input) => sendFile(context, input, 'document'),
  sendPhoto: (context, input) => sendFile(context, input, 'photo'),

  sendChatAction(context, { fields }) {
    const { chat_id, action } = parse(actionInput, fields);
    const person = reachable(context, chat_id);
    if (!ACTIONS.test(action)) throw badRequest('wrong parameter action in request');
    context.world.tell(person.id, { kind: 'typing', action });
    return true;
  },
};

/** Text and entities by parse_mode. @throws BotApiError for a mode that the sandbox cannot show */
export function readText(text: string, parseMode: string | undefined, entities: unknown[] | undefined): RichText {
  if (!parseMode) return { text, entities: (entities ?? []) as ApiEntity[] };
  if (parseMode.toLowerCase() === 'html') return parseHtml(text);
  throw badRequest(`unsupported parse_mode "${parseMode}" (the sandbox shows HTML and entities)`);
}

function withEntities(key: 'entities' | 'caption_entities', entities: ApiEntity[]) {
  return entities.length > 0 ? { [key]: entities } : {};
}

interface Addressing {
  reply_markup?: unknown;
  reply_to_message_id?: number | undefined;
  reply_parameters?: { message_id: number } | undefined;
}

function deliver(context: BotContext, person: Person, wanted: Addressing, content: Partial<ApiMessage>): ApiMessage {
  const keyboard = inlineOf(wanted.reply_markup);
  context.flood.takeSlot(person.id);
  const answered = wanted.reply_parameters?.message_id ?? wanted.reply_to_message_id;
  const message = context.world.say(person, 'bot', {
    ...content,
    ...(answered !== undefined && { reply_to_message: { message_id: answered } }),
    ...(keyboard && { reply_markup: keyboard }),
  });
  tellReplyKeyboard(context, person, wanted.reply_markup);
  return message;
}

/** The inline keyboard of a reply_markup, checked; undefined for none and for an empty one. */
export function inlineOf(markup: unknown): InlineKeyboard | undefined {
  if (typeof markup !== 'object' || markup === null || !('inline_keyboard' in markup)) return undefined;
  const checked = checkKeyboard(markup as InlineKeyboard);
  return checked.inline_keyboard.length > 0 ? checked : undefined;
}

function tellReplyKeyboard(context: BotContext, person: Person, markup: unknown): void {
  if (typeof markup !== 'object' || markup === null) return;
  if ('keyboard' in markup) {
    context.world.tell(person.id, { kind: 'keyboard', keyboard: markup.keyboard as { text: string }[][] });
  }
  if ('remove_keyboard' in markup) context.world.tell(person.id, { kind: 'keyboard', keyboard: null });
}

function sendFile(context: BotContext, input: Input, kind: 'document' | 'photo'): ApiMessage {
  const wanted = parse(fileInput, input.fields);
  const person = reachable(context, wanted.chat_id);
  const caption = checkText(readText(wanted.caption, wanted.parse_mode, wanted.caption_entities), 'caption');
  const stored = findFile(context, input, kind);
  const file = describe(stored);
  const captioned = caption.text
    ? { caption: caption.text, ...withEntities('caption_entities', caption.entities) }
    : {};
  const content = kind === 'photo' ? { photo: [{ ...file, width: 800, height: 600 }] } : { document: file };
  return deliver(context, person, wanted, { ...content, ...captioned });
}

/** An upload, an `attach://` name, or the id of a file that was sent before. */
function findFile(context: BotContext, input: Input, kind: 'document' | 'photo'): StoredFile {
  const value = input.fields[kind];
  const name = typeof value === 'string' && value.startsWith('attach://') ? value.slice(9) : kind;
  const upload: Upload | undefined = input.uploads.get(name);
  if (upload) {
    if (upload.bytes.length === 0) throw badRequest('file must be non-empty');
    return context.world.keepFile({ ...upload, name: upload.name || kind });
  }
  const known = typeof value === 'string' ? context.world.files.get(value) : undefined;
  if (known) return known;
  if (typeof value === 'string' && /^https?:/.test(value)) throw badRequest('wrong remote file identifier specified');
  throw badRequest(`there is no ${kind} in the request`);
}

function describe(file: StoredFile): ApiFile {
  return {
    file_id: file.id,
    file_unique_id: file.id.slice(3, 15),
    file_size: file.bytes.length,
    file_name: file.name,
    mime_type: file.type,
  };
}
