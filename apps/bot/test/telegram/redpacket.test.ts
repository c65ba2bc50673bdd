import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { changed, rows } from '@mingdan/db';
import { claimRedPacket, decideRedPacket, type Order, redPacketOver, rememberTelegramUser } from '@mingdan/orders';
import { anAttempt, anUnpaidOrder, testVault } from '@mingdan/orders/testing';
import { aWorld, OPERATORS, Person, type World } from './given/world.ts';

let world: World;
beforeAll(async () => {
  world = await aWorld({ offered: ['redpacket', 'alipay'] });
  world.startBot();
});
afterAll(() => world.end());
// Every test has red packets of its own, whatever their codes.
beforeEach(() => changed(world.database.db, 'update redpacket_codes set code_digest = null').then(() => undefined));

const CODE = '恭喜发财8888';

/** Somebody who has pressed the red packet as their way to pay. */
async function aBuyer(): Promise<{ person: Person; order: Order }> {
  const person = new Person(world);
  const { db } = world.database;
  const user = await rememberTelegramUser(db, { telegramId: person.id, language: 'zh-CN' });
  const order = await anUnpaidOrder(db, { userId: user.id });
  await anAttempt(db, order, null, 'redpacket');
  await person.presses(`pay:redpacket:${order.orderNo}`);
  return { person, order };
}
const codes = (order: Order) =>
  rows<{ id: number; state: string }>(
    world.database.db,
    'select id, state from redpacket_codes where order_id = :id order by id',
    {
      id: order.id,
    },
  );

describe('paying by red packet', () => {
  test('asks for the code and takes the next line as it', async () => {
    const { person, order } = await aBuyer();
    expect(person.last).toContain('19.90 CNY 的口令红包');
    await person.types(CODE);
    expect(person.last).toContain('口令已收到');
    expect(await codes(order)).toMatchObject([{ state: 'waiting' }]);
    const told = world.count(
      `select count(*) as count from outbox where chat_id = ${OPERATORS} and order_id = :id and dedupe_key like 'alarm:redpacket:%'`,
      { id: order.id },
    );
    expect(await told).toBe(1);
    await person.types('谢谢');
    expect(await codes(order)).toHaveLength(1);
    await person.presses(`pay:redpacket:${order.orderNo}`);
    expect(person.last).toContain('口令已收到');
  });

  test('asks again after what is no code, and /orders ends the question', async () => {
    const { person, order } = await aBuyer();
    await person.types('abc');
    expect(person.last).toContain('不像红包口令');
    await person.types('/orders');
    await person.types(CODE);
    expect(await codes(order)).toEqual([]);
    await person.presses(`pay:redpacket:${order.orderNo}`);
    await person.types(CODE);
    expect(await codes(order)).toHaveLength(1);
  });

  test('of a rejected code says why and takes another one', async () => {
    const { person, order } = await aBuyer();
    await person.types(CODE);
    const { db } = world.database;
    const [{ id } = { id: 0 }] = await codes(order);
    await claimRedPacket(db, testVault, { id, operator: 'anna' });
    await decideRedPacket(db, { id, operator: 'anna', reason: '已被领完' });
    await redPacketOver(db, order.id, 15);
    await person.presses(`pay:redpacket:${order.orderNo}`);
    await person.types(CODE);
    expect(person.last).toContain('已被领完');
    await person.types('第二个口令');
    expect(person.last).toContain('口令已收到');
    expect(await codes(order)).toMatchObject([{ state: 'rejected' }, { state: 'waiting' }]);
  });

  test('of an order that is over says so', async () => {
    const { person, order } = await aBuyer();
    await changed(world.database.db, `update orders set status = 'expired' where id = :id`, { id: order.id });
    await person.types(CODE);
    expect(person.last).toContain('不能付款');
    expect(await codes(order)).toEqual([]);
  });

  test('keeps the code out of the log', () => {
    expect(world.log.join('')).not.toContain('8888');
  });
});
