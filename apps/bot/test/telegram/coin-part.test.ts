import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { coinBalance, findOrder, grantCoins, type Order, rememberTelegramUser } from '@mingdan/orders';
import { anOrder } from '@mingdan/orders/testing';
import { aWorld, Person, type World } from './given/world.ts';

let world: World;
beforeAll(async () => {
  world = await aWorld({ offered: ['pingpong', 'points'] });
  world.startBot();
});
afterAll(() => world.end());

/** 19.90 CNY, not paid; coins are worth 0.10 CNY. */
async function aBuyerWith(coins: number): Promise<{ person: Person; order: Order; userId: number }> {
  const { db } = world.database;
  const person = new Person(world);
  const { id: userId } = await rememberTelegramUser(db, { telegramId: person.id, language: 'zh-CN' });
  if (coins > 0) await grantCoins(db, { userId, amount: coins, reason: 'test', actor: 'test' });
  return { person, order: await anOrder(db, { userId }), userId };
}

describe('coins for a part, in chat', () => {
  test('are a button that says how many and what is left, and then the rest is asked for', async () => {
    const { person, order, userId } = await aBuyerWith(80);
    await person.presses(`order:${order.orderNo}`);
    expect(person.buttons).toContain(`coins:${order.orderNo}`);
    expect(JSON.stringify(person.heard.at(-1)?.payload.reply_markup)).toContain('用 80 金币抵扣，再付 11.90 CNY');
    await person.presses(`coins:${order.orderNo}`);
    expect(await coinBalance(world.database.db, userId)).toBe(0);
    expect(world.asked.at(-1)).toMatchObject({ orderNo: order.orderNo });
    await person.presses(`order:${order.orderNo}`);
    expect(person.last).toContain('11.90 CNY + 80 🪙');
    expect(person.buttons).not.toContain(`coins:${order.orderNo}`);
    expect(person.buttons).not.toContain(`pay:points:${order.orderNo}`);
  });

  test('pressed twice are taken once', async () => {
    const { person, order, userId } = await aBuyerWith(80);
    await person.presses(`coins:${order.orderNo}`);
    await person.presses(`coins:${order.orderNo}`);
    expect(await coinBalance(world.database.db, userId)).toBe(0);
    expect(await findOrder(world.database.db, order.orderNo)).toMatchObject({ coinsUsed: 80 });
  });

  test('of somebody else’s order are not taken', async () => {
    const { order, userId } = await aBuyerWith(80);
    await new Person(world).presses(`coins:${order.orderNo}`);
    expect(await coinBalance(world.database.db, userId)).toBe(80);
  });

  test('are no button without any', async () => {
    const { person, order } = await aBuyerWith(0);
    await person.presses(`order:${order.orderNo}`);
    expect(person.buttons).not.toContain(`coins:${order.orderNo}`);
  });
});
