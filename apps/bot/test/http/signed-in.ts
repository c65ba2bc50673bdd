import { createHmac } from 'node:crypto';
import type { Db } from '@mingdan/db';
import type { User } from '@mingdan/orders';
import { aUser } from '@mingdan/orders/testing';
import { sessionToken } from '../../src/http/auth/session-token.ts';
import { testSettings } from './support.ts';

/** initData as Telegram would sign it for a user of the test's bot. */
export function initDataFor(
  telegramId: number,
  changes: Record<string, string> = {},
  botToken: string = testSettings.botToken,
): string {
  const user = { id: telegramId, first_name: '三', last_name: 'Zhang & Co', language_code: 'zh-hans' };
  const fields: Record<string, string> = {
    user: JSON.stringify(user),
    auth_date: String(Math.floor(Date.now() / 1000)),
    signature: 'c2lnbmVkLWJ5LXRlbGVncmFtLWl0c2VsZg',
    ...changes,
  };
  const lines = Object.entries(fields).map(([key, value]) => `${key}=${value}`);
  const secret = createHmac('sha256', 'WebAppData').update(botToken).digest();
  const hash = createHmac('sha256', secret).update(lines.sort().join('\n')).digest('hex');
  return new URLSearchParams({ ...fields, hash }).toString();
}

export interface SignedIn {
  readonly user: User & { readonly telegramId: number };
  /** for the header Authorization */
  readonly bearer: string;
  /** for the header Cookie */
  readonly cookie: string;
}

/** Somebody new, signed in for an hour. */
export async function signedIn(db: Db): Promise<SignedIn> {
  const user = await aUser(db);
  const session = { userId: user.id, name: '张三', expiresAt: new Date(Date.now() + 3_600_000) };
  const token = sessionToken(testSettings.secretKeys, session);
  return {
    user: { ...user, telegramId: Number(user.telegramId) },
    bearer: `Bearer ${token}`,
    cookie: `mingdan_session=${token}`,
  };
}
