import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Db, openDatabase, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { recordNotice, WEBHOOK_ROLE } from '../src/index.ts';
import { recordRefusedNotice } from '../src/record-notice.ts';
import { anUnpaidOrder, paidNotice, testDatabase } from '../src/testing.ts';

let database: TestDatabase;
let webhook: Db;
beforeAll(async () => {
  database = await testDatabase();
  webhook = openDatabase({ url: database.url, applicationName: 'test', role: WEBHOOK_ROLE });
});
afterAll(async () => {
  await webhook.destroy();
  await database.drop();
});

describe('the webhook role', () => {
  test('can record a notice and flip an order', async () => {
    const order = await anUnpaidOrder(database.db);
    expect(await recordNotice(webhook, paidNotice(order), { digest: Buffer.alloc(32), sealed: null })).toMatchObject({
      verdict: 'paid',
    });
  });

  test('can record a refused notice', async () => {
    await expect(
      recordRefusedNotice(webhook, { provider: 'pingpong', why: 'no signature', digest: Buffer.alloc(32), size: 2 }),
    ).resolves.toBeUndefined();
  });

  test('can read and change no table, not even orders', async () => {
    const tables = await rows<{ name: string }>(
      database.db,
      `select table_name as name from information_schema.tables where table_schema = 'public'`,
    );
    expect(tables.length).toBeGreaterThan(15);
    for (const { name } of tables) {
      await expect(webhook.raw(`select * from ${name} limit 1`)).rejects.toThrow(/permission denied/);
      await expect(webhook.raw(`delete from ${name}`)).rejects.toThrow(/permission denied/);
    }
    await expect(webhook.raw(`update orders set status = 'paid'`)).rejects.toThrow(/permission denied/);
    await expect(webhook.raw(`insert into users (telegram_id) values (1)`)).rejects.toThrow(/permission denied/);
  });

  test('can call no other function of ours', async () => {
    const functions = await rows<{ call: string; name: string }>(
      database.db,
      `select p.proname as name, format('%s(%s)', p.oid::regproc, (select string_agg('null', ',') from generate_series(1, p.pronargs))) as call
         from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'public' and p.prolang in (select oid from pg_language where lanname in ('sql', 'plpgsql')) and p.prorettype <> 'trigger'::regtype and p.proname not in ('take_notice', 'record_notice', 'record_refused_notice')`,
    );
    expect(functions.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'settle_refund',
        'request_refund_of_payment',
        'book_further_payment',
        'judge_notice',
        'settle_held',
      ]),
    );
    for (const { call } of functions) await expect(webhook.raw(`select ${call}`)).rejects.toThrow(/permission denied/);
  });
});
