import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { changed, row } from '@mingdan/db';
import { promoterOf, rememberTelegramUser, withdrawals } from '@mingdan/orders';
import { aPaidOrder } from '@mingdan/orders/testing';
import { aWorld, Person, type World } from './given/world.ts';

let world: World;
beforeAll(async () => {
  world = await aWorld();
  world.startBot();
});
afterAll(() => world.end());

describe('/promote', () => {
  test('gives the own link, the same each time, and what it earns', async () => {
    const person = new Person(world);
    await person.types('/promote');
    const link = /start=ref_[a-z0-9]+/.exec(person.last)?.[0];
    expect(link).toBeDefined();
    expect(person.last).toContain('10%');
    await person.types('/promote');
    expect(person.last).toContain(String(link));
    expect(person.buttons).toEqual([]);
  });

  test('lets what is free be withdrawn to an account, once', async () => {
    const { db } = world.database;
    const person = new Person(world);
    const user = await rememberTelegramUser(db, { telegramId: person.id, language: 'zh-CN' });
    const promoter = await promoterOf(db, user.id);
    const order = await aPaidOrder(db);
    await changed(
      db,
      `insert into promoter_credits (order_id, promoter_id, amount_minor, currency, commission_minor, held_until) values (:id, :promoterId, 1990, 'CNY', 199, now())`,
      { id: order.id, promoterId: promoter.id },
    );
    await person.types('/promote');
    expect(person.buttons).toEqual(['withdraw:CNY']);
    await person.presses('withdraw:CNY');
    await person.types('支付宝 anna@example.com');
    expect(person.last).toContain('1.99 CNY');
    const open = (await withdrawals(db, 'requested')).filter(({ code }) => code === promoter.code);
    expect(open).toMatchObject([{ amount: { minor: 199, currency: 'CNY' } }]);
    expect(
      await row(db, 'select count(*) as told from outbox where dedupe_key = :key', {
        key: `alarm:withdrawal:${open[0]?.id}`,
      }),
    ).toEqual({ told: 1 });
    await person.types('/promote');
    expect(person.buttons).toEqual([]);
  });
});
