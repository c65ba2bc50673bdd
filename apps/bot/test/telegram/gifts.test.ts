import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { changed, row } from '@mingdan/db';
import { newGiftToken, openGift, ordersOfUser, rememberTelegramUser, type User } from '@mingdan/orders';
import { testVault } from '@mingdan/orders/testing';
import { aWorld, Person, type World } from './given/world.ts';

let world: World;
beforeAll(async () => {
  world = await aWorld({ offered: ['pingpong'] });
  world.startBot();
});
afterAll(() => world.end());

const db = () => world.database.db;
const BIRTH = '张三 男 1990-05-15 14:30 北京';
const userOf = (person: Person): Promise<User> =>
  rememberTelegramUser(db(), { telegramId: person.id, language: 'zh-CN' });
const ordersOf = async (person: Person) => ordersOfUser(db(), (await userOf(person)).id, 10);
const usesOf = (code: string) => row(db(), 'select uses from coupons where code = :code', { code });
const addCoupon = (code: string, more = '') =>
  changed(db(), `insert into coupons (code, percent${more && ', product_slugs'}) values (:code, 20${more})`, { code });

/** An ordered gift with its link, as the worker leaves it. */
async function aGiftOf(slug: string): Promise<{ giver: Person; token: string; orderNo: string }> {
  const giver = new Person(world);
  await giver.presses(`buy:${slug}`);
  await giver.presses(giver.button('gift:'));
  await giver.presses(giver.button('confirm:'));
  const [order] = await ordersOf(giver);
  if (!order) throw new Error('no order');
  const given = newGiftToken(testVault);
  await openGift(db(), order, given);
  return { giver, token: given.token, orderNo: order.orderNo };
}

describe('"I have a code"', () => {
  test('shows the price with the discount, counts no use before the order, and one with it', async () => {
    await addCoupon('SAVE20');
    const person = new Person(world);
    await person.presses('buy:member-month');
    const first = person.button('confirm:');
    await person.presses(person.button('coupon:'));
    await person.types(' save20 ');
    expect(person.last).toContain('23.20 CNY（原价 29.00 CNY，优惠码 SAVE20）');
    expect(person.buttons.some((data) => data.startsWith('coupon:'))).toBe(false);
    expect(await usesOf('SAVE20')).toEqual({ uses: 0 });
    const second = person.button('confirm:');
    await person.presses(first);
    expect(person.last).toContain('作废');
    await person.presses(second);
    expect(await ordersOf(person)).toMatchObject([{ amount: { minor: 2320 }, discountMinor: 580 }]);
    expect(await usesOf('SAVE20')).toEqual({ uses: 1 });
  });

  test('on the card of a report keeps the birth, and stays when the birth is changed', async () => {
    await addCoupon('READ20');
    const person = new Person(world);
    await person.presses('buy:bazi-basic');
    await person.types(BIRTH);
    await person.presses(person.button('coupon:'));
    await person.types('READ20');
    expect(person.last).toContain('张三');
    expect(person.last).toContain('优惠码 READ20');
    await person.types('李四 女 1991-06-16 10:00 上海');
    expect(person.last).toContain('李四');
    expect(person.last).toContain('优惠码 READ20');
    await person.presses(person.button('confirm:'));
    expect((await ordersOf(person))[0]?.discountMinor).toBeGreaterThan(0);
  });

  test.each(['NOSUCHCODE', 'not a code at all', 'ONLYYEAR'])(
    '%s: one friendly line, and the card goes on',
    async (code) => {
      await addCoupon('ONLYYEAR', `, array['bazi-year']`).catch(() => 0);
      const person = new Person(world);
      await person.presses('buy:coins-1');
      await person.presses(person.button('coupon:'));
      await person.types(code);
      expect(person.last).toContain('优惠码不能用在这里');
      expect(person.last).not.toContain('\n');
      await person.presses(person.button('nocoupon:'));
      await person.presses(person.button('confirm:'));
      expect(await ordersOf(person)).toMatchObject([{ amount: { minor: 990 }, discountMinor: 0 }]);
    },
  );

  test('that ends between the card and its order is said, and nothing is ordered', async () => {
    await addCoupon('ENDING');
    const person = new Person(world, 'en');
    await person.presses('buy:coins-1');
    await person.presses(person.button('coupon:'));
    await person.types('ENDING');
    expect(person.last).toContain('with code ENDING');
    const confirm = person.button('confirm:');
    await changed(db(), `update coupons set active = false where code = 'ENDING'`);
    await person.presses(confirm);
    expect(person.last).toContain('does not work here');
    expect(await ordersOf(person)).toEqual([]);
  });
});

describe('"as a gift"', () => {
  test('of a report asks for no birth, and its order is marked', async () => {
    const { giver } = await aGiftOf('bazi-full');
    expect(await ordersOf(giver)).toMatchObject([{ gift: true, kind: 'report', productSlug: 'bazi-full' }]);
    expect(giver.heard.map(({ payload }) => payload.text ?? '').join('\n')).toContain('谁先打开就归谁');
  });

  test('is offered on a finished card, too, and not for what is free or is no report or membership', async () => {
    const person = new Person(world);
    await person.presses('buy:bazi-basic');
    await person.types(BIRTH);
    await person.presses(person.button('gift:'));
    expect(person.last).not.toContain('张三');
    await person.presses('buy:tarot-free');
    expect(person.buttons.some((data) => data.startsWith('gift:'))).toBe(false);
    await person.presses('buy:coins-1');
    expect(person.buttons.some((data) => data.startsWith('gift:'))).toBe(false);
  });
});

describe('/start gift_<token>', () => {
  test('of a report asks for the birth, and orders it for nothing, once', async () => {
    const { giver, token } = await aGiftOf('bazi-basic');
    const person = new Person(world);
    await person.types(`/start gift_${token}`);
    expect(person.last).toContain('收到礼物');
    await person.types(BIRTH);
    expect(person.last).toContain('礼物，不用付款');
    const confirm = person.button('confirm:');
    await person.presses(confirm);
    await person.presses(confirm);
    const orders = await ordersOf(person);
    expect(orders).toMatchObject([{ status: 'paid', amount: { minor: 0 }, gift: false }]);
    expect(orders[0]?.claimsGift).not.toBeNull();
    await person.types(`/start gift_${token}`);
    expect(person.last).toContain('已经用来下单');
    const told = await row(db(), `select 1 from outbox where dedupe_key like 'gift-claimed:%' and chat_id = :chat`, {
      chat: giver.id,
    });
    expect(told).toBeDefined();
  });

  test('of a membership begins it at once', async () => {
    const { token } = await aGiftOf('member-month');
    const person = new Person(world, 'en');
    await person.types(`/start gift_${token}`);
    expect(person.last).toContain('You have been given a membership');
    await person.types('/member');
    expect(person.last).toContain('You are a member until');
  });

  test('says in one line what is wrong: a wrong link, somebody else’s, one’s own, one that was taken back', async () => {
    const { giver, token, orderNo } = await aGiftOf('bazi-basic');
    const [first, late] = [new Person(world), new Person(world)];
    for (const wrong of [
      `/start gift_${newGiftToken(testVault).token}`,
      '/start gift_',
      '/start gift_x y',
      '/start gift_💥',
    ]) {
      await late.types(wrong);
      expect(late.last).toContain('礼物链接不对');
      expect(late.last).not.toContain('\n');
    }
    await giver.types(`/start gift_${token}`);
    expect(giver.last).toContain('不能自己领');
    await first.types(`/start gift_${token}`);
    await late.types(`/start gift_${token}`);
    expect(late.last).toBe('这份礼物已经被别人领走了。');
    await changed(
      db(),
      'update gifts set revoked_at = now() where order_id = (select id from orders where order_no = :orderNo)',
      {
        orderNo,
      },
    );
    await late.types(`/start gift_${token}`);
    expect(late.last).toBe('这份礼物已经被收回。');
  });

  test('a link that was lost is replaced by a new one, and the old one ends', async () => {
    const { giver, token, orderNo } = await aGiftOf('bazi-basic');
    await giver.presses(`order:${orderNo}`);
    await giver.presses(giver.button('giftlink:'));
    const link = /https:\/\/t\.me\/mingdan_bot\?start=(gift_[\w-]{43})/.exec(giver.last)?.[1];
    const person = new Person(world);
    await person.types(`/start gift_${token}`);
    expect(person.last).toContain('礼物链接不对');
    await person.types(`/start ${link}`);
    expect(person.last).toContain('收到礼物');
    await giver.presses(`giftlink:${orderNo}`);
    expect(giver.last).toContain('不能再换链接');
  });
});
