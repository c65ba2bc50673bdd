import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

const button = z.object({ text: z.string(), callback_data: z.string().optional(), url: z.string().optional() });
const message = z.object({
  message_id: z.number(),
  from: z.object({ is_bot: z.boolean() }),
  text: z.string().default(''),
  reply_markup: z.object({ inline_keyboard: z.array(z.array(button)) }).optional(),
});
const event = z.union([
  z.object({ kind: z.literal('all'), messages: z.array(message) }),
  z.object({ kind: z.enum(['message', 'edited']), message }),
  z.object({ kind: z.string() }),
]);

export type ChatMessage = z.infer<typeof message>;
export type ChatButton = z.infer<typeof button>;

export function buttonsOf(found: ChatMessage): ChatButton[] {
  return found.reply_markup?.inline_keyboard.flat() ?? [];
}

const CALL_WITHIN_MS = 10_000;

/** Somebody in the sandbox's chat: says and presses as a person would, and reads what the bot writes. */
export class ChatUser {
  private readonly base: string;
  private readonly messages = new Map<number, ChatMessage>();
  private readonly closing = new AbortController();

  /** @param chatApi the root of the sandbox's chat API @param id Telegram user id of one of its people */
  constructor(chatApi: string, id: number) {
    this.base = `${chatApi}/people/${id}`;
  }

  /** Begins to read; ends with `close`. */
  async open(): Promise<void> {
    const answer = await fetch(`${this.base}/events`, { signal: this.closing.signal });
    if (!answer.ok || !answer.body) throw new Error(`the chat answers ${answer.status}`);
    void this.read(answer.body).catch(() => undefined);
  }

  close(): void {
    this.closing.abort();
  }

  say(text: string): Promise<void> {
    return this.post('messages', { text });
  }

  start(payload = ''): Promise<void> {
    return this.post('start', { payload });
  }

  press(found: ChatMessage, data: string): Promise<void> {
    return this.post('press', { messageId: found.message_id, data });
  }

  /** What the bot has written after a message, oldest first, as it reads now. */
  written(after = 0): ChatMessage[] {
    return [...this.messages.values()].filter((each) => each.from.is_bot && each.message_id > after);
  }

  /** Number of the newest message of either side. */
  last(): number {
    return Math.max(0, ...this.messages.keys());
  }

  /** The first message of the bot that fits, now or later. @throws Error with what the bot said instead */
  async sees(fits: (found: ChatMessage) => boolean, after: number, withinMs: number): Promise<ChatMessage> {
    const end = Date.now() + withinMs;
    for (;;) {
      const found = this.written(after).find(fits);
      if (found) return found;
      if (Date.now() > end)
        throw new Error(
          `the bot did not answer as expected within ${withinMs / 1_000} s. It said: ${this.saidSince(after)}`,
        );
      await sleep(20);
    }
  }

  private saidSince(after: number): string {
    const said = this.written(after).map((each) => `“${each.text.slice(0, 200)}”`);
    return said.length > 0 ? said.join(' ') : 'nothing';
  }

  private async post(what: string, body: object): Promise<void> {
    const answer = await fetch(`${this.base}/${what}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(CALL_WITHIN_MS),
    });
    if (!answer.ok) throw new Error(`the chat refuses ${what}: ${answer.status} ${await answer.text()}`);
  }

  /** Server-sent events: `data: {…}` lines with a blank line after each. */
  private async read(body: ReadableStream<Uint8Array>): Promise<void> {
    let rest = '';
    for await (const text of body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.startsWith('data: ')) this.take(event.parse(JSON.parse(line.slice(6))));
    }
  }

  private take(told: z.infer<typeof event>): void {
    if ('messages' in told) for (const each of told.messages) this.messages.set(each.message_id, each);
    else if ('message' in told) this.messages.set(told.message.message_id, told.message);
  }
}
