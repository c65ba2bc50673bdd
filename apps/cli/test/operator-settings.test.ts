import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TestDatabase } from '@mingdan/db/testing';
import { readOperatorSettings } from '@mingdan/orders';
import { testDatabase } from '@mingdan/orders/testing';
import { run, shop } from './given.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

const mingdan = (...args: string[]) => run(shop(database.url), args);
const settings = () => readOperatorSettings(database.db);

test('operators choose what they are told', async () => {
  const { out } = await mingdan('settings', 'get', 'operator_notices');
  expect(out).toContain('["paid","failed","refund","redpacket","stock"]');
  await mingdan('settings', 'set', 'operator_notices', 'new, paid');
  expect((await settings()).kinds).toEqual(['new', 'paid']);
  await mingdan('settings', 'set', 'operator_notices', '["expired"]');
  expect((await settings()).kinds).toEqual(['expired']);
  await mingdan('settings', 'set', 'operator_notices', 'none');
  expect((await settings()).kinds).toEqual([]);
});

test('and in which topics of their forum', async () => {
  await mingdan('settings', 'set', 'operator_topics', 'paid=12, alarm=3');
  expect((await settings()).topics).toEqual({ paid: 12, alarm: 3 });
  await mingdan('settings', 'set', 'operator_topics', '{"failed": 4}');
  expect((await settings()).topics).toEqual({ failed: 4 });
  await mingdan('settings', 'set', 'operator_topics', 'none');
  expect((await settings()).topics).toEqual({});
});

test.each([
  ['operator_notices', 'paid,everything'],
  ['operator_notices', '[paid'],
  ['operator_topics', 'paid=twelve'],
  ['operator_topics', 'paid=-1'],
  ['operator_topics', 'weather=3'],
  ['operator_topics', '{'],
])('%s takes no %s, and says what it takes', async (key, value) => {
  const { code, err } = await mingdan('settings', 'set', key, value);
  expect(code).not.toBe(0);
  expect(err).toMatch(/Write none, or/);
});
