import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { writeSetting } from '@mingdan/orders';
import type { Message } from '@mingdan/outbox';
import { createTelegram, operatorTopics, telegramChannel } from '../../src/telegram/index.ts';
import { aWorld, texts, type World } from './given/world.ts';

let world: World;
beforeAll(async () => {
  world = await aWorld();
  await writeSetting(world.database.db, 'operator_topics', { paid: 12, redpacket: 14 });
});
afterAll(() => world.end());

const signal = new AbortController().signal;
function channel() {
  const { db } = world.database;
  const limits = { chatIntervalMs: 0, chatBurst: 100, allIntervalMs: 0, allBurst: 100 };
  const telegram = createTelegram({ token: '123456:TEST', apiRoot: world.api.root, db, log: world.deps.log, limits });
  return telegramChannel(telegram, texts, 'en', operatorTopics(db));
}
const paid: Message = {
  template: 'operator_notice',
  kind: 'paid',
  notices: [
    {
      about: 'paid',
      orderNo: 'X',
      product: { en: '<Gift>' },
      quantity: 1,
      amount: '1.00 CNY',
      buyer: 77,
      paymentId: 'P',
    },
  ],
};
const lastOf = (chatId: number) => world.api.sent(chatId).at(-1)?.payload;

test('a notice is HTML, in the topic of its kind', async () => {
  await channel().send(-500, null, paid, null, signal);
  expect(lastOf(-500)).toMatchObject({
    message_thread_id: 12,
    parse_mode: 'HTML',
    text: '<b>✅ Paid</b>\nOrder: <code>X</code>\nProduct: &lt;Gift&gt;\nAmount: 1.00 CNY\nPayment: <code>P</code>\nBuyer: <a href="tg://user?id=77">77</a>',
  });
});

test('an alarm goes to the topic of what it is about, another one to the chat itself', async () => {
  const params = { id: 1, orderNo: 'X', product: 'p', amount: '1.00 CNY' };
  await channel().send(-500, null, { template: 'alarm_redpacket_waiting', params }, null, signal);
  expect(lastOf(-500)).toMatchObject({ message_thread_id: 14 });
  expect(lastOf(-500)).not.toHaveProperty('parse_mode');
  await channel().send(-500, null, { template: 'alarm_fulfilment_resumed' }, null, signal);
  expect(lastOf(-500)).not.toHaveProperty('message_thread_id');
});

test('a topic that is not there swallows nothing', async () => {
  const description = 'Bad Request: message thread not found';
  world.api.fail('sendMessage', 400, { ok: false, error_code: 400, description });
  await channel().send(-501, null, paid, null, signal);
  expect(lastOf(-501)).toMatchObject({ parse_mode: 'HTML' });
  expect(lastOf(-501)).not.toHaveProperty('message_thread_id');
});

test('what buyers read knows no topic', async () => {
  await channel().send(
    55,
    'en',
    { template: 'alarm_redpacket_waiting', params: { id: 1, orderNo: 'X', product: 'p', amount: '1' } },
    null,
    signal,
  );
  expect(lastOf(55)).not.toHaveProperty('message_thread_id');
});

test('an alarm that a notice makes fuller is edited in HTML', async () => {
  await channel().send(-500, null, paid, 9, signal);
  const edit = world.api.calls.findLast(({ method }) => method === 'editMessageText');
  expect(edit?.payload).toMatchObject({ message_id: 9, parse_mode: 'HTML' });
});
