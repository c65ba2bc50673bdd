import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Db, row, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { orderNumberPattern, systemClock } from '@mingdan/kernel';
import {
  createOrder,
  findOrder,
  findProduct,
  forgetUser,
  listProducts,
  OrderRefused,
  openInput,
  type Product,
  rememberTelegramUser,
  setLanguage,
} from '../src/index.ts';
import { aUser, testDatabase, testVault } from '../src/testing.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());

const product = async (slug = 'bazi-basic') => (await findProduct(db, slug)) as Product;
async function order(confirmationId: string, changes: { slug?: string; userId?: number; maxOpen?: number } = {}) {
  const request = {
    userId: changes.userId ?? (await aUser(db)).id,
    product: await product(changes.slug),
    input: { name: '张三', date: '1990-05-15' },
    language: 'zh-CN',
    confirmationId,
    baziSource: 'local' as const,
    expiryMinutes: 30,
    maxOpen: changes.maxOpen ?? 20,
  };
  return createOrder(db, testVault, request, systemClock);
}

test('the catalogue after the first start holds the four reports at their prices', async () => {
  const reports = (await listProducts(db)).filter(({ kind }) => kind === 'report');
  const catalogue = reports.map(({ slug, price, input }) => [slug, price, input]);
  expect(catalogue).toEqual([
    ['bazi-basic', { minor: 1990, currency: 'CNY' }, 'birth'],
    ['bazi-full', { minor: 9900, currency: 'CNY' }, 'birth'],
    ['bazi-year', { minor: 4900, currency: 'CNY' }, 'birth'],
    ['tarot-free', { minor: 0, currency: 'CNY' }, 'none'],
  ]);
});

test('and beside them coins, memberships and goods, each with what it gives', async () => {
  const others = (await listProducts(db)).filter(({ kind }) => kind !== 'report');
  expect(
    others.map(({ slug, price, coins, bonusCoins, months, handedOutBy }) => [
      slug,
      price.minor,
      coins,
      bonusCoins,
      months,
      handedOutBy,
    ]),
  ).toEqual([
    ['member-month', 2900, null, 0, 1, null],
    ['member-quarter', 7900, null, 0, 3, null],
    ['member-year', 26900, null, 0, 12, null],
    ['gift-card', 5000, null, 0, null, 'codes'],
    ['consult', 29900, null, 0, null, 'hand'],
    ['coins-1', 990, 100, 0, null, null],
    ['coins-2', 2990, 300, 10, null, null],
    ['coins-3', 9900, 1000, 60, null, null],
    ['coins-4', 29900, 3000, 300, null, null],
  ]);
});

describe('an order', () => {
  test('has a number of the promised form and the catalogue price', async () => {
    const { order: made, created } = await order('c1');
    expect(created).toBe(true);
    expect(made.orderNo).toMatch(orderNumberPattern);
    expect(made).toMatchObject({
      status: 'pending_payment',
      amount: { minor: 1990, currency: 'CNY' },
      productSlug: 'bazi-basic',
    });
  });

  test('is one for twenty taps on the same confirmation', async () => {
    const userId = (await aUser(db)).id;
    const made = await Promise.all(Array.from({ length: 20 }, () => order('twenty', { userId })));
    expect(new Set(made.map(({ order: one }) => one.orderNo)).size).toBe(1);
    expect(made.filter(({ created }) => created)).toHaveLength(1);
    expect(await rows(db, `select 1 from orders where confirmation_id = 'twenty'`)).toHaveLength(1);
  });

  test('that costs nothing is paid at once', async () => {
    const { order: made } = await order('free', { slug: 'tarot-free' });
    expect(made.status).toBe('paid');
  });

  test('beyond the limit of open ones is refused, also when they are made at once', async () => {
    const userId = (await aUser(db)).id;
    const tries = await Promise.allSettled(
      Array.from({ length: 8 }, (_, n) => order(`open-${n}`, { userId, maxOpen: 3 })),
    );
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    const refused = tries.find((one) => one.status === 'rejected');
    expect(refused?.reason).toBeInstanceOf(OrderRefused);
  });

  test('keeps what was typed encrypted, and gives it back', async () => {
    const { order: made } = await order('sealed');
    expect(made.input?.includes('张三')).toBe(false);
    expect(openInput(testVault, made)).toEqual({ name: '张三', date: '1990-05-15' });
  });
});

describe('a person', () => {
  test('is one user however often they write, and keeps the language they chose', async () => {
    const first = await rememberTelegramUser(db, { telegramId: 77, language: 'en' });
    await setLanguage(db, first.id, 'zh-TW');
    expect(await rememberTelegramUser(db, { telegramId: 77, language: 'zh-CN' })).toEqual({
      ...first,
      language: 'zh-TW',
    });
  });

  test('who asks to be forgotten leaves no birth data, report or text behind', async () => {
    const user = await aUser(db);
    const { order: made } = await order('forget', { userId: user.id, slug: 'tarot-free' });
    await db.raw(`update orders set status = 'generating' where id = ?`, [made.id]);
    await db.raw(`update orders set status = 'completed' where id = ?`, [made.id]);
    await db.raw(`insert into order_steps (order_id, step, result) values (?, 'render', 'x')`, [made.id]);
    await db.raw(`insert into bot_sessions (chat_id, state) values (?, 'x')`, [user.telegramId ?? 0]);
    await forgetUser(db, user.id);
    expect((await findOrder(db, made.orderNo))?.input).toBeNull();
    expect(
      await row(db, 'select 1 from order_steps where order_id = :id and result is not null', { id: made.id }),
    ).toBeUndefined();
    expect(
      await row(db, 'select 1 from bot_sessions where chat_id = :chat', { chat: user.telegramId }),
    ).toBeUndefined();
  });
});
