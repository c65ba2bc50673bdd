import { createHash } from 'node:crypto';
import { changed, type Db, row } from '@mingdan/db';
import { randomToken } from '@mingdan/kernel';
import type { OperationSettings } from './contract.ts';

const GOOD_FOR_MINUTES = 10;

/**
 * A link that signs its user in once, within ten minutes; for their own eyes. Only its digest is kept.
 * @param path where it leads to: a path of our own pages
 */
export async function loginLink(
  { db, settings }: { readonly db: Db; readonly settings: Pick<OperationSettings, 'publicUrl'> },
  userId: number,
  path: string,
): Promise<string> {
  const token = randomToken(32);
  await changed(db, `delete from login_links where expires_at < now() - interval '1 day'`);
  await changed(
    db,
    'insert into login_links (digest, user_id, expires_at) values (:digest, :userId, now() + make_interval(mins => :minutes))',
    { digest: digest(token), userId, minutes: GOOD_FOR_MINUTES },
  );
  return `${settings.publicUrl}/login/${token}?to=${encodeURIComponent(ownPath(path))}`;
}

const MOST_AT_ONCE = 5;

/** False for somebody who has several unused links already. */
export async function mayAskForLoginLink(db: Db, userId: number): Promise<boolean> {
  const open = await row<{ count: number }>(
    db,
    'select count(*) as count from login_links where user_id = :userId and used_at is null and expires_at > now()',
    { userId },
  );
  return (open?.count ?? 0) < MOST_AT_ONCE;
}

/** Uses a link up. @returns whom it signs in, and whether it was still good: of two who open it at once, one */
export async function useLoginLink(db: Db, token: string): Promise<{ userId: number; good: boolean } | undefined> {
  if (!/^[\w-]{43}$/.test(token)) return undefined;
  const binding = { digest: digest(token) };
  const used = await row<{ userId: number }>(
    db,
    `update login_links set used_at = now() where digest = :digest and used_at is null and expires_at > now() returning user_id as "userId"`,
    binding,
  );
  if (used) return { ...used, good: true };
  const over = await row<{ userId: number }>(
    db,
    'select user_id as "userId" from login_links where digest = :digest',
    binding,
  );
  return over && { ...over, good: false };
}

const HOME = '/coin';

/** A path of ours, or the coin centre: nobody is sent to another site (`//host`, `/\host`), nor round in circles. */
export function ownPath(path: unknown): string {
  if (typeof path !== 'string' || path.length > 300 || !/^\/(?![/\\])[\x21-\x7e]*$/.test(path)) return HOME;
  const base = 'http://own.invalid';
  if (!URL.canParse(path, base)) return HOME;
  const url = new URL(path, base);
  if (url.origin !== base || /^\/(?:login|api)(?:\/|$)/i.test(url.pathname)) return HOME;
  return `${url.pathname}${url.search}`;
}

const digest = (token: string): Buffer => createHash('sha256').update(token).digest();
