import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { changed, type Db, openDatabase, row, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { randomToken, systemClock } from '@mingdan/kernel';
import {
  activateMembership,
  addCodes,
  clientDigest,
  codesOfOrder,
  commitStock,
  createOrder,
  expire,
  failAndRefund,
  findProduct,
  membershipOf,
  type Order,
  type Product,
  recordNotice,
  revokeMembership,
  setStock,
  syncMembership,
} from '../src/index.ts';
import { anAttempt, aUser, paidNotice, testDatabase, testVault } from '../src/testing.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());

interface Wish {
  userId?: number | null;
  quantity?: number;
  coupon?: string;
  email?: string;
  maxOpen?: number;
  client?: Buffer;
  memberReading?: string;
}
async function order(slug: string, wish: Wish = {}, through: Db = db): Promise<Order> {
  const product = (await findProduct(through, slug)) as Product;
  const userId = wish.userId === undefined ? (await aUser(through)).id : wish.userId;
  const made = await createOrder(
    through,
    testVault,
    {
      product,
      input: {},
      language: 'en',
      confirmationId: randomToken(),
      baziSource: 'local',
      expiryMinutes: 30,
      maxOpen: 20,
      ...wish,
      userId,
    },
    systemClock,
  );
  return made.order;
}
async function pay(bought: Order): Promise<void> {
  await anAttempt(db, bought, null);
  await recordNotice(db, paidNotice(bought), { digest: Buffer.alloc(32), sealed: null });
}
const stockOf = async (slug: string) => (await findProduct(db, slug))?.stock;
const refusal = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'taken',
    (error: { code: string }) => error.code,
  );
/** The count, the codes and the log must say the same. */
async function booksAgree(slug: string): Promise<boolean> {
  const sums = await row<{ stock: number; available: number; logged: number }>(
    db,
    `select p.stock, (select count(*) from inventory_items i where i.product_id = p.id and i.status = 'available') as available,
            (select coalesce(sum(change), 0) from inventory_logs l where l.product_id = p.id)::integer as logged
       from products p where slug = :slug`,
    { slug },
  );
  return sums !== undefined && sums.stock === sums.available && sums.stock === sums.logged;
}

describe('stock', () => {
  test('of the last five pieces goes to exactly five of twenty buyers, and the others hear it before they pay', async () => {
    await addCodes(db, testVault, { slug: 'gift-card', codes: ['A', 'B', 'C', 'D', 'E'], actor: 'test' });
    const pools = Array.from({ length: 5 }, () => openDatabase({ url: database.url, applicationName: 'test' }));
    const buyers = await Promise.all(Array.from({ length: 20 }, () => aUser(db)));
    const answers = await Promise.all(
      buyers.map(({ id }, index) => refusal(order('gift-card', { userId: id }, pools[index % 5]))),
    );
    await Promise.all(pools.map((pool) => pool.destroy()));
    expect(answers.filter((answer) => answer === 'taken')).toHaveLength(5);
    expect(answers.filter((answer) => answer === 'sold_out')).toHaveLength(15);
    expect(await stockOf('gift-card')).toBe(0);
    expect(await booksAgree('gift-card')).toBe(true);
  });

  test('comes back when an order expires, and when its payment fails', async () => {
    await addCodes(db, testVault, { slug: 'gift-card', codes: ['F', 'G'], actor: 'test' });
    const [one, two] = [await order('gift-card'), await order('gift-card')];
    expect(await stockOf('gift-card')).toBe(0);
    await expire(db, one.id, 'expired', 'test');
    await changed(db, `update orders set status = 'failed' where id = :id`, { id: two.id });
    expect(await stockOf('gift-card')).toBe(2);
    expect(await booksAgree('gift-card')).toBe(true);
  });

  test('is taken again by an order that is paid late, as long as there is any', async () => {
    const late = await order('gift-card');
    await expire(db, late.id, 'expired', 'test');
    await pay(late);
    expect(await commitStock(db, late.id)).toBe(true);
    const tooLate = await order('gift-card');
    await expire(db, tooLate.id, 'expired', 'test');
    await changed(db, `update products set stock = 0 where slug = 'gift-card'`);
    await pay(tooLate);
    expect(await commitStock(db, tooLate.id)).toBe(false);
    await changed(
      db,
      `update products p set stock = (select count(*) from inventory_items i where i.product_id = p.id and i.status = 'available') where slug = 'gift-card'`,
    );
  });

  test('never gets a code back that its buyer has seen', async () => {
    const [seen, unseen] = [
      await order('gift-card', {}).catch(() => undefined),
      await addCodes(db, testVault, { slug: 'gift-card', codes: ['H', 'I'], actor: 'test' }).then(() =>
        order('gift-card'),
      ),
    ];
    const bought = seen ?? (await order('gift-card'));
    for (const each of [bought, unseen]) {
      await pay(each);
      await commitStock(db, each.id);
    }
    expect(await codesOfOrder(db, testVault, bought.id, true)).toHaveLength(1);
    const before = (await stockOf('gift-card')) ?? 0;
    for (const each of [bought, unseen])
      await db.transaction((tx) =>
        failAndRefund(tx, { orderId: each.id, orderNo: each.orderNo, owner: null, reason: 'refund_asked', by: 'test' }),
      );
    expect(await stockOf('gift-card')).toBe(before + 1);
  });

  test('takes the same code once', async () => {
    expect(await addCodes(db, testVault, { slug: 'gift-card', codes: ['A', 'NEW'], actor: 'test' })).toMatchObject({
      added: 1,
    });
  });

  test('of a product that is counted by hand is what was set', async () => {
    await setStock(db, { slug: 'consult', stock: 3, actor: 'test' });
    await order('consult', { quantity: 2 });
    expect(await refusal(order('consult', { quantity: 2 }))).toBe('sold_out');
    expect(await stockOf('consult')).toBe(1);
  });
});

describe('a membership', () => {
  const period = (userId: number, cause: string, months = 1) => ({
    userId,
    productSlug: 'member-month',
    months,
    cause,
    orderId: null,
    actor: 'test',
  });

  test('is given once for one cause, and a further one begins at the end of the one before', async () => {
    const { id } = await aUser(db);
    const given = await Promise.all([1, 2, 3, 4].map(() => activateMembership(db, period(id, `a:${id}`))));
    expect(given.filter(Boolean)).toHaveLength(1);
    await Promise.all([activateMembership(db, period(id, `b:${id}`)), activateMembership(db, period(id, `c:${id}`))]);
    const periods = await rows<{ starts: Date; ends: Date }>(
      db,
      'select starts_at as starts, ends_at as ends from membership_periods where user_id = :id order by starts_at',
      { id },
    );
    expect(periods[1]?.starts).toEqual(periods[0]?.ends);
    expect(periods[2]?.starts).toEqual(periods[1]?.ends);
    expect(await membershipOf(db, id)).toMatchObject({ active: true, expiresAt: periods[2]?.ends });
  });

  test('that is taken away lets those behind it move up, so that nobody loses time they paid for', async () => {
    const { id } = await aUser(db);
    await activateMembership(db, period(id, `first:${id}`));
    await activateMembership(db, period(id, `second:${id}`, 3));
    expect(await revokeMembership(db, `first:${id}`)).toBe(true);
    expect(await revokeMembership(db, `first:${id}`)).toBe(false);
    const { active, expiresAt } = await membershipOf(db, id);
    expect(active).toBe(true);
    const days = ((expiresAt?.getTime() ?? 0) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(85);
    expect(days).toBeLessThan(94);
  });

  test('can be derived anew from what was paid', async () => {
    const { id } = await aUser(db);
    await activateMembership(db, period(id, `sync1:${id}`));
    await activateMembership(db, period(id, `sync2:${id}`));
    const before = await membershipOf(db, id);
    await changed(db, `update membership_periods set ends_at = ends_at + interval '300 days' where cause = :cause`, {
      cause: `sync2:${id}`,
    });
    await changed(db, `update membership_periods set starts_at = starts_at + interval '10 days' where cause = :cause`, {
      cause: `sync2:${id}`,
    });
    await syncMembership(db, id);
    expect((await membershipOf(db, id)).expiresAt).toEqual(before.expiresAt);
  });

  test('gives member prices, and one free reading a month', async () => {
    const { id } = await aUser(db);
    expect((await order('bazi-full', { userId: id })).amount.minor).toBe(9900);
    await activateMembership(db, period(id, `price:${id}`));
    expect((await order('bazi-full', { userId: id })).amount.minor).toBe(7920);
    const first = await order('bazi-basic', { userId: id, memberReading: 'bazi-basic' });
    expect(first).toMatchObject({ amount: { minor: 0 }, status: 'paid' });
    expect((await order('bazi-basic', { userId: id, memberReading: 'bazi-basic' })).amount.minor).toBe(1990);
  });
});

describe('a coupon', () => {
  const coupon = (code: string, more: string, values: string) =>
    changed(db, `insert into coupons (code, ${more}) values ('${code}', ${values})`);

  test('takes its part off the price, once for each buyer', async () => {
    await coupon('TEN', 'percent', '10');
    const { id } = await aUser(db);
    expect(await order('bazi-full', { userId: id, coupon: 'ten' })).toMatchObject({
      amount: { minor: 8910 },
      discountMinor: 990,
    });
    expect(await refusal(order('bazi-full', { userId: id, coupon: 'TEN' }))).toBe('coupon_not_valid');
  });

  test('of a number of uses holds that number however many come at once', async () => {
    await coupon('FEW', 'amount_minor, most_uses', '500, 3');
    const answers = await Promise.all(Array.from({ length: 10 }, () => refusal(order('bazi-full', { coupon: 'FEW' }))));
    expect(answers.filter((answer) => answer === 'taken')).toHaveLength(3);
  });

  test('comes back when its order ends unpaid', async () => {
    await coupon('BACK', 'percent, most_uses', '50, 1');
    const first = await order('bazi-full', { coupon: 'BACK' });
    expect(await refusal(order('bazi-full', { coupon: 'BACK' }))).toBe('coupon_not_valid');
    await expire(db, first.id, 'expired', 'test');
    expect(await refusal(order('bazi-full', { coupon: 'BACK' }))).toBe('taken');
  });

  test('for other products, over, or unknown does not hold', async () => {
    await coupon('OTHER', `percent, product_slugs`, `10, '{bazi-year}'`);
    await coupon('OVER', `percent, valid_until`, `10, now() - interval '1 day'`);
    for (const code of ['OTHER', 'OVER', 'NEVER', "x'; drop table orders"])
      expect(await refusal(order('bazi-full', { coupon: code }))).toBe('coupon_not_valid');
  });

  test('for everything leaves a free order, which is paid at once', async () => {
    await coupon('ALL', 'percent', '100');
    expect(await order('bazi-full', { coupon: 'ALL' })).toMatchObject({ amount: { minor: 0 }, status: 'paid' });
  });
});

test('a buyer of the shop has no more open orders than one with an account, by the address', async () => {
  for (let count = 0; count < 2; count += 1)
    await order('bazi-full', { userId: null, email: 'A@example.com', maxOpen: 2 });
  expect(await refusal(order('bazi-full', { userId: null, email: 'a@example.com', maxOpen: 2 }))).toBe(
    'too_many_open_orders',
  );
  expect(await refusal(order('bazi-full', { userId: null, email: 'b@example.com', maxOpen: 2 }))).toBe('taken');
});

test('a stranger who orders by somebody else’s address uses up none of its owner’s orders', async () => {
  const from = (network: string) => ({
    userId: null,
    email: 'owner@example.com',
    maxOpen: 2,
    client: clientDigest(testVault, network),
  });
  for (let count = 0; count < 2; count += 1) await order('bazi-full', from('198.51.100.7'));
  expect(await refusal(order('bazi-full', from('198.51.100.7')))).toBe('too_many_open_orders');
  const own = await order('bazi-full', from('203.0.113.5'));
  const kept = () =>
    row<{ client: Buffer | null }>(db, 'select client_digest as client from orders where id = :id', { id: own.id });
  expect((await kept())?.client).toHaveLength(32);
  await pay(own);
  expect((await kept())?.client).toBeNull();
});
