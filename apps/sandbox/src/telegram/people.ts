import { randomBytes, randomInt } from 'node:crypto';
import type { BotContext } from './context.ts';
import { detectEntities } from './text.ts';
import type { ApiMessage, CallbackQuery } from './types.ts';
import { chatOf, type Person, userOf } from './world.ts';

/** Something that Telegram's own app would not let a person do. */
export class NotPossible extends Error {}

/** A text message from a person; `/start` is one too. */
export function say(context: BotContext, personId: number, text: string): ApiMessage {
  const person = personOf(context, personId);
  if (text.trim() === '') throw new NotPossible('an empty message cannot be sent');
  if (text.length > 4_096) throw new NotPossible('a message has at most 4096 characters');
  // Writing to a bot that one has blocked unblocks it, as the button "Restart" does.
  if (person.blocked) block(context, personId, false);
  person.started = true;
  const entities = detectEntities(text);
  const message = context.world.say(person, 'person', { text, ...(entities.length > 0 && { entities }) });
  context.updates.push({ message: structuredClone(message) });
  return message;
}

/** The Start button; with `payload` as a deep link `t.me/<bot>?start=<payload>` does it. */
export function start(context: BotContext, personId: number, payload = ''): ApiMessage {
  if (!/^[\w-]{0,64}$/.test(payload)) throw new NotPossible('a start payload has at most 64 of A-Z a-z 0-9 _ -');
  return say(context, personId, payload ? `/start ${payload}` : '/start');
}

/** Presses an inline button that is on the screen. @returns the id of the callback query */
export function press(context: BotContext, personId: number, messageId: number, data: string): string {
  const person = personOf(context, personId);
  const message = person.messages.find((other) => other.message_id === messageId);
  const buttons = message?.reply_markup?.inline_keyboard.flat() ?? [];
  if (!buttons.some((button) => button.callback_data === data)) {
    throw new NotPossible(`message ${messageId} has no button ${data}`);
  }
  return sendCallback(context, personId, messageId, data);
}

/** A callback as an app with an old screen sends it: the button may be gone. @returns the id of the callback query */
export function sendCallback(context: BotContext, personId: number, messageId: number, data: string): string {
  const person = personOf(context, personId);
  const message = person.messages.find((other) => other.message_id === messageId);
  const query: CallbackQuery = {
    id: String(randomInt(2 ** 47)) + String(randomInt(1_000_000)).padStart(6, '0'),
    from: userOf(person),
    message: structuredClone(message) ?? {
      message_id: messageId,
      from: context.world.bot,
      chat: chatOf(person),
      date: 0,
    },
    chat_instance: randomBytes(8).readBigInt64BE().toString(),
    data,
  };
  context.queries.set(query.id, { personId, answered: null });
  context.updates.push({ callback_query: query });
  return query.id;
}

/** Stops the bot, or lets it write again. */
export function block(context: BotContext, personId: number, blocked: boolean): void {
  const person = personOf(context, personId);
  if (person.blocked === blocked) return;
  person.blocked = blocked;
  const status = (now: boolean) => ({ user: context.world.bot, status: now ? 'kicked' : 'member' });
  context.updates.push({
    my_chat_member: {
      chat: chatOf(person),
      from: userOf(person),
      date: Math.floor(Date.now() / 1_000),
      old_chat_member: status(!blocked),
      new_chat_member: { ...status(blocked), ...(blocked && { until_date: 0 }) },
    },
  });
  context.world.tell(person.id, { kind: 'person' });
}

export function personOf(context: BotContext, id: number): Person {
  const person = context.world.find(id);
  if (!person) throw new NotPossible(`there is no user ${id}`);
  return person;
}
