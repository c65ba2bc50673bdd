import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { changed, type Db } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { type CoinHistory, coinHistory } from '../src/index.ts';
import { aUser, testDatabase } from '../src/testing.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());

const LIMIT = 5;

/** A user whose account has so many entries, one coin each. */
async function withEntries(count: number): Promise<number> {
  const { id } = await aUser(db);
  await db.raw(`do $$ begin for n in 1..${count} loop
    insert into coin_ledger (user_id, amount, cause, reason, actor) values (${id}, 1, 'test:${id}:' || n, 'test', 'test');
  end loop; end $$`);
  return id;
}

/** All pages one after the other, as the balances that they show. */
async function turnThrough(userId: number): Promise<number[][]> {
  const pages: number[][] = [];
  let page: CoinHistory = { entries: [], next: null };
  do {
    page = await coinHistory(db, userId, { limit: LIMIT, before: page.next ?? undefined });
    pages.push(page.entries.map(({ balance }) => balance));
  } while (page.next !== null);
  return pages;
}

describe('the history of an account, page by page', () => {
  test.each([
    [0, [[]]],
    [1, [[1]]],
    [LIMIT, [[5, 4, 3, 2, 1]]],
    [LIMIT + 1, [[6, 5, 4, 3, 2], [1]]],
    [
      12,
      [
        [12, 11, 10, 9, 8],
        [7, 6, 5, 4, 3],
        [2, 1],
      ],
    ],
  ])('has every entry of %i once', async (count, pages) => {
    await withEntries(3);
    expect(await turnThrough(await withEntries(count))).toEqual(pages);
  });

  test('is not moved by what comes in meanwhile', async () => {
    const id = await withEntries(7);
    const { next } = await coinHistory(db, id, { limit: LIMIT });
    await db.raw(
      `insert into coin_ledger (user_id, amount, cause, reason, actor) values (?, 1, 'test:late', 'test', 'test')`,
      [id],
    );
    const older = await coinHistory(db, id, { limit: LIMIT, before: next ?? undefined });
    expect(older.entries.map(({ balance }) => balance)).toEqual([2, 1]);
  });

  test('shows an entry of another account to nobody, whatever is asked for', async () => {
    const [mine, theirs] = [await withEntries(2), await withEntries(2)];
    const { entries } = await coinHistory(db, theirs, { limit: 1 });
    const { entries: older } = await coinHistory(db, mine, { limit: LIMIT, before: (entries[0]?.id ?? 0) + 1 });
    expect(older.map(({ balance }) => balance)).toEqual([2, 1]);
  });

  test('is read by its index, however old the page', async () => {
    const id = await withEntries(60);
    await changed(
      db,
      `with people as (insert into users (language) select 'en' from generate_series(1, 6000) returning id)
       insert into coin_ledger (user_id, amount, cause, reason, actor) select id, 1, 'crowd:' || id, 'test', 'test' from people`,
    );
    await db.raw('analyze coin_ledger');
    const asked: { sql: string; bindings: unknown[] }[] = [];
    const listen = (query: { sql: string; bindings: unknown[] }) => asked.push(query);
    db.on('query', listen);
    const { next } = await coinHistory(db, id, { limit: LIMIT });
    await coinHistory(db, id, { limit: LIMIT, before: next ?? undefined });
    db.removeListener('query', listen);
    expect(asked).toHaveLength(2);
    for (const { sql, bindings } of asked) {
      const plan = await db.raw(`explain ${sql.replace(/\$\d+/g, '?')}`, bindings as number[]);
      const text = plan.rows.map((line: object) => Object.values(line)[0]).join('\n');
      expect(text).toMatch(/Index Scan using coin_ledger_of_user[\s\S]*Index Cond: .*user_id = .*id </);
      expect(text).not.toContain('Seq Scan on coin_ledger');
    }
  });
});
