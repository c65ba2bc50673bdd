import { changed, type Db, row } from '@mingdan/db';

/** Telegram's limits as its FAQ gives them: about one message a second in a chat with short bursts, about thirty a second in all (28 a second and a burst of 2 stay below it in any second). */
export interface TelegramLimits {
  readonly chatIntervalMs: number;
  readonly chatBurst: number;
  readonly allIntervalMs: number;
  readonly allBurst: number;
}

export const telegramLimits: TelegramLimits = { chatIntervalMs: 1_000, chatBurst: 3, allIntervalMs: 36, allBurst: 2 };

/**
 * Takes one slot of the chat's and the bot's budget, shared by all processes through Postgres (one round trip).
 * @param chatId null: an edit, which is a call but no new message in its chat
 * @returns milliseconds to wait before sending
 */
export async function takeSlot(
  db: Db,
  chatId: number | null,
  limits: TelegramLimits = telegramLimits,
): Promise<number> {
  const ofAll = `telegram_take_slot('all', :allIntervalMs, :allBurst)`;
  const ofChat = `telegram_take_slot(:key, :chatIntervalMs, :chatBurst)`;
  const sql = chatId === null ? `select ${ofAll} as wait` : `select greatest(${ofChat}, ${ofAll}) as wait`;
  const slot = await row<{ wait: number }>(db, sql, { key: `chat:${chatId}`, ...limits });
  return slot?.wait ?? 0;
}

/** Telegram said 429: nobody sends anything before `retryAfterSeconds` have passed. */
export async function blockedPause(
  db: Db,
  retryAfterSeconds: number,
  limits: TelegramLimits = telegramLimits,
): Promise<void> {
  await changed(
    db,
    `insert into telegram_limits as l (key, spent_until) values ('all', clock_timestamp() + make_interval(secs => :seconds))
     on conflict (key) do update set spent_until = greatest(l.spent_until, excluded.spent_until)`,
    { seconds: retryAfterSeconds + (limits.allIntervalMs * limits.allBurst) / 1000 },
  );
}
