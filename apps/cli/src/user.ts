import { type Db, row } from '@mingdan/db';
import { MingdanError } from '@mingdan/kernel';
import { InvalidArgumentError } from 'commander';

/** The user that an operator typed: their Telegram id, `tg:<id>` is the same. @throws MingdanError user_not_found */
export async function typedUser(db: Db, typed: string): Promise<{ id: number; telegramId: number }> {
  const [, id] = /^(?:tg:)?([1-9]\d{0,14})$/.exec(typed.trim()) ?? [];
  if (id === undefined) throw new InvalidArgumentError('The Telegram id of a user.');
  const user = await row<{ id: number; telegramId: number }>(
    db,
    'select id, telegram_id as "telegramId" from users where telegram_id = :id',
    { id: Number(id) },
  );
  if (user) return user;
  throw new MingdanError('user_not_found', `there is no user ${typed.slice(0, 40)}`, {
    hint: 'A user is there from their first message to the bot on',
  });
}

const LONGEST = 200;

/** An option in the operator's own words. */
export function textOption(given: unknown, name: string): string {
  const text = String(given ?? '').trim();
  if (text === '' || text.length > LONGEST) throw new InvalidArgumentError(`${name} takes 1 to ${LONGEST} characters.`);
  return text;
}
