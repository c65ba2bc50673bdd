import { changed, type Db, row } from '@mingdan/db';

export const languages = ['zh-CN', 'zh-TW', 'en'] as const;
export type Language = (typeof languages)[number];

export interface User {
  readonly id: number;
  readonly telegramId: number | null;
  readonly language: Language;
  readonly promoterId: number | null;
}

const USER = `id, telegram_id as "telegramId", language, promoter_id as "promoterId"`;

/** The person behind a Telegram account. The language is only taken at the first contact: afterwards it is theirs to choose. */
export async function rememberTelegramUser(db: Db, person: { telegramId: number; language: Language }): Promise<User> {
  const user = await row<User>(
    db,
    `insert into users (telegram_id, language) values (:telegramId, :language)
     on conflict (telegram_id) do update set bot_blocked_at = null returning ${USER}`,
    person,
  );
  return user as User;
}

export async function findUser(db: Db, userId: number): Promise<User | undefined> {
  return row<User>(db, `select ${USER} from users where id = :userId`, { userId });
}

export async function setLanguage(db: Db, userId: number, language: Language): Promise<void> {
  await changed(db, 'update users set language = :language where id = :userId', { userId, language });
}

/** Remembers who brought a user: the first link counts, and nobody brings themselves. A code needs no registration: its first use makes it. */
export async function rememberPromoter(db: Db, userId: number, code: string): Promise<void> {
  if (!/^[A-Za-z0-9-]{1,32}$/.test(code)) return;
  await changed(db, 'insert into promoters (code) values (:code) on conflict (code) do nothing', { code });
  await changed(
    db,
    `update users u set promoter_id = p.id from promoters p
      where u.id = :userId and u.promoter_id is null and p.code = :code and p.user_id is distinct from u.id`,
    { userId, code },
  );
}

/** Forgets a person's data: what they typed, their reports and texts. The orders themselves stay, as bookkeeping wants. */
export async function forgetUser(db: Db, userId: number): Promise<void> {
  await db.transaction(async (tx) => {
    await changed(tx, 'update users set forgotten_at = now(), promoter_id = null where id = :userId', { userId });
    await changed(
      tx,
      `update orders set input = null where user_id = :userId and status in ('completed', 'failed', 'expired', 'pending_payment')`,
      { userId },
    );
    await changed(
      tx,
      `update order_steps set result = null from orders
        where orders.id = order_steps.order_id and orders.user_id = :userId and orders.status in ('completed', 'failed', 'expired')`,
      { userId },
    );
    await changed(tx, 'delete from bot_sessions where chat_id = (select telegram_id from users where id = :userId)', {
      userId,
    });
    await changed(tx, 'delete from support_messages where user_id = :userId', { userId });
    await changed(
      tx,
      `update outbox set payload = null, status = 'dropped' where user_id = :userId and status in ('pending', 'parked')`,
      { userId },
    );
  });
}
