import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openInput, ordersOfUser, rememberTelegramUser } from '@mingdan/orders';
import { testVault } from '@mingdan/orders/testing';
import { aWorld, Person, type World } from './given/world.ts';

let world: World;
beforeAll(async () => {
  world = await aWorld();
  world.startBot();
});
afterAll(() => world.end());

const LINE = '张三 男 1990-05-15 14:30 北京';

async function ordersOf(person: Person) {
  const user = await rememberTelegramUser(world.database.db, { telegramId: person.id, language: 'zh-CN' });
  return ordersOfUser(world.database.db, user.id, 10);
}

async function aCard(line = LINE, slug = 'bazi-basic'): Promise<Person> {
  const person = new Person(world);
  await person.types(`/start buy_${slug}`);
  await person.types(line);
  return person;
}

describe('the menu', () => {
  test('/start greets and has a button for each report in the catalogue first', async () => {
    const person = new Person(world);
    await person.types('/start');
    expect(person.buttons.slice(0, 4)).toEqual(['buy:bazi-basic', 'buy:bazi-full', 'buy:bazi-year', 'buy:tarot-free']);
    expect(person.last).toContain('19.90 CNY');
  });

  test('a deep link begins with its product and remembers the promoter once', async () => {
    const person = new Person(world);
    await person.types('/start buy_bazi-full_ref_anna-1');
    expect(person.last).toContain('八字详批');
    await person.types('/start ref_somebody-else');
    const found = await world.count(
      `select count(*) as count from users u join promoters p on p.id = u.promoter_id where u.telegram_id = :id and p.code = 'anna-1'`,
      { id: person.id },
    );
    expect(found).toBe(1);
  });

  test('a product that is not there is said so, with what there is', async () => {
    const person = new Person(world);
    await person.presses('buy:no-such-thing');
    expect(person.last).toContain('没有找到这个商品');
    expect(person.button('buy:')).toBe('buy:bazi-basic');
  });
});

describe('the birth', () => {
  test('one line right after the product is enough for the card with the chart', async () => {
    const person = await aCard();
    expect(person.last).toContain('庚午');
    expect(person.last).toContain('张三');
    expect(person.last).toContain('真太阳时');
    expect(person.last).toContain('大运');
    expect(person.buttons.map((data) => data.split(':')[0])).toEqual(['confirm', 'edit', 'cancel', 'coupon', 'gift']);
  });

  test('one line before any product is kept, and only the product is asked for', async () => {
    const person = new Person(world);
    await person.types('/start');
    await person.types('李四 女 农历1990年闰五月初三 时辰不详 上海');
    expect(person.buttons).toContain('buy:bazi-basic');
    await person.presses('buy:bazi-basic');
    expect(person.last).toContain('李四');
    expect(person.last).toContain('1990-06-25');
    expect(person.last).toContain('三柱');
  });

  test('question by question, with buttons and typed answers', async () => {
    const person = new Person(world);
    await person.presses('buy:bazi-basic');
    await person.types('王五');
    await person.presses(person.button('set:').replace(/\w+$/, 'female'));
    await person.presses(person.buttons.find((data) => data.endsWith('solar')) ?? '');
    await person.types('1988年8月8日');
    await person.presses(person.buttons.find((data) => data.endsWith('unknown')) ?? '');
    await person.types('成都');
    expect(person.last).toContain('王五');
    expect(person.last).toContain('1988-08-08');
    expect(person.last).toContain('成都');
  });

  test('the leap month is asked only where that year has it', async () => {
    const person = await aCard('李四 女 农历1990年五月初三 10:00 上海');
    expect(person.last).toContain('闰五月');
    await person.presses(person.buttons.find((data) => data.endsWith(':yes')) ?? '');
    expect(person.last).toContain('1990-06-25');
    const other = await aCard('李四 女 农历1990年六月初三 10:00 上海');
    expect(other.last).toContain('请核对');
  });

  test.each([
    ['31 February', '张三 男 1990-02-31 14:30 北京', '1990-05-15', '日历上没有这一天'],
    ['the future', '张三 男 2190-02-03 14:30 北京', '1990-05-15', '还没到'],
    ['before 1900', '张三 男 1890-02-03 14:30 北京', '1990-05-15', '1900'],
    ['a leap month that was not', '张三 男 农历1991年闰五月初三 14:30 北京', '农历1991年五月初三', '没有这个闰月'],
    ['an hour that was skipped by summer time', '张三 男 1986-05-04 02:30 北京', '03:30', '夏令时'],
    ['an unknown place', '张三 男 1990-05-15 14:30 呀呀呀村', '北京', '没找到这个地方'],
    ['a time that is none', '张三 男 1990-05-15 25:30 北京', '14:30', '没有这个时间'],
  ])('%s is refused in one line, and nothing else is lost', async (_name, line, right, refusal) => {
    const person = await aCard(line);
    expect(person.last).toContain(refusal);
    await person.types(right);
    expect(person.last).toContain('请核对');
    expect(person.last).toContain('张三');
    expect(person.last).toContain('北京');
  });

  test.each([
    ['zh-hant', '張三 男 民國79年5月15日 下午2點半 台北', '國曆：1990-05-15 14:30'],
    ['en', 'John male May 15 1990 2:30pm Beijing', 'Solar date: 1990-05-15 14:30'],
    ['zh', '出生地：成都 性别：女 姓名：李雷 生日：1990/5/15 时间：下午两点半', '公历：1990-05-15 14:30'],
  ])('a line is understood as people of %s write it', async (languageCode, line, understood) => {
    const person = new Person(world, languageCode);
    await person.presses('buy:bazi-basic');
    await person.types(line);
    expect(person.last).toContain(understood);
    expect(person.button('confirm:')).toBeDefined();
  });

  test.each(['lunar calendar 1990-05-03', 'chinese calendar 1990-05-03', 'leap lunar 1990-05-03'])(
    '%s at the calendar question is a lunar date',
    async (typed) => {
      const person = new Person(world, 'en');
      await person.presses('buy:bazi-basic');
      await person.types('Alice');
      await person.types('female');
      await person.types(typed);
      if (!typed.includes('leap')) await person.types('yes');
      await person.types('14.30');
      await person.types('Shanghai');
      expect(person.last).toContain('Name: Alice');
      expect(person.last).toContain('Lunar date: 1990, leap 5th month, day 3');
    },
  );

  test('a card in English is in English', async () => {
    const person = new Person(world, 'en');
    await person.presses('buy:bazi-basic');
    await person.types('John male 1990-05-15 14h30 Beijing');
    expect(person.last).toContain('Lunar date: 1990, 4th month, day 21');
    expect(person.last).toContain('Place: Beijing (');
  });

  test('a city that was pressed is named in English too', async () => {
    const person = new Person(world, 'en');
    await person.presses('buy:bazi-basic');
    await person.types('John male 1990-05-15 14h30');
    await person.presses(person.buttons.find((data) => data.endsWith(':西安')) ?? '');
    expect(person.last).toContain("Place: Xi'an (");
  });

  test('a date that may be read two ways never becomes the name', async () => {
    const person = new Person(world, 'en');
    await person.presses('buy:bazi-basic');
    await person.types('Alice');
    await person.types('female');
    await person.types('05/06/1990');
    await person.types('western 1990-06-05');
    await person.types('14:30');
    await person.types('Shanghai');
    expect(person.last).toContain('Name: Alice');
    expect(person.last).toContain('1990-06-05 14:30');
  });

  test('a wrong date before a product is not said to be received, and a bare date corrects it', async () => {
    const person = new Person(world);
    await person.types('张三 男 1990-02-31 14:30 北京');
    expect(person.last).toContain('日历上没有这一天');
    expect(person.last).not.toContain('收到');
    await person.types('1990-05-15');
    expect(person.last).toContain('收到');
    await person.presses('buy:bazi-basic');
    expect(person.last).toContain('张三');
    expect(person.last).toContain('1990-05-15 14:30');
  });

  test('a flood of words costs no time', async () => {
    const person = new Person(world);
    await person.presses('buy:bazi-basic');
    const before = performance.now();
    await person.types('女 '.repeat(2000));
    expect(performance.now() - before).toBeLessThan(1_000);
    expect(person.last).toContain('太长');
  });

  test('a date where the name was asked is a date, and the name is asked again', async () => {
    const person = new Person(world);
    await person.presses('buy:bazi-basic');
    await person.types('1990-05-15');
    expect(person.last).toContain('怎么称呼');
    await person.types('张三 男 14:30 北京');
    expect(person.last).toContain('1990-05-15 14:30');
  });

  test('a date at another question corrects the date', async () => {
    const person = await aCard('张三 男 1990-05-15');
    await person.types('1991-06-16');
    await person.types('14:30 北京');
    expect(person.last).toContain('1991-06-16 14:30');
  });

  test('suggestions are offered for a place that is held by several', async () => {
    const person = await aCard('张三 男 1990-05-15 14:30');
    await person.types('朝阳区');
    expect(person.last).toContain('是不是下面');
    await person.presses(person.button('set:'));
    expect(person.last).toContain('朝阳区');
  });

  test('a birth near the edge of an hour shows both candidates', async () => {
    const person = await aCard('张三 男 1990-05-15 16:11 北京');
    expect(person.last).toContain('⚠️');
    expect(person.last).toContain('3 分钟');
  });

  test('a product without birth data goes straight to its card and takes a question', async () => {
    const person = new Person(world);
    await person.presses('buy:tarot-free');
    expect(person.last).toContain('免费');
    await person.types('今天适合出门吗');
    expect(person.last).toContain('今天适合出门吗');
    await person.presses(person.button('confirm:'));
    const [order] = await ordersOf(person);
    expect(order?.status).toBe('paid');
    expect(order && openInput(testVault, order)).toEqual({ question: '今天适合出门吗' });
  });

  test('a restart in the middle forgets nothing', async () => {
    const person = new Person(world);
    await person.presses('buy:bazi-basic');
    await person.types('赵六');
    await world.stopBot();
    world.startBot();
    await person.types('男');
    await person.types('农历');
    await person.types('1990-05-03');
    expect(person.last).toContain('闰五月');
    await person.types('不是');
    await person.types('早上八点');
    await person.types('跳过');
    expect(person.last).toContain('赵六');
    expect(person.last).toContain('1990-05-26');
  });

  test('two people at once keep apart', async () => {
    const [one, two] = [new Person(world), new Person(world)];
    const updates = [
      one.taps('buy:bazi-basic'),
      two.taps('buy:bazi-full'),
      one.sends(LINE),
      two.sends('钱七 女 1985-01-02 06:00 广州'),
    ];
    for (const update of updates) await world.handled(update);
    expect(one.last).toContain('张三');
    expect(two.last).toContain('钱七');
    expect(two.last).toContain('99.00 CNY');
  });
});

describe('the card', () => {
  test('confirming makes one order with the birth sealed in it, and sends the payment button', async () => {
    const person = await aCard();
    await person.presses(person.button('confirm:'));
    const [order, ...others] = await ordersOf(person);
    expect(others).toEqual([]);
    expect(order).toMatchObject({ status: 'pending_payment', amount: { minor: 1990, currency: 'CNY' } });
    expect(order && openInput(testVault, order)).toMatchObject({
      name: '张三',
      gender: 'male',
      date: '1990-05-15',
      time: '14:30',
      longitude: expect.any(Number),
    });
    expect(
      await world.count(`select count(*) as count from outbox where dedupe_key = :key`, {
        key: `pay:${order?.orderNo}:pingpong`,
      }),
    ).toBe(1);
  });

  test('a double tap, and a tap on the old card later, never make a second order or payment message', async () => {
    const person = await aCard();
    const confirm = person.button('confirm:');
    const taps = [person.taps(confirm), person.taps(confirm), person.taps(confirm)];
    for (const tap of taps) await world.handled(tap);
    await world.stopBot();
    world.startBot();
    await person.presses(confirm);
    const orders = await ordersOf(person);
    expect(orders).toHaveLength(1);
    expect(await world.count(`select count(*) as count from outbox where chat_id = :id`, { id: person.id })).toBe(1);
  });

  test('an older card still orders what it shows, beside a newer one', async () => {
    const person = await aCard();
    const older = person.button('confirm:');
    await person.presses('buy:bazi-full');
    const newer = person.button('confirm:');
    await person.types('/start');
    await person.presses(older);
    await person.presses(newer);
    await person.presses(older);
    expect((await ordersOf(person)).map(({ productSlug }) => productSlug)).toEqual(['bazi-full', 'bazi-basic']);
  });

  test('edit changes one thing, keeps the rest, and voids the card before', async () => {
    const person = await aCard();
    const old = person.button('confirm:');
    await person.presses(person.button('edit:'));
    await person.presses(person.buttons.find((data) => data.endsWith(':time')) ?? '');
    await person.types('08:15');
    expect(person.last).toContain('08:15');
    expect(person.last).toContain('张三');
    const confirm = person.button('confirm:');
    await person.presses(old);
    expect(await ordersOf(person)).toEqual([]);
    await person.presses(confirm);
    const [order] = await ordersOf(person);
    expect(order && openInput(testVault, order)).toMatchObject({ time: '08:15' });
  });

  test('cancel makes the card void', async () => {
    const person = await aCard();
    const confirm = person.button('confirm:');
    await person.presses(person.button('cancel:'));
    await person.presses(confirm);
    expect(person.last).toContain('作废');
    expect(await ordersOf(person)).toEqual([]);
  });

  test('a bare date at a card makes a new card, and a question about money is no birth', async () => {
    const person = await aCard();
    await person.types('1991-06-16');
    expect(person.last).toContain('1991-06-16 14:30');
    const confirm = person.button('confirm:');
    await person.types('我2026-11-20付了款，报告呢？');
    expect(person.last).toContain('付款与退款');
    await person.presses(confirm);
    const [order] = await ordersOf(person);
    expect(order && openInput(testVault, order)).toMatchObject({ name: '张三', date: '1991-06-16' });
  });

  test('/cancel in the middle of a change makes the card that is changed void', async () => {
    const person = await aCard();
    const confirm = person.button('confirm:');
    await person.presses(person.button('edit:'));
    await person.types('/cancel');
    await person.presses(confirm);
    expect(person.last).toContain('作废');
    expect(await ordersOf(person)).toEqual([]);
  });

  test("somebody else's card orders nothing", async () => {
    const owner = await aCard();
    const thief = new Person(world);
    await thief.presses(owner.button('confirm:'));
    expect(await ordersOf(thief)).toEqual([]);
    expect(await ordersOf(owner)).toEqual([]);
  });
});
