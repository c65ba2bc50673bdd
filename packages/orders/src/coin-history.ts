import type { Db } from '@mingdan/db';
import { type CoinEntry, coinEntries } from './coins.ts';
import { pageOf } from './page.ts';

export interface CoinHistory {
  readonly entries: readonly CoinEntry[];
  /** what to ask for as `before` to get the entries that come after these; null where these are the last */
  readonly next: number | null;
}

/** A page of an account, the newest first. An entry that is added meanwhile moves none of the older pages. */
export async function coinHistory(
  db: Db,
  userId: number,
  page: { readonly limit: number; readonly before?: number | undefined },
): Promise<CoinHistory> {
  const found = await coinEntries(db, userId, page.limit + 1, page.before);
  const { entries, next = null } = pageOf(found, page.limit, ({ id }) => id);
  return { entries, next };
}
