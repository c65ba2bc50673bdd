import type { Db } from '@mingdan/db';
import { findUser, knownTelegramUser, type User } from '@mingdan/orders';
import type { Request } from 'express';
import { z } from 'zod';
import { hasApiKey } from '../api/api-key.ts';
import type { HttpDeps } from '../deps.ts';
import { HttpError } from '../errors.ts';
import { requireSession, sessionOf } from './session.ts';
import type { Session } from './session-token.ts';

/** Telegram's number of a user; `tg:<number>` is the same. Our own numbers never leave the house. */
export const namedUser = z.union([
  z.number().int().positive().max(Number.MAX_SAFE_INTEGER),
  z
    .string()
    .trim()
    .regex(/^(?:tg:)?[1-9]\d{0,14}$/),
]);
export type NamedUser = z.output<typeof namedUser>;

/** For servers that name a user: whoever they name is known from then on, also before the first message to the bot. */
export function userByName(db: Db, named: NamedUser): Promise<User> {
  return knownTelegramUser(db, Number(String(named).replace(/^tg:/, '')));
}

/** Who asks, and how they signed in. */
export interface SignedIn {
  readonly user: User;
  readonly session: Session;
}

/** Who is signed in, where somebody is. @throws HttpError 401 as `sessionOf` does */
export async function userOfSession(deps: HttpDeps, req: Request): Promise<User | null> {
  return (await findSignedIn(deps, req))?.user ?? null;
}

/** The same, with the session. @throws HttpError 401 as `sessionOf` does */
export async function findSignedIn(deps: HttpDeps, req: Request): Promise<SignedIn | undefined> {
  const session = sessionOf(deps, req);
  const user = session && (await findUser(deps.db, session.userId));
  return session && user && { user, session };
}

/** Where it has to be somebody. @throws HttpError 401 | 403 as `requireSession` does, and where the user is gone */
export async function requireUser(deps: HttpDeps, req: Request): Promise<SignedIn> {
  const session = requireSession(deps, req);
  const user = await findUser(deps.db, session.userId);
  if (!user) throw new HttpError(401, 'unauthorized', 'This user is not known any more: sign in again');
  return { user, session };
}

/**
 * Whose coins, orders and membership a call is about: the user of the session, or with the API key the one that is named.
 * @throws HttpError 401 | 403 `user_mismatch` | 422
 */
export async function ownerOf(deps: HttpDeps, req: Request, named: unknown, field: string): Promise<User> {
  const name = readName(named, field);
  if (hasApiKey(req, deps.settings.apiKey)) {
    if (name === undefined)
      throw new HttpError(422, 'invalid_field', `The field ${field} is missing: the Telegram id of a user`, field);
    return userByName(deps.db, name);
  }
  const { user } = await requireUser(deps, req);
  checkIsUser(user, name, field);
  return user;
}

/** A body may say who it is for; it never decides it. @throws HttpError 403 `user_mismatch` */
export function checkIsUser(user: User, name: NamedUser | undefined, field: string): void {
  if (name === undefined) return;
  if (String(name).replace(/^tg:/, '') !== String(user.telegramId))
    throw new HttpError(403, 'user_mismatch', 'This is not the user who asks', field);
}

function readName(named: unknown, field: string): NamedUser | undefined {
  if (named === undefined) return undefined;
  const read = namedUser.safeParse(named);
  if (read.success) return read.data;
  throw new HttpError(422, 'invalid_field', `The field ${field} is no Telegram id of a user`, field);
}
