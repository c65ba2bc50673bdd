import { createHmac, timingSafeEqual } from 'node:crypto';
import { MingdanError } from '@mingdan/kernel';
import { z } from 'zod';

/** Who asks; nothing of it is kept on our side. */
export interface Session {
  /** our number of the user */
  readonly userId: number;
  /** as Telegram told it; null where they came by a link */
  readonly name: string | null;
  readonly expiresAt: Date;
}

export const SESSION_SECONDS = 3_600;

/** Signed into every token, so that a signature made for something else signs nobody in. */
const PURPOSE = 'mingdan:session:v1';
const LONGEST_NAME = 130;

const payloadShape = z.object({ u: z.number().int().positive(), n: z.string().nullable(), e: z.number().int() });

/** `s1.<payload>.<signature>`, good for an hour. @throws MingdanError `no_secret_key` */
export function sessionToken(secretKeys: readonly string[], session: Session): string {
  const [first] = secretKeys;
  if (!first)
    throw new MingdanError('no_secret_key', 'there is no key to sign sessions with', { hint: 'Set SECRET_KEY' });
  const name = session.name === null ? null : [...session.name].slice(0, LONGEST_NAME).join('');
  const content = { u: session.userId, n: name, e: Math.floor(session.expiresAt.getTime() / 1000) };
  const payload = Buffer.from(JSON.stringify(content)).toString('base64url');
  return `s1.${payload}.${signature(first, payload).toString('base64url')}`;
}

export function looksLikeSession(text: string): boolean {
  return text.startsWith('s1.');
}

/** The session of a token that any of the keys signed; `expired` and `forged` tell why there is none. */
export function readSessionToken(
  secretKeys: readonly string[],
  token: string,
  now: Date,
): Session | 'expired' | 'forged' {
  const [, payload, signed] = /^s1\.([\w-]{1,1200})\.([\w-]{43})$/.exec(token) ?? [];
  if (payload === undefined || signed === undefined) return 'forged';
  const given = Buffer.from(signed, 'base64url');
  const isOurs = secretKeys
    .filter((key) => key !== '')
    .map((key) => timingSafeEqual(signature(key, payload), given))
    .includes(true);
  if (!isOurs) return 'forged';
  const { u, n, e } = payloadShape.parse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
  const expiresAt = new Date(e * 1000);
  return expiresAt > now ? { userId: u, name: n, expiresAt } : 'expired';
}

function signature(key: string, payload: string): Buffer {
  return createHmac('sha256', key).update(`${PURPOSE}:${payload}`).digest();
}
