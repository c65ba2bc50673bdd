import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { changed, type Db, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { createLogger, systemClock } from '@mingdan/kernel';
import { testDatabase, testVault } from '@mingdan/orders/testing';
import type { FulfilmentDeps } from '../src/contract.ts';
import { countRefusal, mayAskModel, modelAnswered, pauseFulfilment } from '../src/health.ts';

let database: TestDatabase;
let db: Db;
let deps: FulfilmentDeps;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
  deps = {
    db,
    vault: testVault,
    clock: systemClock,
    log: createLogger({ process: 'test', level: 'silent' }),
    operatorChatId: -100,
    retryBaseMs: 10,
  };
});
afterAll(() => database.drop());
beforeEach(async () => {
  await modelAnswered(deps);
  await changed(db, 'delete from outbox');
});

const alarms = () => rows<{ dedupe_key: string }>(db, 'select dedupe_key from outbox order by id');

describe('a pause of the queue', () => {
  test('is alarmed once, however many orders run into it', async () => {
    await Promise.all(Array.from({ length: 10 }, () => pauseFulfilment(deps, 'key refused', 'set DEEPSEEK_API_KEY')));
    expect(await alarms()).toHaveLength(1);
  });

  test('lets one order at a time try, and only when its time has come', async () => {
    await pauseFulfilment(deps, 'key refused', 'hint');
    expect(await mayAskModel(db)).toMatchObject({ may: false });
    await changed(db, `update fulfilment_health set probe_at = now()`);
    const tries = await Promise.all(Array.from({ length: 10 }, () => mayAskModel(db)));
    expect(tries.filter(({ may }) => may)).toHaveLength(1);
  });

  test('ends by itself with the first answer, tells so once and wakes what waits', async () => {
    await pauseFulfilment(deps, 'key refused', 'hint');
    await Promise.all([modelAnswered(deps), modelAnswered(deps), modelAnswered(deps)]);
    expect(await mayAskModel(db)).toMatchObject({ may: true });
    expect((await alarms()).filter(({ dedupe_key }) => dedupe_key.startsWith('alarm:resumed'))).toHaveLength(1);
  });

  test('is alarmed again when it comes again', async () => {
    await pauseFulfilment(deps, 'key refused', 'hint');
    await modelAnswered(deps);
    await pauseFulfilment(deps, 'key refused', 'hint');
    expect(await alarms()).toHaveLength(3);
  });
});

describe('a streak of refused orders', () => {
  test('counts different orders with the same answer', async () => {
    expect(await countRefusal(db, 1, '400')).toBe(1);
    expect(await countRefusal(db, 1, '400')).toBe(1);
    expect(await countRefusal(db, 2, '400')).toBe(2);
    expect(await countRefusal(db, 3, '400')).toBe(3);
  });

  test('begins anew with another answer, and after a success', async () => {
    await countRefusal(db, 1, '400');
    expect(await countRefusal(db, 2, '422')).toBe(1);
    await modelAnswered(deps);
    expect(await countRefusal(db, 3, '422')).toBe(1);
  });
});
