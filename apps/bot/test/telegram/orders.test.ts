import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { changed } from '@mingdan/db';
import { OperationRefused } from '@mingdan/operations';
import { type Order, rememberTelegramUser } from '@mingdan/orders';
import { anUnpaidOrder, aPaidOrder } from '@mingdan/orders/testing';
import { enqueue } from '@mingdan/outbox';
import { aWorld, OPERATORS, Person, type World } from './given/world.ts';

let world: World;
beforeAll(async () => {
  world = await aWorld({ offered: ['pingpong', 'alipay'] });
  world.startBot();
});
afterAll(() => world.end());

async function aBuyer(make: typeof anUnpaidOrder = anUnpaidOrder): Promise<{ person: Person; order: Order }> {
  const person = new Person(world);
  const user = await rememberTelegramUser(world.database.db, { telegramId: person.id, language: 'zh-CN' });
  return { person, order: await make(world.database.db, { userId: user.id }) };
}

describe('/orders', () => {
  test('somebody without orders is told how to begin', async () => {
    const person = new Person(world);
    await person.types('/orders');
    expect(person.last).toContain('还没有订单');
  });

  test('lists own orders and opens one with what can be done with it', async () => {
    const { person, order } = await aBuyer();
    await person.types('/orders');
    expect(person.buttons).toEqual([`order:${order.orderNo}`]);
    await person.presses(`order:${order.orderNo}`);
    expect(person.last).toContain('19.90 CNY');
    expect(person.buttons).toEqual([
      `pay:pingpong:${order.orderNo}`,
      `pay:alipay:${order.orderNo}`,
      `check:${order.orderNo}`,
      `cancelorder:${order.orderNo}`,
      expect.stringContaining(`/order/${order.orderNo}?t=`),
    ]);
  });

  test('turns to the older ones, to the first', async () => {
    const { person, order } = await aBuyer();
    const made = [order.orderNo];
    for (let count = 0; count < 10; count += 1)
      made.unshift((await anUnpaidOrder(world.database.db, { userId: order.userId ?? 0 })).orderNo);
    await person.types('/orders');
    expect(person.buttons).toEqual([...made.slice(0, 10).map((number) => `order:${number}`), `orders:${made[9]}`]);
    await person.presses(`orders:${made[9]}`);
    expect(person.buttons).toEqual([`order:${order.orderNo}`]);
    const stranger = new Person(world);
    await stranger.presses(`orders:${made[9]}`);
    expect(stranger.last).toContain('没有更早的订单');
  });

  test('/help names what there is, and /gift and /coupon say how it is done', async () => {
    const person = new Person(world);
    await person.types('/help');
    for (const command of ['/login', '/promote', '/gift', '/coupon']) expect(person.last).toContain(command);
    await person.types('/gift');
    expect(person.last).toContain('“🎁 买来送人”');
    await person.types('/coupon');
    expect(person.last).toContain('“我有优惠码”');
  });

  test('an order whose payment is on its way is not offered to be paid once more, or cancelled', async () => {
    const { person, order } = await aBuyer();
    await changed(world.database.db, 'update orders set payment_seen_at = now() where id = :id', { id: order.id });
    await person.presses(`order:${order.orderNo}`);
    expect(person.last).toContain('付款确认中');
    expect(person.buttons.slice(0, -1)).toEqual([`check:${order.orderNo}`]);
    world.asked.length = 0;
    await person.presses(`pay:alipay:${order.orderNo}`);
    expect(person.last).toContain('不用再付');
    expect(world.asked).toEqual([]);
  });

  test('an order whose money waits for a decision says so, and asks for no other payment', async () => {
    const { person, order } = await aBuyer();
    await changed(
      world.database.db,
      `insert into held_payments (provider, gateway_order_id, payment_key, order_id, amount_minor, currency, verdict)
        values ('pingpong', :orderNo, :orderNo, :id, 995, 'CNY', 'amount_mismatch')`,
      { id: order.id, orderNo: order.orderNo },
    );
    await person.presses(`order:${order.orderNo}`);
    expect(person.last).toContain('请先不要再付');
    expect(person.buttons.filter((data) => data.startsWith('pay:'))).toEqual([]);
  });

  test('an order of somebody else is not shown, paid, checked, cancelled or refunded', async () => {
    const { order } = await aBuyer();
    const stranger = new Person(world);
    world.asked.length = 0;
    for (const data of ['order', 'resend', 'check', 'refund', 'cancelorder', 'pay:pingpong']) {
      await stranger.presses(`${data}:${order.orderNo}`);
      expect(stranger.last).toContain('不是你的');
    }
    expect(world.asked).toEqual([]);
  });

  test('cancelling and sending again go to the operations, and the outcome is said', async () => {
    const { person, order } = await aBuyer();
    await person.presses(`cancelorder:${order.orderNo}`);
    expect(person.last).toContain('已取消');
    await person.presses(`resend:${order.orderNo}`);
    expect(person.last).toContain('重发');
    expect(world.asked).toEqual(
      expect.arrayContaining([{ act: 'resendReport', orderNo: order.orderNo, detail: undefined }]),
    );
  });
});

describe('paying', () => {
  const requests = (order: Order) =>
    world.count(`select count(*) as count from outbox where dedupe_key like :key`, { key: `pay:${order.orderNo}:%` });

  test('each way to pay has one message, however often it is pressed', async () => {
    const { person, order } = await aBuyer();
    const taps = [person.taps(`pay:pingpong:${order.orderNo}`), person.taps(`pay:pingpong:${order.orderNo}`)];
    for (const tap of taps) await world.handled(tap);
    expect(await requests(order)).toBe(1);
    await person.presses(`pay:alipay:${order.orderNo}`);
    expect(await requests(order)).toBe(2);
  });

  test('a press after the message was sent points to it and gives the address as text', async () => {
    const { person, order } = await aBuyer();
    await person.presses(`pay:pingpong:${order.orderNo}`);
    await changed(world.database.db, `update outbox set status = 'sent', sent_message_id = 77 where chat_id = :id`, {
      id: person.id,
    });
    await person.presses(`pay:pingpong:${order.orderNo}`);
    expect(person.last).toContain(`https://pay.example.com/${order.orderNo}`);
    expect(person.heard.at(-1)?.payload.reply_parameters).toMatchObject({ message_id: 77 });
  });

  test('a gateway that does not answer is said truly, with a button to try again', async () => {
    const { person, order } = await aBuyer();
    const { startPayment } = world.acts;
    world.acts = {
      ...world.acts,
      startPayment: () => Promise.reject(new OperationRefused('gateway_timeout', 'no answer')),
    };
    await person.presses(`pay:pingpong:${order.orderNo}`);
    world.acts = { ...world.acts, startPayment };
    expect(person.last).toContain('还没有产生付款');
    expect(person.buttons).toEqual([`pay:pingpong:${order.orderNo}`, `pay:alipay:${order.orderNo}`]);
    await person.presses(person.button('pay:pingpong'));
    expect(await requests(order)).toBe(1);
  });

  test('an order that is paid meanwhile gets no payment button', async () => {
    const { person, order } = await aBuyer(aPaidOrder);
    await person.presses(`pay:pingpong:${order.orderNo}`);
    expect(await requests(order)).toBe(0);
  });
});

describe('check and refund', () => {
  test('the gateway is asked once in a while, not with every press', async () => {
    const { person, order } = await aBuyer();
    world.asked.length = 0;
    await person.presses(`check:${order.orderNo}`);
    expect(person.last).toContain('还没有收到这笔付款');
    await person.presses(`check:${order.orderNo}`);
    expect(world.asked).toHaveLength(1);
    expect(world.api.calls.findLast(({ method }) => method === 'answerCallbackQuery')?.payload.text).toContain(
      '秒后再查',
    );
  });

  test('a refund asks why and takes a typed reason; that it is on its way is said by the message about it, once', async () => {
    const { person, order } = await aBuyer(aPaidOrder);
    await person.presses(`refund:${order.orderNo}`);
    await person.types('等了太久');
    expect(world.asked.at(-1)).toEqual({ act: 'askForRefund', orderNo: order.orderNo, detail: '等了太久' });
    expect(person.last).not.toContain('退款已提交');
    await person.types('等了太久');
    expect(person.last).toContain('没看懂');
  });

  test('a line typed after something else was pressed is no reason for a refund', async () => {
    const { person, order } = await aBuyer(aPaidOrder);
    await person.presses(`refund:${order.orderNo}`);
    await person.presses(`order:${order.orderNo}`);
    world.asked.length = 0;
    await person.types('谢谢');
    expect(world.asked).toEqual([]);
  });

  test('a reason can be pressed', async () => {
    const { person, order } = await aBuyer(aPaidOrder);
    await person.presses(`refund:${order.orderNo}`);
    await person.presses(person.button('why:changed_mind'));
    expect(world.asked.at(-1)).toMatchObject({ act: 'askForRefund', detail: '不想要了' });
  });
});

describe('the rest of the chat', () => {
  test('every press is answered, a foreign one too', async () => {
    const person = new Person(world);
    const before = world.api.calls.filter(({ method }) => method === 'answerCallbackQuery').length;
    await person.presses('something:old');
    expect(world.api.calls.filter(({ method }) => method === 'answerCallbackQuery')).toHaveLength(before + 1);
  });

  test('the language follows the client at first and the choice afterwards', async () => {
    const person = new Person(world, 'en');
    await person.types('/start');
    expect(person.last).toContain('Which one would you like');
    await person.types('/language');
    await person.presses('language:zh-TW');
    expect(person.last).toContain('繁體中文');
    await person.types('/help');
    expect(person.last).toContain('農曆');
  });

  test('an order number opens the order, for its buyer only', async () => {
    const { person, order } = await aBuyer();
    await person.types(order.orderNo);
    expect(person.last).toContain('19.90 CNY');
    const stranger = new Person(world);
    await stranger.types(`退款 ${order.orderNo}`);
    expect(stranger.last).toContain('不是你的');
    await stranger.types('REPORT_20261121_BM0CWSD9');
    expect(stranger.last).toContain('不是你的');
  });

  test.each(['我2026-11-20付了款，报告呢？', '退款', 'where is my report', 'I want a refund 2026-11-20'])(
    '%s is no birth: payments and refunds are explained',
    async (typed) => {
      const person = new Person(world);
      await person.types(typed);
      expect(person.last).toContain('付款与退款');
      expect(person.buttons).toEqual(['orders']);
    },
  );

  test.each(['张三 1990-05-15', '1990-05-15'])('%s out of the blue is no birth yet', async (typed) => {
    const person = new Person(world);
    await person.types(typed);
    expect(person.last).toContain('没看懂');
  });

  test('text that means nothing gets a friendly hint', async () => {
    const person = new Person(world);
    await person.types('今天天气不错');
    expect(person.last).toContain('/start');
  });

  test('staff get at most five messages of one person in ten minutes', async () => {
    const person = new Person(world);
    const { db } = world.database;
    const reached = () =>
      world.count(
        `select count(*) as count from support_messages s join users u on u.id = s.user_id where u.telegram_id = :id`,
        { id: person.id },
      );
    for (let message = 1; message <= 5; message += 1) await person.types(`/support 第${message}句`);
    expect(person.last).toContain('已转给客服');
    await person.types('/support 再来一句');
    expect(person.last).toContain('过一会儿再发');
    expect(await reached()).toBe(5);
    const userId = `(select id from users where telegram_id = :id)`;
    await changed(
      db,
      `update support_messages set created_at = now() - interval '11 minutes' where user_id = ${userId}`,
      { id: person.id },
    );
    await person.types('/support 再来一句');
    expect(person.last).toContain('已转给客服');
    await changed(db, `delete from support_messages where user_id = ${userId}`, { id: person.id });
    await changed(db, `delete from outbox where chat_id = :id`, { id: OPERATORS });
  });

  test('a question reaches the operators once, and their reply comes back', async () => {
    const person = new Person(world);
    await person.types('/support 我的报告在哪里');
    expect(person.last).toContain('已转给客服');
    const { db } = world.database;
    const asked = { id: OPERATORS };
    expect(await world.count('select count(*) as count from outbox where chat_id = :id', asked)).toBe(1);
    await changed(db, `update outbox set status = 'sent', sent_message_id = 500 where chat_id = :id`, asked);
    const reply = {
      message_id: 501,
      date: 0,
      chat: { id: OPERATORS, type: 'supergroup' },
      from: { id: 5, is_bot: false, first_name: 'op' },
      text: '马上就好',
    };
    const update = world.api.push({
      message: { ...reply, reply_to_message: { message_id: 500, date: 0, chat: reply.chat } },
    });
    await world.handled(update);
    expect(
      await world.count(
        `select count(*) as count from outbox where chat_id = :id and dedupe_key like 'support-answer:%'`,
        { id: person.id },
      ),
    ).toBe(1);
    expect(await world.count('select count(*) as count from support_messages')).toBe(2);
    await changed(db, `update outbox set status = 'sent', sent_message_id = 90 where chat_id = :id`, { id: person.id });
    await person.replies(90, '谢谢，还有一个问题');
    expect(await world.count('select count(*) as count from outbox where chat_id = :id', asked)).toBe(2);
  });

  test('/forget asks first, then deletes what was typed', async () => {
    const person = new Person(world);
    await person.presses('buy:bazi-basic');
    await person.types('张三 男 1990-05-15 14:30 北京');
    await person.types('/forget');
    const sessions = () =>
      world.count('select count(*) as count from bot_sessions where chat_id = :id', { id: person.id });
    expect(await sessions()).toBe(1);
    await person.presses('forget:yes');
    expect(person.last).toContain('已删除');
    expect(await sessions()).toBe(0);
  });

  test('who blocked the bot is remembered, and what waited is sent when they come back', async () => {
    const person = new Person(world);
    await person.types('/start');
    const { db } = world.database;
    await enqueue(db, world.deps.vault, {
      chatId: person.id,
      dedupeKey: `waits:${person.id}`,
      message: { template: 'report_part', params: { text: 'x' } },
    });
    await person.changesMembership('kicked');
    await changed(db, `update outbox set status = 'parked' where chat_id = :id`, { id: person.id });
    const blocked = () =>
      world.count('select count(*) as count from users where telegram_id = :id and bot_blocked_at is not null', {
        id: person.id,
      });
    expect(await blocked()).toBe(1);
    await person.changesMembership('member');
    expect(await blocked()).toBe(0);
    expect(
      await world.count(`select count(*) as count from outbox where chat_id = :id and status = 'pending'`, {
        id: person.id,
      }),
    ).toBe(1);
  });
});
