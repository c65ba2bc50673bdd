import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Db } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { randomToken } from '@mingdan/kernel';
import { coinBalance, coinEntries, coinsAddUp, grantCoins, type User } from '../src/index.ts';
import { aUser, testDatabase } from '../src/testing.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());

/** A user with so many coins. */
async function rich(amount: number): Promise<User> {
  const user = await aUser(db);
  if (amount > 0) await grantCoins(db, { userId: user.id, amount, reason: 'test', actor: 'test' });
  return user;
}

describe('granting coins', () => {
  test('is written down with who did it and why', async () => {
    const user = await rich(0);
    const grant = { userId: user.id, amount: 30, reason: 'sorry for the wait', actor: 'anna' };
    expect(await grantCoins(db, grant)).toEqual({ granted: true, balance: 30 });
    expect(await grantCoins(db, grant)).toEqual({ granted: true, balance: 60 });
    expect(await coinEntries(db, user.id, 10)).toHaveLength(2);
    expect((await coinEntries(db, user.id, 10))[0]).toMatchObject({ amount: 30, reason: grant.reason, actor: 'anna' });
  });

  test('with a key happens once, and the key is not taken for another grant', async () => {
    const user = await rich(0);
    const grant = { userId: user.id, amount: 30, reason: 'prize', actor: 'anna', key: `prize-${user.id}` };
    expect(await grantCoins(db, grant)).toEqual({ granted: true, balance: 30 });
    expect(await grantCoins(db, grant)).toEqual({ granted: false, balance: 30 });
    await expect(grantCoins(db, { ...grant, amount: 31 })).rejects.toMatchObject({ code: 'grant_key_taken' });
    expect(await coinBalance(db, user.id)).toBe(30);
    expect(await coinsAddUp(db)).toBe(true);
  });

  test.each([0, -5, 1.5, Number.NaN, 1e12])('of %p coins is refused', async (amount) => {
    const user = await rich(0);
    await expect(grantCoins(db, { userId: user.id, amount, reason: 'x', actor: 'x' })).rejects.toMatchObject({
      code: 'bad_amount',
    });
  });

  test('to nobody is refused', async () => {
    await expect(grantCoins(db, { userId: 999_999_999, amount: 1, reason: 'x', actor: 'x' })).rejects.toMatchObject({
      code: 'user_not_found',
    });
  });
});

describe('the database itself', () => {
  test('refuses to change or delete an entry of the ledger', async () => {
    await rich(10);
    for (const sql of [
      'update coin_ledger set amount = 1000',
      'delete from coin_ledger',
      'truncate coin_ledger cascade',
    ])
      await expect(db.raw(sql)).rejects.toThrow('is not allowed');
  });

  test('refuses to move a balance without an entry', async () => {
    const user = await rich(10);
    for (const sql of [
      'update coin_accounts set balance = balance + 1',
      'delete from coin_accounts',
      'truncate coin_accounts cascade',
      `insert into coin_accounts (user_id, balance) values (${(await aUser(db)).id}, 5)`,
    ])
      await expect(db.raw(sql)).rejects.toThrow('is not allowed');
    expect(await coinBalance(db, user.id)).toBe(10);
  });

  test('refuses two entries of one account in one statement, whose balances nobody could follow', async () => {
    const user = await rich(10);
    const entry = (amount: number) => `(${user.id}, ${amount}, '${randomToken()}', 'x', 'x')`;
    const insert = `insert into coin_ledger (user_id, amount, cause, reason, actor) values ${entry(-10)}, ${entry(-10)}`;
    await expect(db.raw(insert)).rejects.toThrow('two entries of coin account');
    expect(await coinBalance(db, user.id)).toBe(10);
    expect(await coinsAddUp(db)).toBe(true);
  });

  test('refuses an entry below zero, and one that names a balance of its own', async () => {
    const user = await rich(10);
    const insert = (amount: number, balance: number) =>
      db.raw(
        `insert into coin_ledger (user_id, amount, balance, cause, reason, actor) values (${user.id}, ${amount}, ${balance}, '${randomToken()}', 'x', 'x')`,
      );
    await expect(insert(-11, 5)).rejects.toThrow('coin_ledger_balance_check');
    await insert(5, 1000);
    expect(await coinBalance(db, user.id)).toBe(15);
  });
});
