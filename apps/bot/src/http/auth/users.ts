import { type Db, rows } from '@mingdan/db';
import { findUser, type User } from '@mingdan/orders';
import type { Request } from 'express';
import { z } from 'zod';
import { hasApiKey } from '../api/api-key.ts';
import type { HttpDeps } from '../deps.ts';
import { HttpError } from '../errors.ts';
import { requireSession } from './session.ts';

/** Our number of a user, Telegram's, or `tg:<number>`. */
export const namedUser = z.union([
  z.number().int().positive().max(Number.MAX_SAFE_INTEGER),
  z
    .string()
    .trim()
    .regex(/^(?:tg:)?\d{1,15}$/),
]);
export type NamedUser = z.output<typeof namedUser>;

/** @throws HttpError 404 `user_not_found`, 409 `ambiguous_user` where it is one person's number here and another's at Telegram */
export async function userByName(db: Db, named: NamedUser, field: string): Promise<User> {
  const [, telegram, digits] = /^(tg:)?(\d+)$/.exec(String(named)) ?? [];
  const found = await rows<{ id: number }>(
    db,
    'select id from users where telegram_id = :number or (id = :number and :ours) limit 2',
    { number: Number(digits), ours: telegram === undefined },
  );
  const [only, another] = found;
  if (another)
    throw new HttpError(409, 'ambiguous_user', "Two users have this number: write tg:<number> for Telegram's", field);
  const user = only && (await findUser(db, only.id));
  if (!user) throw new HttpError(404, 'user_not_found', 'There is no such user', field);
  return user;
}

/**
 * Whose coins, orders and membership a call is about: the user of the session, or with the API key the one that is named.
 * @throws HttpError 401 | 403 `user_mismatch` | 404 | 409 | 422
 */
export async function ownerOf(deps: HttpDeps, req: Request, named: unknown, field: string): Promise<User> {
  const name = readName(named, field);
  if (hasApiKey(req, deps.settings.apiKey)) {
    if (name === undefined) throw new HttpError(422, 'invalid_field', `The field ${field} is missing`, field);
    return userByName(deps.db, name, field);
  }
  const { userId } = requireSession(deps, req);
  const user = await findUser(deps.db, userId);
  if (!user) throw new HttpError(401, 'unauthorized', 'This user is not known any more: sign in again');
  checkIsUser(user, name, field);
  return user;
}

/** A body may say who it is for; it never decides it. @throws HttpError 403 `user_mismatch` */
export function checkIsUser(user: User, name: NamedUser | undefined, field: string): void {
  if (name === undefined) return;
  const names = [user.id, user.telegramId, `tg:${user.telegramId}`].map(String);
  if (!names.includes(String(name))) throw new HttpError(403, 'user_mismatch', 'This is not the user who asks', field);
}

function readName(named: unknown, field: string): NamedUser | undefined {
  if (named === undefined) return undefined;
  const read = namedUser.safeParse(named);
  if (read.success) return read.data;
  throw new HttpError(422, 'invalid_field', `The field ${field} is no number of a user`, field);
}
