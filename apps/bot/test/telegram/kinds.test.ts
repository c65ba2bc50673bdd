import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  activateMembership,
  addCodes,
  grantCoins,
  ordersOfUser,
  rememberTelegramUser,
  setStock,
  type User,
} from '@mingdan/orders';
import { aPaidOrder, testVault } from '@mingdan/orders/testing';
import { aWorld, Person, type World } from './given/world.ts';

let world: World;
beforeAll(async () => {
  world = await aWorld({ offered: ['pingpong'] });
  world.startBot();
});
afterAll(() => world.end());

const db = () => world.database.db;
const userOf = (person: Person): Promise<User> =>
  rememberTelegramUser(db(), { telegramId: person.id, language: 'zh-CN' });
const ordersOf = async (person: Person) => ordersOfUser(db(), (await userOf(person)).id, 10);
const grantMembership = async (person: Person) =>
  activateMembership(db(), {
    userId: (await userOf(person)).id,
    productSlug: 'member-month',
    months: 1,
    cause: `grant:${Math.random()}`,
    orderId: null,
    actor: 'test',
  });

describe('the menu', () => {
  test('has a button for everything that is sold, by kind, and leaves out what is sold out', async () => {
    const person = new Person(world);
    await person.types('/start');
    expect(person.buttons).toEqual([
      ...['buy:bazi-basic', 'buy:bazi-full', 'buy:bazi-year', 'buy:tarot-free'],
      ...['buy:member-month', 'buy:member-quarter', 'buy:member-year'],
      'buy:consult',
      ...['buy:coins-1', 'buy:coins-2', 'buy:coins-3', 'buy:coins-4'],
    ]);
    for (const head of ['📜 报告', '👑 会员', '🎁 商品', '🪙 金币']) expect(person.last).toContain(head);
  });

  test('a birth typed first asks for a report alone', async () => {
    const person = new Person(world);
    await person.types('张三 男 1990-05-15 14:30 北京');
    expect(person.buttons).toEqual(['buy:bazi-basic', 'buy:bazi-full', 'buy:bazi-year', 'buy:tarot-free']);
  });
});

describe('buying without questions', () => {
  test.each([
    ['coins-2', '310 金币', 'COIN_'],
    ['member-month', '马上开通', 'MEMBER_'],
    ['consult', '客服人工交付', 'GOODS_'],
  ])('%s: a card at once, and its order by one press', async (slug, says, prefix) => {
    const person = new Person(world);
    await person.presses(`buy:${slug}`);
    expect(person.last).toContain(says);
    expect(person.last).toContain('退款：');
    expect(person.buttons.map((data) => data.split(':')[0]).slice(0, 3)).toEqual(['confirm', 'cancel', 'coupon']);
    const confirm = person.button('confirm:');
    await person.presses(confirm);
    await person.presses(confirm);
    const orders = await ordersOf(person);
    expect(orders).toHaveLength(1);
    expect(orders[0]).toMatchObject({ status: 'pending_payment', productSlug: slug });
    expect(orders[0]?.orderNo.startsWith(prefix)).toBe(true);
  });

  test('what was typed for a report is still there after a look at something else', async () => {
    const person = new Person(world);
    await person.presses('buy:bazi-basic');
    await person.types('张三');
    await person.presses('buy:coins-1');
    await person.types('男 1990-05-15 14:30 北京');
    expect(person.last).toContain('张三');
    expect(person.last).toContain('庚午');
  });

  test('the last piece is sold once; whoever comes too late is told before paying', async () => {
    await addCodes(db(), testVault, { slug: 'gift-card', codes: ['ONLY-1'], actor: 'test' });
    const [first, second] = [new Person(world), new Person(world)];
    await first.presses('buy:gift-card');
    await second.presses('buy:gift-card');
    expect(first.last).toContain('兑换码');
    await first.presses(first.button('confirm:'));
    await second.presses(second.button('confirm:'));
    expect(second.last).toContain('卖完了');
    expect(await ordersOf(second)).toEqual([]);
    const third = new Person(world);
    await third.presses('buy:gift-card');
    expect(third.last).toContain('卖完了');
    expect(third.buttons).not.toContain('buy:gift-card');
  });

  test('goods that ran out while they were counted by hand are left out, too', async () => {
    await setStock(db(), { slug: 'consult', stock: 0, actor: 'test' });
    const person = new Person(world);
    await person.types('/start');
    expect(person.buttons).not.toContain('buy:consult');
    await setStock(db(), { slug: 'consult', stock: null, actor: 'test' });
  });
});

describe('/coins and /member', () => {
  test('/coins tells the balance and what moved it, and sells more', async () => {
    const person = new Person(world);
    await person.types('/coins');
    expect(person.last).toContain('余额：0 金币');
    await grantCoins(db(), { userId: (await userOf(person)).id, amount: 120, reason: 'sorry', actor: 'anna' });
    await person.presses('coins');
    expect(person.last).toContain('余额：120 金币');
    expect(person.last).toContain('+120（余 120）  客服赠送');
    expect(person.last).not.toContain('sorry');
    expect(person.buttons).toEqual(['buy:coins-1', 'buy:coins-2', 'buy:coins-3', 'buy:coins-4']);
  });

  test('/member tells until when, and what it gives', async () => {
    const person = new Person(world, 'en');
    await person.types('/member');
    expect(person.last).toContain('not a member yet');
    await grantMembership(person);
    await person.types('/member');
    expect(person.last).toMatch(/You are a member until \d{4}-\d{2}-\d{2}/);
    expect(person.buttons).toEqual(['buy:member-month', 'buy:member-quarter', 'buy:member-year']);
    await person.presses('buy:member-year');
    expect(person.last).toContain('added behind it');
  });

  test('members see their prices, and have one reading free each month', async () => {
    const person = new Person(world);
    await person.types('/start');
    await grantMembership(person);
    await person.types('/start');
    expect(person.last).toContain('会员价 79.20 CNY');
    expect(person.last).toContain('会员本月免费');
    await person.presses('buy:bazi-basic');
    await person.types('张三 男 1990-05-15 14:30 北京');
    await person.presses(person.button('confirm:'));
    expect((await ordersOf(person))[0]).toMatchObject({ status: 'paid', amount: { minor: 0 } });
    await person.types('/start');
    expect(person.last).not.toContain('会员本月免费');
    await person.presses('buy:bazi-full');
    await person.types('张三 男 1990-05-15 14:30 北京');
    await person.presses(person.button('confirm:'));
    expect((await ordersOf(person))[0]).toMatchObject({ amount: { minor: 7920 } });
  });
});

describe('a refund of coins', () => {
  test('that are partly spent is offered for the rest, and made when the buyer agrees', async () => {
    const person = new Person(world);
    const order = await aPaidOrder(db(), { slug: 'coins-1', userId: (await userOf(person)).id });
    const asked: (boolean | undefined)[] = [];
    const before = world.acts.askForRefund;
    world.acts.askForRefund = async (_deps, { offersPart }) => {
      asked.push(offersPart);
      const amount = { minor: 594, currency: 'CNY' } as const;
      const coins = { left: 100, unspent: 60, held: 0 };
      return { outcome: offersPart ? 'part_offered' : 'requested', amount, coins };
    };
    await person.presses(`why:changed_mind:${order.orderNo}`);
    expect(person.last).toContain('60 个没有用掉');
    expect(person.last).toContain('5.94 CNY');
    expect(person.buttons).toEqual([`refundpart:${order.orderNo}`]);
    await person.presses(`refundpart:${order.orderNo}`);
    expect(person.last).toContain('退款已提交');
    expect(asked).toEqual([true, undefined]);
    world.acts.askForRefund = before;
  });
});
