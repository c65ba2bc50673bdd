import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { changed, row, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { membershipFulfiller, runOrder } from '@mingdan/fulfilment';
import { createLogger, pause, systemClock } from '@mingdan/kernel';
import {
  askForRefund,
  compareDay,
  endRenewal,
  endSubscriptionsAtGateways,
  type OperationDeps,
  startPayment,
  subscriptionOffer,
} from '@mingdan/operations';
import {
  claimPaid,
  completeIfDelivered,
  createOrder,
  findOrder,
  findProduct,
  forgetUser,
  membershipOf,
  type Order,
  ordersOfUser,
  recordRenewal,
  rememberTelegramUser,
  runningSubscription,
} from '@mingdan/orders';
import { testDatabase, testVault } from '@mingdan/orders/testing';
import { GatewayRefused } from '@mingdan/payments';
import { createClients } from '@mingdan/payments/clients';
import { type Sandbox, startSandbox } from '../../../sandbox/src/index.ts';
import { createTelegram, startTelegram, type TelegramRole, telegramChannel } from '../../src/telegram/index.ts';
import { createTexts } from '../../src/texts.ts';
import { refundDue } from '../../src/worker/refund.ts';
import { remindMembers } from '../../src/worker/remind-of-goods.ts';
import { createOutboxSender, type OutboxSender } from '../../src/worker/send.ts';
import { tellSettledRefunds } from '../../src/worker/tell-refunds.ts';

const TOKEN = '70002:test-token';
const log = createLogger({ process: 'test', level: 'silent' });
const limits = { chatIntervalMs: 0, chatBurst: 1000, allIntervalMs: 0, allBurst: 1000 };
const texts = createTexts();
const DAY_MS = 86_400_000;

let sandbox: Sandbox;
let database: TestDatabase;
let deps: OperationDeps;
let role: TelegramRole;
let outbox: OutboxSender;
/** each test has a buyer of its own */
let buyer = 5000;
let userId: number;

/** The whole way of a subscription through the real client, the real handling of updates and the stand-in of Telegram. */
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
      operatorChatId: -100,
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
  role = startRole();
});
afterAll(async () => {
  await role.stop();
  await outbox.stop();
  await sandbox.close();
  await database.drop();
});
beforeEach(newBuyer);

async function newBuyer(): Promise<void> {
  buyer += 1;
  sandbox.control.telegram.addPerson({ id: buyer, name: '订阅', language: 'zh-hans' });
  sandbox.control.telegram.start(buyer);
  userId = (await rememberTelegramUser(deps.db, { telegramId: buyer, language: 'zh-CN' })).id;
}

const startRole = (): TelegramRole =>
  startTelegram({
    operations: deps,
    texts,
    settings: { token: TOKEN, apiRoot: sandbox.telegramApiRoot, mode: 'polling', baziSource: 'local' },
    holder: 'test',
    bot: async () => ({ name: '@mingdan_bot', address: 'https://t.me/mingdan_bot' }),
    wakeOutbox: () => outbox.wake(),
    tuning: { pollMs: 50, limits, longPollSeconds: 1 },
  });
const stars = () => sandbox.control.telegram.stars;
const find = async (orderNo: string) => (await findOrder(deps.db, orderNo)) as Order;
const running = () => runningSubscription(deps.db, userId);
const membership = () => membershipOf(deps.db, userId);

async function eventually<T>(look: () => Promise<T | undefined | false>): Promise<T> {
  for (let tries = 0; tries < 300; tries += 1) {
    const found = await look();
    if (found) return found;
    await pause(20);
  }
  throw new Error('it did not happen');
}

async function anOrder(slug = 'member-month', more: { gift?: boolean; coupon?: string } = {}): Promise<Order> {
  const product = await findProduct(deps.db, slug);
  if (!product) throw new Error('no such product');
  const { order } = await createOrder(
    deps.db,
    testVault,
    {
      userId,
      product,
      input: {},
      language: 'zh-CN',
      confirmationId: randomBytes(9).toString('hex'),
      baziSource: 'local',
      expiryMinutes: 30,
      maxOpen: 1000,
      ...more,
    },
    systemClock,
  );
  return order;
}

const open = (order: Order) =>
  startPayment(deps, { orderNo: order.orderNo, provider: 'stars', method: 'STARS_SUBSCRIPTION' });

/** What the worker does with a paid membership. */
async function fulfil(orderNo: string): Promise<Order> {
  await claimPaid(deps.db, { owner: 'test', leaseSeconds: 60 }, 100);
  const order = await find(orderNo);
  const fulfilment = { ...deps, operatorChatId: null, retryBaseMs: 1 };
  await runOrder(fulfilment, membershipFulfiller(fulfilment), order, 'test', new AbortController().signal);
  await changed(deps.db, `update outbox set status = 'sent' where order_id = :id`, { id: order.id });
  await completeIfDelivered(deps.db, order.id);
  return find(orderNo);
}

/** Subscribed, paid and given. */
async function aSubscriber(): Promise<{ order: Order; chargeId: string }> {
  const order = await anOrder();
  const { paymentUrl } = await open(order);
  const paid = await stars().pay(buyer, { link: paymentUrl ?? '' });
  if (!paid.paid) throw new Error(paid.message);
  await eventually(async () => (await find(order.orderNo)).status === 'paid');
  return { order: await fulfil(order.orderNo), chargeId: paid.chargeId };
}

const newestOrder = async (): Promise<Order> => (await ordersOfUser(deps.db, userId, 1))[0] as Order;

async function renewed(chargeId: string): Promise<Order> {
  const before = await newestOrder();
  stars().renew(chargeId);
  const order = await eventually(async () => {
    const newest = await newestOrder();
    return newest.id !== before.id && newest.status === 'paid' && newest;
  });
  return fulfil(order.orderNo);
}

test('is offered for a month’s membership at its full price, to who has none that runs', async () => {
  await changed(deps.db, `insert into coupons (code, percent) values ('SUB-TEST', 50) on conflict do nothing`);
  const offer = async (order: Order) => (await subscriptionOffer(deps, order))?.method.method;
  expect(await offer(await anOrder())).toBe('STARS_SUBSCRIPTION');
  const others = [
    await anOrder('member-year'),
    await anOrder('coins-1'),
    await anOrder('member-month', { gift: true }),
    await anOrder('member-month', { coupon: 'SUB-TEST' }),
  ];
  for (const order of others) {
    expect(await offer(order)).toBeUndefined();
    await expect(open(order)).rejects.toMatchObject({ code: 'method_not_offered' });
  }
  await aSubscriber();
  expect(await offer(await anOrder())).toBeUndefined();
});

test('asks Telegram for its period, and gives a month that is never shorter than 30 days', async () => {
  const { order } = await aSubscriber();
  expect(order.status).toBe('completed');
  expect(stars().moves().at(-1)).toMatchObject({ period: 2_592_000 });
  const { active, expiresAt } = await membership();
  expect(active).toBe(true);
  expect((expiresAt?.getTime() ?? 0) - Date.now()).toBeGreaterThan(30 * DAY_MS - 60_000);
  expect(await running()).toMatchObject({ state: 'active', orderNo: order.orderNo });
});

test('a renewal is an order and a payment of its own, and adds a month behind', async () => {
  const { order, chargeId } = await aSubscriber();
  const first = (await membership()).expiresAt?.getTime() ?? 0;
  const renewal = await renewed(chargeId);
  expect(renewal).toMatchObject({
    status: 'completed',
    kind: 'membership',
    renews: order.id,
    paidWith: { currency: 'XTR' },
  });
  expect((await membership()).expiresAt?.getTime() ?? 0).toBeGreaterThan(first + 27 * DAY_MS);
  const told = await rows(deps.db, 'select 1 from outbox where order_id = :id and dedupe_key like :key', {
    id: renewal.id,
    key: 'paid:%',
  });
  expect(told).toHaveLength(1);
});

test('the same renewal told many times at once is one order', async () => {
  const { order, chargeId } = await aSubscriber();
  const notice = {
    provider: 'stars',
    eventId: `paid:again-${chargeId}`,
    kind: 'paid',
    gatewayOrderId: order.orderNo,
    providerPaymentId: `again-${chargeId}`,
    refundId: null,
    amount: order.paidWith,
    merchantMatches: true,
    occurredAt: null,
  } as const;
  const recorded = await Promise.all(Array.from({ length: 10 }, () => recordRenewal(deps.db, systemClock, notice)));
  expect(recorded.filter(({ verdict }) => verdict === 'paid')).toHaveLength(1);
  expect(await ordersOfUser(deps.db, userId, 10)).toHaveLength(2);
});

test('a renewal whose update was lost is found in the list of Stars', async () => {
  const { order, chargeId } = await aSubscriber();
  await role.stop();
  const next = stars().renew(chargeId);
  const day = new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Shanghai' }).format(new Date());
  await compareDay(deps, 'stars', day);
  const renewal = await newestOrder();
  expect(renewal).toMatchObject({ status: 'paid', renews: order.id });
  const booked = await row(
    deps.db,
    'select order_id as "orderId" from payment_transactions where provider_payment_id = :next',
    {
      next,
    },
  );
  expect(booked).toEqual({ orderId: renewal.id });
  role = startRole();
  await eventually(() =>
    row(deps.db, 'select 1 as told from payment_notifications where event_id = :id', { id: `paid:${next}` }),
  );
  expect(await newestOrder()).toMatchObject({ id: renewal.id });
});

test('of an order that repeats nothing a renewal is held for people, and flips nothing', async () => {
  const order = await anOrder();
  await startPayment(deps, { orderNo: order.orderNo, provider: 'stars' });
  const { verdict } = await recordRenewal(deps.db, systemClock, {
    provider: 'stars',
    eventId: 'paid:nobody',
    kind: 'paid',
    gatewayOrderId: order.orderNo,
    providerPaymentId: 'nobody',
    refundId: null,
    amount: { minor: 208, currency: 'XTR' },
    merchantMatches: true,
    occurredAt: null,
  });
  expect(verdict).toBe('subscription_renewal');
  expect((await find(order.orderNo)).status).toBe('pending_payment');
});

test('is stopped at Telegram when its user says so; what is paid stays', async () => {
  const { chargeId } = await aSubscriber();
  const until = await endRenewal(deps, userId);
  expect(until?.getTime()).toBeGreaterThan(Date.now() + 29 * DAY_MS);
  await endSubscriptionsAtGateways(deps);
  expect(
    stars()
      .moves()
      .find((move) => move.chargeId === chargeId),
  ).toMatchObject({ canceled: true });
  expect(await running()).toBeUndefined();
  expect((await membership()).active).toBe(true);
  expect(await endRenewal(deps, userId)).toBeUndefined();
});

test('ends with a refund of one of its payments, and with /forget', async () => {
  const { chargeId } = await aSubscriber();
  const renewal = await renewed(chargeId);
  await askForRefund(deps, { orderNo: renewal.orderNo, reason: 'test', by: 'operator' });
  await refundDue(deps, { owner: 'test', retryBaseMs: 1 });
  expect(await row(deps.db, 'select status from refund_records where order_id = :id', { id: renewal.id })).toEqual({
    status: 'succeeded',
  });
  await tellSettledRefunds(deps);
  await endSubscriptionsAtGateways(deps);
  expect(await running()).toBeUndefined();
  expect(
    stars()
      .moves()
      .find((move) => move.chargeId === chargeId),
  ).toMatchObject({ canceled: true });
  // Telegram's own word of the refund names the first order; it is no matter for a person.
  await eventually(() =>
    row(deps.db, `select 1 as found from payment_notifications where kind = 'refunded' and order_no = :orderNo`, {
      orderNo: renewal.orderNo,
    }),
  );
  expect(await rows(deps.db, `select verdict from payment_notifications where verdict = 'unknown_refund'`)).toEqual([]);

  await newBuyer();
  await aSubscriber();
  await forgetUser(deps.db, userId);
  expect(await running()).toBeUndefined();
});

test('that Telegram ended, or could not take, is known; one that runs is not reminded of its end', async () => {
  const { chargeId } = await aSubscriber();
  await changed(
    deps.db,
    `update membership_periods set ends_at = now() + interval '12 hours' where user_id = :userId`,
    { userId },
  );
  const reminded = () =>
    rows(deps.db, `select 1 from outbox where user_id = :userId and dedupe_key like 'member-ending:%'`, { userId });
  await remindMembers(deps);
  expect(await reminded()).toHaveLength(0);
  stars().changeSubscription(chargeId, 'failed');
  await eventually(async () => (await running())?.state === 'failed');
  await remindMembers(deps);
  expect(await reminded()).toHaveLength(1);
  stars().changeSubscription(chargeId, 'canceled');
  await eventually(async () => (await running()) === undefined);
});

test('that a gateway does not end is asked again; silence is no refusal, and people hear of refusals, each time anew', async () => {
  const { order, chargeId } = await aSubscriber();
  const told = () =>
    rows<{ key: string }>(deps.db, 'select dedupe_key as key from outbox where dedupe_key like :key', {
      key: `%subscription:${order.orderNo}:%`,
    });
  const withEnd = (end: () => Promise<void>): OperationDeps => ({
    ...deps,
    clients: new Map([...deps.clients].map(([name, client]) => [name, { ...client, endSubscription: end }])),
  });
  const away = withEnd(() => Promise.reject(new Error('away')));
  const refusing = withEnd(() => Promise.reject(new GatewayRefused('CHARGE_NOT_FOUND', 'no', { hint: '' })));
  const state = async () =>
    (await row<{ state: string }>(deps.db, 'select state from subscriptions where order_id = :id', { id: order.id }))
      ?.state;
  const ask = async (times: number, with_: OperationDeps) => {
    for (let place = 0; place < times; place += 1) {
      await changed(deps.db, 'update subscriptions set due_at = now()');
      await endSubscriptionsAtGateways(with_);
    }
  };
  await endRenewal(deps, userId);
  await ask(6, away);
  await ask(4, refusing);
  expect(await state()).toBe('ending');
  await ask(1, refusing);
  expect(await state()).toBe('refused');
  expect(await told()).toHaveLength(2);
  // Its user still reads that it runs, and can ask again.
  expect(await running()).toMatchObject({ state: 'refused' });
  stars().changeSubscription(chargeId, 'active');
  await renewed(chargeId);
  expect(await state()).toBe('ending');
  await ask(5, refusing);
  expect(await told()).toHaveLength(4);
  await endRenewal(deps, userId);
  await ask(1, deps);
  expect(await state()).toBe('ended');
});

test('is known from its first payment on, before the month is given', async () => {
  const order = await anOrder();
  const { paymentUrl } = await open(order);
  const paid = await stars().pay(buyer, { link: paymentUrl ?? '' });
  if (!paid.paid) throw new Error(paid.message);
  await eventually(async () => (await find(order.orderNo)).status === 'paid');
  expect(await running()).toMatchObject({ state: 'active' });
  await forgetUser(deps.db, userId);
  await fulfil(order.orderNo);
  expect(await running()).toBeUndefined();
  await endSubscriptionsAtGateways(deps);
  expect(
    stars()
      .moves()
      .find((move) => move.chargeId === paid.chargeId),
  ).toMatchObject({ canceled: true });
});

test('of one person is agreed to once, whatever links they have', async () => {
  const links = [];
  for (const order of [await anOrder(), await anOrder()]) links.push((await open(order)).paymentUrl ?? '');
  expect(await stars().pay(buyer, { link: links[0] ?? '' })).toMatchObject({ paid: true });
  await eventually(running);
  expect(await stars().pay(buyer, { link: links[1] ?? '' })).toMatchObject({ paid: false, by: 'bot' });
});

test('gives a month, however its product changes', async () => {
  const { chargeId } = await aSubscriber();
  const before = (await membership()).expiresAt?.getTime() ?? 0;
  await changed(deps.db, `update products set months = 12 where slug = 'member-month'`);
  await renewed(chargeId);
  await changed(deps.db, `update products set months = 1 where slug = 'member-month'`);
  expect((await membership()).expiresAt?.getTime() ?? 0).toBeLessThan(before + 32 * DAY_MS);
});

test('that nobody paid for weeks is over', async () => {
  await aSubscriber();
  await changed(deps.db, `update subscriptions set renews_at = now() - interval '8 days' where user_id = :userId`, {
    userId,
  });
  expect(await running()).toBeUndefined();
  expect(await subscriptionOffer(deps, await anOrder())).toBeDefined();
  await changed(
    deps.db,
    `update membership_periods set ends_at = now() + interval '12 hours' where user_id = :userId`,
    {
      userId,
    },
  );
  await remindMembers(deps);
  const told = await rows(
    deps.db,
    `select 1 from outbox where user_id = :userId and dedupe_key like 'member-ending:%'`,
    {
      userId,
    },
  );
  expect(told).toHaveLength(1);
});

test('is not sold for what was bought as a year, though its product is a month now', async () => {
  await changed(deps.db, `update products set months = 12 where slug = 'member-month'`);
  const order = await anOrder();
  await changed(deps.db, `update products set months = 1 where slug = 'member-month'`);
  expect(await subscriptionOffer(deps, order)).toBeUndefined();
  await expect(open(order)).rejects.toMatchObject({ code: 'method_not_offered' });
});

test('in chat: a button to subscribe, and /member says when it renews and stops it', async () => {
  const control = sandbox.control.telegram;
  const order = await anOrder();
  control.say(buyer, '/orders');
  await control.waitForButton(buyer, `order:${order.orderNo}`);
  control.press(buyer, `order:${order.orderNo}`);
  const { button } = await control.waitForButton(buyer, `subscribe:${order.orderNo}`);
  expect(button.text).toMatch(/每 30 天 \d+ ⭐ 自动续费/);
  control.press(buyer, `subscribe:${order.orderNo}`);
  const request = await control.waitForMessage(buyer, '由 Telegram 自动扣除');
  const link = request.reply_markup?.inline_keyboard.flat().find(({ url }) => url !== undefined)?.url;
  expect(await stars().pay(buyer, { link: link ?? '' })).toMatchObject({ paid: true });
  await eventually(async () => (await find(order.orderNo)).status === 'paid');
  await fulfil(order.orderNo);
  control.say(buyer, '/member');
  await control.waitForMessage(buyer, '自动续费，');
  control.press(buyer, 'endrenewal');
  await control.waitForMessage(buyer, '以后不再扣费');
  expect((await running())?.state).toBeUndefined();
}, 20_000);
