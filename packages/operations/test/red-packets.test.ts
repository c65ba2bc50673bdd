import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { changed, type Db, row, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { createLogger } from '@mingdan/kernel';
import { createHouse, findOrder, type Order } from '@mingdan/orders';
import { anUnpaidOrder, aUser, testDatabase, testVault } from '@mingdan/orders/testing';
import { createClients } from '@mingdan/payments/clients';
import {
  acceptRedPacket,
  cancelOrder,
  checkPayment,
  claimRedPacketCode,
  enterRedPacketCode,
  expireOrder,
  type OperationDeps,
  rejectRedPacket,
  startPayment,
} from '../src/index.ts';
import { FakeGateway, operationDeps } from './fake-gateway.ts';

let database: TestDatabase;
let db: Db;
let deps: OperationDeps;
const logged: string[] = [];
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
  const usual = operationDeps(db, new FakeGateway());
  const log = createLogger({
    process: 'test',
    level: 'debug',
    destination: { write: (line) => void logged.push(line) },
  });
  const clients = createClients(new Map([['redpacket', {}]]), { clock: usual.clock, log, house: createHouse(db) });
  deps = {
    ...usual,
    log,
    clients: new Map([...usual.clients, ...clients]),
    settings: { ...usual.settings, offered: ['pingpong', 'redpacket'] },
  };
});
afterAll(() => database.drop());
// Every test has red packets of its own, whatever their codes.
beforeEach(() => changed(db, 'update redpacket_codes set code_digest = null').then(() => undefined));

const CODE = '大吉大利恭喜发财';
/** An order without any payment opened. */
async function newOrder(): Promise<Order> {
  const order = await anUnpaidOrder(db);
  await changed(db, 'delete from payment_attempts where order_id = :id', { id: order.id });
  return order;
}
const enter = (order: Order, code = CODE) => enterRedPacketCode(deps, { orderNo: order.orderNo, code });
const find = async (order: Order): Promise<Order> => (await findOrder(db, order.orderNo)) as Order;
const idOf = async (order: Order): Promise<number> =>
  (await row<{ id: number }>(db, 'select max(id) as id from redpacket_codes where order_id = :id', { id: order.id }))
    ?.id ?? 0;
const overdue = (order: Order) =>
  changed(db, `update orders set expires_at = now() - interval '3 hours' where id = :id`, { id: order.id });
const yuan = (minor: number) => ({ minor, currency: 'CNY' }) as const;

/** An order whose code an operator has. */
async function claimed(operator = 'anna'): Promise<{ order: Order; id: number }> {
  const order = await newOrder();
  await enter(order);
  const id = await idOf(order);
  await claimRedPacketCode(deps, { id, operator });
  return { order, id };
}
async function messages(order: Order): Promise<{ key: string; chat: number; message: unknown }[]> {
  const found = await rows<{ key: string; chat: number; payload: Buffer }>(
    db,
    'select dedupe_key as key, chat_id as chat, payload from outbox where order_id = :id order by id',
    { id: order.id },
  );
  return found.map(({ key, chat, payload }) => ({ key, chat, message: testVault.open('outbox.payload', payload) }));
}

describe('entering a code', () => {
  test('opens the payment, keeps the order waiting and tells the operators once, without the code', async () => {
    const order = await newOrder();
    expect(await enter(order)).toEqual({ state: 'waiting', taken: true });
    expect(await enter(order, ` ${CODE} `)).toEqual({ state: 'waiting', taken: true });
    await claimRedPacketCode(deps, { id: await idOf(order), operator: 'anna' });
    expect(await enter(order, 'another code')).toEqual({ state: 'waiting', taken: false });
    expect(await find(order)).toMatchObject({
      status: 'pending_payment',
      provider: 'redpacket',
      paymentSeenAt: expect.any(Date),
    });
    const told = await messages(order);
    expect(told).toMatchObject([{ key: `alarm:redpacket:${await idOf(order)}`, chat: -100 }]);
    expect(JSON.stringify(told)).not.toContain(CODE);
  });

  test('goes on from a payment that is open already', async () => {
    const order = await newOrder();
    const started = await startPayment(deps, { orderNo: order.orderNo, provider: 'redpacket' });
    expect(started).toMatchObject({ method: 'ALIPAY_REDPACKET', paymentUrl: null, qrCode: null, amount: order.amount });
    await enter(order);
    expect(await rows(db, 'select 1 from payment_attempts where order_id = :id', { id: order.id })).toHaveLength(1);
  });

  test.each([
    ['too short', 'abc'],
    ['too long', '福'.repeat(65)],
    ['of several lines', 'code\nhttps://qr.alipay.com/x'],
    ['of blanks', '       '],
    ['of half a character', 'abcd\ud800'],
  ])('that is %s is refused', async (_, code) => {
    await expect(enter(await newOrder(), code)).rejects.toMatchObject({ code: 'bad_redpacket_code' });
  });

  test('of four characters and of sixty-four is taken', async () => {
    expect(await enter(await newOrder(), '1234')).toMatchObject({ taken: true });
    expect(await enter(await newOrder(), '🧧'.repeat(64))).toMatchObject({ taken: true });
  });

  test('for an order that is paid, expired, somebody else’s or not there is refused', async () => {
    const paid = await newOrder();
    await changed(db, `update orders set status = 'paid', paid_at = now() where id = :id`, { id: paid.id });
    await expect(enter(paid)).rejects.toMatchObject({ code: 'order_not_payable' });
    const late = await newOrder();
    await overdue(late);
    await expect(enter(late)).rejects.toMatchObject({ code: 'order_not_payable' });
    const other = await newOrder();
    await expect(
      enterRedPacketCode(deps, { orderNo: other.orderNo, code: CODE, userId: (await aUser(db)).id }),
    ).rejects.toMatchObject({ code: 'order_not_found' });
    await expect(enter({ ...other, orderNo: 'REPORT_20260101_00000000' })).rejects.toMatchObject({
      code: 'order_not_found',
    });
  });

  test('is not offered where red packets are not', async () => {
    const order = await newOrder();
    const without = { ...deps, settings: { ...deps.settings, offered: ['pingpong' as const] } };
    await expect(enterRedPacketCode(without, { orderNo: order.orderNo, code: CODE })).rejects.toMatchObject({
      code: 'provider_not_offered',
    });
    expect(await find(order)).toMatchObject({ paymentSeenAt: null });
  });

  test('many times at once is one code and one alarm', async () => {
    const order = await newOrder();
    await startPayment(deps, { orderNo: order.orderNo, provider: 'redpacket' });
    await Promise.all(Array.from({ length: 10 }, () => enter(order)));
    expect(await rows(db, 'select 1 from redpacket_codes where order_id = :id', { id: order.id })).toHaveLength(1);
    expect(await messages(order)).toHaveLength(1);
  });
});

describe('an order whose code waits', () => {
  test('does not expire and is not cancelled, however long it takes', async () => {
    const order = await newOrder();
    await enter(order);
    await overdue(order);
    expect(await checkPayment(deps, order.orderNo)).toMatchObject({ found: 'processing' });
    expect(await expireOrder(deps, order.orderNo)).toBe('later');
    expect(await cancelOrder(deps, { orderNo: order.orderNo, userId: order.userId ?? 0 })).not.toBe('cancelled');
    expect(await find(order)).toMatchObject({ status: 'pending_payment', paymentSeenAt: expect.any(Date) });
  });
});

describe('claiming', () => {
  test('shows the code to one operator and refuses the next one by name', async () => {
    const { id } = await claimed('anna');
    expect((await claimRedPacketCode(deps, { id, operator: 'anna' })).code).toBe(CODE);
    await expect(claimRedPacketCode(deps, { id, operator: 'ben' })).rejects.toMatchObject({
      code: 'redpacket_taken',
      message: expect.stringMatching(/is with anna until 20/),
    });
    await expect(claimRedPacketCode(deps, { id: 999_999, operator: 'ben' })).rejects.toMatchObject({
      code: 'redpacket_not_found',
    });
  });
});

describe('accepting', () => {
  test('with the right amount pays the order like a notice', async () => {
    const { order, id } = await claimed();
    expect(await acceptRedPacket(deps, { id, operator: 'anna', amount: order.amount })).toMatchObject({
      verdict: 'paid',
      booked: true,
      packet: { state: 'accepted', decidedBy: 'anna' },
    });
    expect(await find(order)).toMatchObject({ status: 'paid', provider: 'redpacket' });
    const payments =
      'select provider, provider_payment_id as id, amount_minor as minor from payment_transactions where order_id = :id';
    expect(await rows(db, payments, { id: order.id })).toEqual([
      { provider: 'redpacket', id: `redpacket:${id}`, minor: order.amount.minor },
    ]);
    expect(await checkPayment(deps, order.orderNo)).toMatchObject({ found: 'paid' });
    expect(await enter(order)).toEqual({ state: 'accepted', taken: true });
    expect(await enter(order, 'one more')).toEqual({ state: 'accepted', taken: false });
  });

  test.each([
    ['too little', -100],
    ['too much', 100],
  ])('with %s never pays the order: the money is held for a decision', async (_, difference) => {
    const { order, id } = await claimed();
    const amount = yuan(order.amount.minor + difference);
    expect(await acceptRedPacket(deps, { id, operator: 'anna', amount })).toMatchObject({
      verdict: 'amount_mismatch',
      booked: false,
    });
    expect(await find(order)).toMatchObject({ status: 'pending_payment', paymentSeenAt: null });
    const held = 'select payment_key as key, amount_minor as minor, verdict from held_payments where order_id = :id';
    expect(await rows(db, held, { id: order.id })).toEqual([
      { key: `redpacket:${id}`, minor: amount.minor, verdict: 'amount_mismatch' },
    ]);
    expect(await checkPayment(deps, order.orderNo)).toMatchObject({ found: 'mismatch' });
    expect(await rows(db, held, { id: order.id })).toHaveLength(1);
  });

  test('is for who claimed it', async () => {
    const order = await newOrder();
    await enter(order);
    const id = await idOf(order);
    const accept = (operator: string) => acceptRedPacket(deps, { id, operator, amount: order.amount });
    await expect(accept('anna')).rejects.toMatchObject({ code: 'redpacket_not_claimed' });
    await claimRedPacketCode(deps, { id, operator: 'anna' });
    await expect(accept('ben')).rejects.toMatchObject({ code: 'redpacket_taken' });
    expect(await find(order)).toMatchObject({ status: 'pending_payment' });
    await accept('anna');
    await expect(accept('anna')).rejects.toMatchObject({ code: 'redpacket_decided' });
  });

  test('ten times at once is one payment', async () => {
    const { order, id } = await claimed();
    const accepted = await Promise.allSettled(
      Array.from({ length: 10 }, () => acceptRedPacket(deps, { id, operator: 'anna', amount: order.amount })),
    );
    expect(accepted.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await rows(db, 'select 1 from payment_transactions where order_id = :id', { id: order.id })).toHaveLength(1);
  });

  test('after the order was paid another way is a second payment, to be given back by hand', async () => {
    const { order, id } = await claimed();
    await changed(db, `update orders set status = 'paid', paid_at = now() where id = :id`, { id: order.id });
    await changed(
      db,
      `insert into payment_transactions (order_id, provider, provider_payment_id, amount_minor, currency) values (:id, 'pingpong', :key, 1, 'CNY')`,
      { id: order.id, key: `P-${order.orderNo}` },
    );
    expect((await acceptRedPacket(deps, { id, operator: 'anna', amount: order.amount })).verdict).toBe(
      'second_payment',
    );
    const refunds = 'select provider, amount_minor as minor, reason from refund_records where order_id = :id';
    expect(await rows(db, refunds, { id: order.id })).toEqual([
      { provider: 'redpacket', minor: order.amount.minor, reason: 'second_payment' },
    ]);
  });
});

describe('rejecting', () => {
  test('tells the buyer why, and leaves time for another code', async () => {
    const { order, id } = await claimed();
    await overdue(order);
    await rejectRedPacket(deps, { id, operator: 'anna', reason: '口令无效' });
    const now = await find(order);
    expect(now).toMatchObject({ status: 'pending_payment', paymentSeenAt: null });
    expect(now.expiresAt.getTime()).toBeGreaterThan(Date.now() + 25 * 60_000);
    expect((await messages(order)).at(-1)).toMatchObject({
      key: `redpacket-rejected:${id}`,
      chat: order.chatId,
      message: {
        template: 'redpacket_rejected',
        params: { orderNo: order.orderNo, reason: '口令无效' },
        buttons: [[{ label: 'redpacket_again', callbackData: `pay:redpacket:${order.orderNo}` }]],
      },
    });
    expect(await enter(order)).toEqual({ state: 'rejected', reason: '口令无效', taken: true });
    expect(await enter(order, '87654321')).toEqual({ state: 'waiting', taken: true });
  });

  test('lets the order expire when nothing else comes', async () => {
    const { order, id } = await claimed();
    await rejectRedPacket(deps, { id, operator: 'anna', reason: 'empty' });
    await overdue(order);
    expect(await expireOrder(deps, order.orderNo)).toBe('expired');
  });

  test('of a buyer without a chat is shown where the code was entered', async () => {
    const { order, id } = await claimed();
    await changed(db, 'update orders set user_id = null where id = :id', { id: order.id });
    await rejectRedPacket(deps, { id, operator: 'anna', reason: 'empty' });
    expect((await messages(order)).map(({ key }) => key)).toEqual([`alarm:redpacket:${id}`]);
    expect(await enter(order)).toMatchObject({ state: 'rejected', reason: 'empty' });
  });
});

test('no code was ever logged', () => {
  expect(logged.length).toBeGreaterThan(20);
  expect(logged.join('')).not.toContain(CODE);
});
