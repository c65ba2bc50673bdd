import { changed, type Db, row } from '@mingdan/db';
import { forgetRedPackets } from './red-packets.ts';
import { endSubscriptionsOf } from './subscriptions.ts';

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

/** The same person, named by somebody else: no contact of theirs, so nothing of them changes. */
export async function knownTelegramUser(db: Db, telegramId: number): Promise<User> {
  const find = () => row<User>(db, `select ${USER} from users where telegram_id = :telegramId`, { telegramId });
  const known = await find();
  if (known) return known;
  await changed(db, 'insert into users (telegram_id) values (:telegramId) on conflict (telegram_id) do nothing', {
    telegramId,
  });
  return (await find()) as User;
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

/**
 * Forgets a person's data: what they typed, their reports and texts. The orders themselves stay, as bookkeeping wants. What an order
 * under way still needs is forgotten by `forgetEnded` when it has ended.
 */
export async function forgetUser(db: Db, userId: number): Promise<void> {
  await db.transaction(async (tx) => {
    await changed(tx, 'update users set forgotten_at = now(), promoter_id = null where id = :userId', { userId });
    await changed(
      tx,
      `update orders set input = null, email = null where user_id = :userId and status in ('completed', 'failed', 'expired')`,
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
    await endSubscriptionsOf(tx, userId);
    await forgetDestinations(tx);
    await forgetRedPackets(tx);
    await changed(
      tx,
      `update outbox set payload = null, status = 'dropped'
        where chat_id = (select telegram_id from users where id = :userId) and delivers and status in ('pending', 'parked')
          and exists (select 1 from orders where orders.id = outbox.order_id and orders.status = 'completed')`,
      { userId },
    );
    await changed(
      tx,
      `update outbox set payload = null, mail_to = null, status = 'dropped'
        where mail_to is not null and status in ('pending', 'parked')
          and order_id in (select id from orders where user_id = :userId and status in ('completed', 'failed', 'expired'))`,
      { userId },
    );
  });
}

/** Orders that ended after their buyer had asked to be forgotten lose their personal data, too. */
export async function forgetEnded(db: Db): Promise<void> {
  await forgetRedPackets(db);
  await forgetDestinations(db);
  const ended = `o.user_id = u.id and o.created_at < u.forgotten_at and o.status in ('completed', 'failed', 'expired')`;
  await changed(
    db,
    `update orders o set input = null, email = null from users u where ${ended} and (o.input is not null or o.email is not null)`,
  );
  await changed(
    db,
    `update order_steps s set result = null from orders o, users u where s.order_id = o.id and ${ended} and s.result is not null`,
  );
}

/** Where a promoter was paid, once that is decided and they have asked to be forgotten. */
async function forgetDestinations(db: Db): Promise<void> {
  await changed(
    db,
    `update promoter_withdrawals w set destination = null from promoters p join users u on u.id = p.user_id
      where p.id = w.promoter_id and u.forgotten_at is not null and w.status <> 'requested' and w.destination is not null`,
  );
}
