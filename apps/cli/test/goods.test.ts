import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { changed, type Db, row } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { findProduct, membershipOf } from '@mingdan/orders';
import { aPaidOrder, aUser, testDatabase } from '@mingdan/orders/testing';
import { run, shop } from './given.ts';

let database: TestDatabase;
let db: Db;
let env: Record<string, string>;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
  env = shop(database.url);
});
afterAll(() => database.drop());

const mingdan = (args: string[], input = '') => run(env, args, input);
const json = async (args: string[], input = '') => JSON.parse((await mingdan([...args, '--json'], input)).out);

describe('stock', () => {
  test('add-codes takes a code a line, leaves out what is there, and never shows one', async () => {
    const answer = await json(['stock', 'add-codes', 'gift-card', '--operator', 'anna'], 'AAA-1\r\n\n AAA-2 \nAAA-1\n');
    expect(answer).toEqual({ slug: 'gift-card', added: 2, already_there: 1, stock: 2 });
    expect((await findProduct(db, 'gift-card'))?.stock).toBe(2);
    const { out } = await mingdan(['stock', 'show']);
    expect(out).toContain('gift-card  Gift card  2 left  codes: 2 to sell, 0 reserved, 0 sold');
    expect(out).not.toContain('AAA');
    const kept = await row<{ code: Buffer }>(db, 'select code from inventory_items limit 1');
    expect(kept?.code.includes('AAA')).toBe(false);
  });

  test('set counts what has no codes, none ends the counting, and who did it is kept', async () => {
    expect(await json(['stock', 'set', 'consult', '7', '--operator', 'anna'])).toEqual({ slug: 'consult', stock: 7 });
    expect((await findProduct(db, 'consult'))?.stock).toBe(7);
    expect(await row(db, `select actor from inventory_logs where reason = 'set' order by id desc limit 1`)).toEqual({
      actor: 'anna',
    });
    await mingdan(['stock', 'set', 'consult', 'none']);
    expect((await findProduct(db, 'consult'))?.stock).toBeNull();
  });

  test.each([
    [['stock', 'set', 'gift-card', '5'], 'as many as it has codes'],
    [['stock', 'set', 'nothing', '5'], 'there is no product nothing'],
    [['stock', 'add-codes', 'consult'], 'consult is no product with codes'],
  ])('%j is refused with the reason', async (args, why) => {
    const { code, err } = await mingdan(args, 'X-1\n');
    expect(code).toBe(1);
    expect(err).toContain(why);
  });

  test.each([
    [['stock', 'set', 'consult', '-1']],
    [['stock', 'set', 'consult', '1.5']],
    [['stock', 'add-codes', 'gift-card']],
  ])('%j is wrong use', async (args) => expect((await mingdan(args)).code).toBe(2));
});

describe('membership', () => {
  test('grant gives it, once for each key', async () => {
    const user = await aUser(db);
    const args = [
      'membership',
      'grant',
      `tg:${user.telegramId}`,
      'member-quarter',
      '--reason',
      'a gift',
      '--key',
      'k1',
    ];
    const first = await json([...args, '--operator', 'anna']);
    expect(first).toMatchObject({ user_id: user.telegramId, outcome: 'granted' });
    expect(await json(args)).toEqual({ ...first, outcome: 'already_granted' });
    expect((await membershipOf(db, user.id)).active).toBe(true);
    expect((await mingdan(['membership', 'grant', String(user.telegramId), 'coins-1', '--reason', 'x'])).err).toContain(
      'is no membership',
    );
  });

  test('sync gives what was paid and lost, takes what went back, and puts the rest in a row', async () => {
    const user = await aUser(db);
    const kept = await aPaidOrder(db, { slug: 'member-month', userId: user.id });
    const back = await aPaidOrder(db, { slug: 'member-year', userId: user.id });
    for (const { id } of [kept, back]) {
      await changed(db, `update orders set status = 'generating' where id = :id`, { id });
      await changed(db, `update orders set status = 'completed', delivery = 'delivered' where id = :id`, { id });
    }
    await mingdan(['membership', 'sync', String(user.telegramId)]);
    const both = (await membershipOf(db, user.id)).expiresAt?.getTime() ?? 0;
    expect(both - Date.now()).toBeGreaterThan(390 * 86_400_000);
    await changed(
      db,
      `update payment_transactions set refund_reserved_minor = amount_minor, refunded_minor = amount_minor where order_id = :id`,
      { id: back.id },
    );
    await mingdan(['membership', 'sync']);
    const left = (await membershipOf(db, user.id)).expiresAt?.getTime() ?? 0;
    expect(left - Date.now()).toBeLessThan(32 * 86_400_000);
    expect(left - Date.now()).toBeGreaterThan(27 * 86_400_000);
  });
});

describe('orders deliver', () => {
  test('hands over what waits for a person, once, and nothing else', async () => {
    const order = await aPaidOrder(db, { slug: 'consult' });
    const args = ['orders', 'deliver', order.orderNo, '--note', '已加您微信', '--operator', 'anna'];
    expect(await json(args)).toEqual({ order_no: order.orderNo, outcome: 'delivered' });
    expect((await json(args)).outcome).toBe('already');
    const report = await aPaidOrder(db);
    const refused = await mingdan(['orders', 'deliver', report.orderNo, '--note', 'x']);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('does not wait for a person');
    expect((await mingdan(['orders', 'deliver', order.orderNo, '--note', ' '])).code).toBe(2);
  });
});

describe('products', () => {
  test('of every kind go out to a file and come in again unchanged; one that lacks what it gives is refused', async () => {
    const exported = (await mingdan(['products', 'export'])).out;
    const { products } = await json(['products', 'import', '-'], exported);
    expect(products.every(({ outcome }: { outcome: string }) => outcome === 'unchanged')).toBe(true);
    const all = JSON.parse(exported) as { slug: string; coins: number | null }[];
    const more = all.map((each) => (each.slug === 'coins-1' ? { ...each, slug: 'coins-9', coins: 50 } : each));
    await mingdan(['products', 'import', '-'], JSON.stringify(more));
    expect(await findProduct(db, 'coins-9')).toMatchObject({ kind: 'coins', coins: 50 });
    const broken = more.map((each) => (each.slug === 'coins-9' ? { ...each, coins: null } : each));
    expect((await mingdan(['products', 'import', '-'], JSON.stringify(broken))).err).toContain('needs coins');
    expect((await mingdan(['products', 'list'])).out).toContain('gift-card  Gift card\n  goods  50.00 CNY  by codes');
  });
});
