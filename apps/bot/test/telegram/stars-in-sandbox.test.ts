import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { row } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { createLogger, pause, systemClock } from '@mingdan/kernel';
import { askForRefund, cancelOrder, checkPayment, type OperationDeps } from '@mingdan/operations';
import { createOrder, findOrder, findProduct, type Order, rememberTelegramUser } from '@mingdan/orders';
import { testDatabase, testVault } from '@mingdan/orders/testing';
import { createClients } from '@mingdan/payments/clients';
import { z } from 'zod';
import { type Sandbox, startSandbox } from '../../../sandbox/src/index.ts';
import { createTelegram, startTelegram, type TelegramRole, telegramChannel } from '../../src/telegram/index.ts';
import { createTexts } from '../../src/texts.ts';
import { refundDue } from '../../src/worker/refund.ts';
import { createOutboxSender, type OutboxSender } from '../../src/worker/send.ts';

const TOKEN = '70001:test-token';
const BUYER = 1001;
const OTHER = 1002;
const log = createLogger({ process: 'test', level: 'silent' });
const limits = { chatIntervalMs: 0, chatBurst: 1000, allIntervalMs: 0, allBurst: 1000 };
const texts = createTexts();

const updates = z.array(z.looseObject({ pre_checkout_query: z.looseObject({ id: z.string() }).optional() }));
const answerShape = z.looseObject({ result: updates.catch([]) });

let sandbox: Sandbox;
let database: TestDatabase;
let deps: OperationDeps;
let role: TelegramRole;
let outbox: OutboxSender;

/** The whole way of Stars through the real client, the real operations and the stand-in of Telegram. */
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, botToken: TOKEN, deepseekApiKey: 'x', yuanfenjuApiKey: 'x', log });
  sandbox.control.faults.set({ telegram: { limits: { on: false } } });
  database = await testDatabase();
  const apiRoot = sandbox.telegramApiRoot;
  deps = {
    db: database.db,
    vault: testVault,
    clock: systemClock,
    log,
    clients: createClients(new Map([['stars', { token: TOKEN, apiRoot }]]), { clock: systemClock, log }),
    settings: {
      webhookUrl: 'http://127.0.0.1:3000',
      publicUrl: 'http://127.0.0.1:3001',
      offered: ['stars'],
      orderExpiryMinutes: 30,
      notifyUrls: {},
      refundNotifyUrls: {},
      chatStarsOnly: true,
      starsByRate: true,
      secretKeys: ['a-secret-key-of-thirty-two-characters'],
      operatorChatId: null,
      operatorLanguage: 'zh-CN',
      maxOpenOrdersPerBuyer: 50,
    },
  };
  const telegram = createTelegram({ token: TOKEN, apiRoot, db: database.db, log, limits });
  outbox = createOutboxSender({
    db: database.db,
    vault: testVault,
    log,
    channel: telegramChannel(telegram, texts, 'zh-CN'),
    onSlowDown: async () => undefined,
    holder: 'test-outbox',
  });
  role = startTelegram({
    operations: deps,
    texts,
    settings: { token: TOKEN, apiRoot, mode: 'polling', baziSource: 'local' },
    holder: 'test',
    bot: async () => ({ name: '@mingdan_bot', address: 'https://t.me/mingdan_bot' }),
    wakeOutbox: () => outbox.wake(),
    tuning: { pollMs: 100, limits, longPollSeconds: 1 },
  });
  for (const id of [BUYER, OTHER]) sandbox.control.telegram.start(id);
});

afterAll(async () => {
  await role.stop();
  await outbox.stop();
  await sandbox.close();
  await database.drop();
});

const stars = () => sandbox.control.telegram.stars;

async function orderNow(order: Order): Promise<Order> {
  const found = await findOrder(deps.db, order.orderNo);
  if (!found) throw new Error('the order is gone');
  return found;
}

async function eventually<T>(look: () => Promise<T | undefined | false>): Promise<T> {
  for (let tries = 0; tries < 300; tries += 1) {
    const found = await look();
    if (found) return found;
    await pause(20);
  }
  throw new Error('it did not happen');
}

/** An order whose invoice stands in the buyer's chat. */
async function anInvoice(): Promise<Order> {
  const { id: userId } = await rememberTelegramUser(deps.db, { telegramId: BUYER, language: 'zh-CN' });
  const product = await findProduct(deps.db, 'bazi-basic');
  if (!product) throw new Error('no such product');
  const { order } = await createOrder(
    deps.db,
    testVault,
    {
      userId,
      product,
      input: { name: '张三' },
      language: 'zh-CN',
      confirmationId: randomBytes(9).toString('hex'),
      baziSource: 'local',
      expiryMinutes: 30,
      maxOpen: 1000,
    },
    systemClock,
  );
  const before = sandbox.control.telegram.messages(BUYER).length;
  sandbox.control.telegram.callback(BUYER, 1, `pay:stars:${order.orderNo}`);
  await eventually(async () =>
    sandbox.control.telegram
      .messages(BUYER)
      .slice(before)
      .some(({ invoice }) => invoice),
  );
  return order;
}

async function paid(order: Order): Promise<string> {
  const outcome = await stars().pay(BUYER);
  if (!outcome.paid) throw new Error(outcome.message);
  await eventually(async () => (await orderNow(order)).status === 'paid');
  return outcome.chargeId;
}

const lastRefund = (order: Order) =>
  row<{ status: string; reason: string }>(
    deps.db,
    'select status, reason from refund_records where order_id = :id order by id desc limit 1',
    { id: order.id },
  );

test('an order is paid by its invoice and given back by the Bot API, to the last Star', async () => {
  const had = stars().balance(BUYER);
  const order = await anInvoice();
  await paid(order);
  // 19.90 CNY at 0.14 CNY a Star
  expect(stars().balance(BUYER)).toBe(had - 143);
  await askForRefund(deps, { orderNo: order.orderNo, reason: 'changed my mind', by: 'buyer' });
  await refundDue(deps, { owner: 'test', retryBaseMs: 10 });
  expect(await lastRefund(order)).toMatchObject({ status: 'succeeded' });
  expect(stars().balance(BUYER)).toBe(had);
  // The message about the refund is one that we know of.
  await eventually(async () => sandbox.control.telegram.pendingUpdates() === 0);
  const flagged = await row(deps.db, `select 1 from payment_notifications where order_no = :no and flag is not null`, {
    no: order.orderNo,
  });
  expect(flagged).toBeUndefined();
});

test('a second payment from another device goes back by itself', async () => {
  const had = stars().balance(BUYER);
  const order = await anInvoice();
  // Two devices: both were told yes before either had paid.
  const told = { service: 'telegram', name: 'answerPreCheckoutQuery' } as const;
  const [last] = sandbox.control.calls(told).slice(-1);
  const other = Promise.withResolvers<void>();
  const late = stars().pay(BUYER, { afterYes: other.promise });
  await sandbox.control.waitForCall({ ...told, after: last?.id ?? 0 });
  await stars().pay(BUYER);
  other.resolve();
  expect(await late).toMatchObject({ paid: true });
  await eventually(async () => (await lastRefund(order))?.reason === 'second_payment');
  await refundDue(deps, { owner: 'test', retryBaseMs: 10 });
  expect(stars().balance(BUYER)).toBe(had - 143);
});

test('somebody to whom the invoice was forwarded is told why they cannot pay it', async () => {
  await anInvoice();
  expect(await stars().payFor(OTHER, BUYER)).toEqual({
    paid: false,
    by: 'bot',
    message: texts.t('zh-TW', 'stars.refuse_other_buyer'),
  });
});

test('a payment whose update was lost is found by asking', async () => {
  const order = await anInvoice();
  await role.stop();
  const paying = stars().pay(BUYER);
  // The bot goes down after its yes: played by answering for it, and throwing away what follows.
  const api = (method: string, body: object) =>
    fetch(`${sandbox.telegramApiRoot}/bot${TOKEN}/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }).then(async (reply) => answerShape.parse(await reply.json()));
  const { result } = await api('getUpdates', { timeout: 1 });
  for (const update of result)
    if (update.pre_checkout_query)
      await api('answerPreCheckoutQuery', { pre_checkout_query_id: update.pre_checkout_query.id, ok: true });
  expect(await paying).toMatchObject({ paid: true });
  await api('deleteWebhook', { drop_pending_updates: true });
  expect(await orderNow(order)).toMatchObject({ status: 'pending_payment' });
  expect((await checkPayment(deps, order.orderNo)).found).toBe('paid');
  expect(await orderNow(order)).toMatchObject({ status: 'paid', provider: 'stars' });
  role = startTelegram({
    operations: deps,
    texts,
    settings: { token: TOKEN, apiRoot: sandbox.telegramApiRoot, mode: 'polling', baziSource: 'local' },
    holder: 'test-2',
    bot: async () => ({ name: '@mingdan_bot', address: 'https://t.me/mingdan_bot' }),
    wakeOutbox: () => outbox.wake(),
    tuning: { pollMs: 100, limits, longPollSeconds: 1 },
  });
});

test('the invoice of a cancelled order leaves the chat, and cannot be paid by a link either', async () => {
  const order = await anInvoice();
  const invoice = await stars().waitForInvoice(BUYER);
  await cancelOrder(deps, { orderNo: order.orderNo, userId: order.userId ?? 0 });
  outbox.wake();
  await eventually(async () =>
    sandbox.control.telegram.messages(BUYER).every(({ message_id }) => message_id !== invoice.message_id),
  );
  const attempt = await row<{ paymentUrl: string }>(
    deps.db,
    'select payment_url as "paymentUrl" from payment_attempts where order_id = :id',
    { id: order.id },
  );
  expect(await stars().pay(BUYER, { link: attempt?.paymentUrl ?? '' })).toEqual({
    paid: false,
    by: 'bot',
    message: texts.t('zh-CN', 'stars.refuse_ended'),
  });
});

test('an update that comes again under another number books nothing more', async () => {
  const order = await anInvoice();
  const chargeId = await paid(order);
  stars().repeat(chargeId);
  await eventually(async () => sandbox.control.telegram.pendingUpdates() === 0);
  const count = await row<{ count: number }>(
    deps.db,
    'select count(*)::int as count from payment_transactions where order_id = :id',
    { id: order.id },
  );
  expect(count).toEqual({ count: 1 });
  expect(await lastRefund(order)).toBeUndefined();
});
