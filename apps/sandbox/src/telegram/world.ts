import { randomBytes } from 'node:crypto';
import { waitUntil } from '../calls.ts';
import type { NewPerson } from '../options.ts';
import { badRequest } from './errors.ts';
import { GrowingIds } from './ids.ts';
import { StarBook } from './stars/book.ts';
import type { SentInvoice, StarMove } from './stars/types.ts';
import type { ApiChat, ApiMessage, ApiUser, BotCommand, ChatEvent, MenuButton, StoredFile } from './types.ts';

/** One Telegram account, and its chat with the bot. */
export interface Person {
  readonly id: number;
  readonly name: string;
  readonly language: string;
  readonly username: string;
  /** has written to the bot, so that the bot may write */
  started: boolean;
  blocked: boolean;
  readonly messages: ApiMessage[];
  /** what their account has left */
  stars: number;
  /** what the bot asked them to pay in this chat */
  readonly invoices: SentInvoice[];
  /** what moved between them and the bot, oldest first */
  readonly starMoves: StarMove[];
}

const STARS_AT_FIRST = 5_000;

const MAX_KEPT_MESSAGES = 1_000;

/** Everybody, everything said, and who wants to hear of changes. */
export class World {
  readonly bot: ApiUser & { username: string };
  readonly files = new Map<string, StoredFile>();
  /** by the two letters of a language; '' for all others */
  readonly commands = new Map<string, readonly BotCommand[]>();
  /** by chat; null: of all chats that have none of their own */
  readonly menuButtons = new Map<number | null, MenuButton>();
  readonly changes = new Set<() => void>();
  readonly stars = new StarBook(() => this.people());
  private readonly everybody = new Map<number, Person>();
  private readonly listeners = new Map<number, Set<(event: ChatEvent) => void>>();
  private readonly messageIds = new GrowingIds();

  constructor(botId: number, botUsername: string, people: readonly NewPerson[]) {
    this.bot = { id: botId, is_bot: true, first_name: '命单 Mingdan', username: botUsername };
    for (const person of people) this.add(person);
  }

  add(wanted: NewPerson): Person {
    const id = wanted.id ?? Math.max(1_000, ...[...this.everybody.keys()].filter((known) => known < 9_000)) + 1;
    const known = this.everybody.get(id);
    const person: Person = {
      id,
      name: wanted.name,
      language: wanted.language,
      username: wanted.username ?? '',
      started: wanted.started ?? known?.started ?? false,
      blocked: known?.blocked ?? false,
      messages: known?.messages ?? [],
      stars: known?.stars ?? STARS_AT_FIRST,
      invoices: known?.invoices ?? [],
      starMoves: known?.starMoves ?? [],
    };
    this.everybody.set(id, person);
    this.tell(id, { kind: 'person' });
    return person;
  }

  people(): Person[] {
    return [...this.everybody.values()];
  }

  find(id: number): Person | undefined {
    return this.everybody.get(id);
  }

  /** @throws BotApiError 400 `chat not found` */
  get(id: number): Person {
    const person = this.find(id);
    if (!person) throw badRequest('chat not found');
    return person;
  }

  say(person: Person, from: 'bot' | 'person', content: Partial<ApiMessage>): ApiMessage {
    const message: ApiMessage = {
      message_id: this.messageIds.next(),
      from: from === 'bot' ? this.bot : userOf(person),
      chat: chatOf(person),
      date: Math.floor(Date.now() / 1_000),
      ...content,
    };
    person.messages.push(message);
    if (person.messages.length > MAX_KEPT_MESSAGES) person.messages.splice(0, 100);
    this.tell(person.id, { kind: 'message', message });
    return message;
  }

  /** The command menu that this person sees. */
  commandsFor(person: Person): readonly BotCommand[] {
    return this.commands.get(person.language.slice(0, 2)) ?? this.commands.get('') ?? [];
  }

  keepFile(file: Omit<StoredFile, 'id'>): StoredFile {
    const stored = { ...file, id: `SBX${randomBytes(18).toString('base64url')}` };
    this.files.set(stored.id, stored);
    return stored;
  }

  /** @returns how to stop listening */
  listen(id: number, hear: (event: ChatEvent) => void): () => void {
    const others = this.listeners.get(id) ?? new Set();
    this.listeners.set(id, others.add(hear));
    return () => others.delete(hear);
  }

  tell(id: number, event: ChatEvent): void {
    for (const hear of this.listeners.get(id) ?? []) hear(event);
    for (const look of [...this.changes]) look();
  }

  tellAll(event: ChatEvent): void {
    for (const id of this.everybody.keys()) this.tell(id, event);
  }

  waitFor<T>(look: () => T | undefined, timeoutMs: number, complaint: () => string): Promise<T> {
    return waitUntil(this.changes, look, timeoutMs, complaint);
  }

  /** Takes over what an earlier run had saved. */
  restore(saved: readonly Person[]): void {
    for (const one of saved) {
      // What an older sandbox saved knows nothing of Stars.
      const person: Person = { ...{ stars: STARS_AT_FIRST, invoices: [], starMoves: [] }, ...one };
      this.everybody.set(person.id, person);
      this.messageIds.skipTo(person.messages.at(-1)?.message_id ?? 0);
    }
  }
}

export function userOf(person: Person): ApiUser {
  return {
    id: person.id,
    is_bot: false,
    first_name: person.name,
    ...(person.username && { username: person.username }),
    language_code: person.language,
  };
}

export function chatOf(person: Person): ApiChat {
  return {
    id: person.id,
    type: 'private',
    first_name: person.name,
    ...(person.username && { username: person.username }),
  };
}
