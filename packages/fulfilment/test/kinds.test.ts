import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { changed, type Db, row, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { createLogger, systemClock } from '@mingdan/kernel';
import {
  activateMembership,
  addCodes,
  claimPaid,
  codesOfOrder,
  coinBalance,
  coinsAddUp,
  completeIfDelivered,
  failAndRefund,
  findOrder,
  findProduct,
  membershipCause,
  membershipOf,
  type Order,
  setStock,
  takeOverDue,
} from '@mingdan/orders';
import { anUnpaidOrder, aPaidOrder, aUser, testDatabase, testVault } from '@mingdan/orders/testing';
import { openPayload } from '@mingdan/outbox';
import {
  BY_HAND,
  coinsFulfiller,
  type Fulfiller,
  type GoodsDeps,
  goodsFulfiller,
  membershipFulfiller,
  runOrder,
} from '../src/index.ts';

let database: TestDatabase;
let db: Db;
let deps: GoodsDeps;
let answer: 'confirmed' | 'denied' | 'unknown' = 'confirmed';
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
  deps = {
    db,
    vault: testVault,
    clock: systemClock,
    log: createLogger({ process: 'test', level: 'silent' }),
    operatorChatId: -100,
    retryBaseMs: 1,
    confirm: async () => answer,
    orderLink: (orderNo) => `https://shop.example/order/${orderNo}?t=x`,
  };
});
afterAll(() => database.drop());

const HOLDER = { owner: 'A', leaseSeconds: 60 };
const fulfillerOf = (order: Order): Fulfiller =>
  order.kind === 'coins'
    ? coinsFulfiller(deps)
    : order.kind === 'membership'
      ? membershipFulfiller(deps)
      : goodsFulfiller(deps);
const now = async (order: Order) => (await findOrder(db, order.orderNo)) as Order;

async function claimed(slug: string, userId?: number): Promise<Order> {
  const order = await aPaidOrder(db, { slug, ...(userId === undefined ? {} : { userId }) });
  await claimPaid(db, HOLDER, 100);
  return now(order);
}

const run = (order: Order, fulfiller = fulfillerOf(order)) =>
  runOrder(deps, fulfiller, order, 'A', new AbortController().signal);

/** Rests are over, and the same worker takes it again. */
async function again(order: Order): Promise<void> {
  await changed(db, `update orders set due_at = now(), lease_owner = null where id = :id and status = 'generating'`, {
    id: order.id,
  });
  await takeOverDue(db, HOLDER, 100);
  await run(await now(order));
}

/** What the sender does: the message is out, the order ends. */
async function send(order: Order): Promise<void> {
  await changed(db, `update outbox set status = 'sent', sent_at = now() where order_id = :id and delivers`, {
    id: order.id,
  });
  await completeIfDelivered(db, order.id);
}

async function said(order: Order) {
  const found = await rows<{ payload: Buffer; delivers: boolean }>(
    db,
    'select payload, delivers from outbox where order_id = :id and chat_id > 0 order by id',
    { id: order.id },
  );
  return found.map(({ payload, delivers }) => {
    const { template, params } = openPayload(testVault, { payload } as Parameters<typeof openPayload>[1]);
    return { template, params, delivers };
  });
}
const refunds = (order: Order) => rows(db, 'select status from refund_records where order_id = :id', { id: order.id });
const alarms = (order: Order) =>
  rows<{ key: string }>(db, 'select dedupe_key as key from outbox where order_id = :id and chat_id < 0 order by id', {
    id: order.id,
  }).then((all) => all.map(({ key }) => key));

describe('coins', () => {
  test('are credited with their bonus, told, and the order completes when that is sent', async () => {
    const user = await aUser(db);
    const order = await claimed('coins-2', user.id);
    await run(order);
    expect(await coinBalance(db, user.id)).toBe(310);
    expect(await now(order)).toMatchObject({ status: 'generating', delivery: 'sending' });
    const messages = await said(order);
    expect(messages[0]?.template).toBe('order_paid_at_once');
    expect(messages.at(-1)).toMatchObject({ template: 'coins_credited', params: { coins: 310 }, delivers: true });
    await send(order);
    expect(await now(order)).toMatchObject({ status: 'completed', delivery: 'delivered' });
    expect(await row(db, 'select cause, reason from coin_ledger where order_id = :id', { id: order.id })).toEqual({
      cause: `credit:${order.orderNo}`,
      reason: 'purchase',
    });
  });

  test('of a buyer without a chat complete at once', async () => {
    const user = await aUser(db);
    await changed(db, 'update users set telegram_id = null where id = :id', { id: user.id });
    const order = await claimed('coins-1', user.id);
    await run(order);
    expect(await now(order)).toMatchObject({ status: 'completed', delivery: 'delivered' });
    expect(await coinBalance(db, user.id)).toBe(100);
  });

  test('are given once though the worker dies and the order is taken over', async () => {
    const user = await aUser(db);
    const order = await claimed('coins-1', user.id);
    await run(order);
    await run(await now(order));
    await again(order);
    expect(await coinBalance(db, user.id)).toBe(100);
    expect(await rows(db, 'select 1 from outbox where order_id = :id and delivers', { id: order.id })).toHaveLength(1);
  });

  test('whose order a refund takes away at that very moment are not given', async () => {
    const user = await aUser(db);
    const order = await claimed('coins-1', user.id);
    const fulfiller = coinsFulfiller({
      ...deps,
      confirm: async () => {
        await db.transaction((tx) =>
          failAndRefund(tx, {
            orderId: order.id,
            orderNo: order.orderNo,
            owner: null,
            reason: 'refund_asked',
            by: 'buyer',
          }),
        );
        return 'confirmed';
      },
    });
    await run(order, fulfiller);
    expect(await coinBalance(db, user.id)).toBe(0);
    expect(await now(order)).toMatchObject({ status: 'failed', reason: 'refund_asked' });
    expect((await said(order)).filter(({ template }) => template === 'coins_credited')).toEqual([]);
  });

  test('and a refund race: of many, each order is either refunded or credited, never both', async () => {
    const user = await aUser(db);
    const orders = await Promise.all(
      Array.from({ length: 12 }, () => aPaidOrder(db, { slug: 'coins-1', userId: user.id })),
    );
    await claimPaid(db, HOLDER, 100);
    await Promise.all(
      orders.map(async (each) => {
        const order = await now(each);
        const refund = db
          .transaction((tx) =>
            failAndRefund(tx, {
              orderId: order.id,
              orderNo: order.orderNo,
              owner: null,
              reason: 'refund_asked',
              by: 'buyer',
            }),
          )
          .catch(() => undefined);
        await Promise.all([run(order), refund]);
      }),
    );
    const ended = await Promise.all(orders.map(now));
    const failed = ended.filter(({ status }) => status === 'failed').length;
    expect(await coinBalance(db, user.id)).toBe((orders.length - failed) * 100);
  });

  test('fifty orders of one buyer at once add up', async () => {
    const user = await aUser(db);
    const orders: Order[] = [];
    for (let n = 0; n < 50; n += 1) orders.push(await aPaidOrder(db, { slug: 'coins-1', userId: user.id }));
    await claimPaid(db, HOLDER, 100);
    await Promise.all(orders.map(async (order) => run(await now(order))));
    expect(await coinBalance(db, user.id)).toBe(5_000);
    expect(await coinsAddUp(db)).toBe(true);
  });

  test('wait while the gateway cannot be asked, and are given when it answers', async () => {
    const user = await aUser(db);
    answer = 'unknown';
    const order = await claimed('coins-1', user.id);
    for (let n = 0; n < 6; n += 1) await again(order);
    expect(await now(order)).toMatchObject({ status: 'generating', delivery: 'none' });
    expect(await coinBalance(db, user.id)).toBe(0);
    expect((await said(order))[0]?.template).toBe('order_paid_at_once');
    answer = 'confirmed';
    await again(order);
    expect(await coinBalance(db, user.id)).toBe(100);
  });

  test('of a payment that the gateway keeps denying are not given, and operators are alarmed', async () => {
    const user = await aUser(db);
    answer = 'denied';
    const order = await claimed('coins-1', user.id);
    await run(order);
    expect((await now(order)).status).toBe('generating');
    for (let n = 0; n < 3; n += 1) await again(order);
    answer = 'confirmed';
    expect(await now(order)).toMatchObject({ status: 'failed', reason: 'payment_not_confirmed' });
    expect(await coinBalance(db, user.id)).toBe(0);
    expect(await alarms(order)).toEqual([`alarm:denied:${order.orderNo}`, `alarm:failed:${order.orderNo}`]);
  });
});

describe('a membership', () => {
  test('begins, and its buyer reads until when; a second one is added behind', async () => {
    const user = await aUser(db);
    const first = await claimed('member-month', user.id);
    await run(first);
    const { active, expiresAt } = await membershipOf(db, user.id);
    expect(active).toBe(true);
    const message = (await said(first)).at(-1);
    expect(message).toMatchObject({ template: 'membership_active', delivers: true });
    expect(String(message?.params?.until)).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    await send(first);
    expect((await now(first)).status).toBe('completed');
    await run(await claimed('member-year', user.id));
    const longer = await membershipOf(db, user.id);
    expect((longer.expiresAt?.getTime() ?? 0) - (expiresAt?.getTime() ?? 0)).toBeGreaterThan(364 * 86_400_000);
  });

  test('a crash between its beginning and the message gives it once, and the message comes', async () => {
    const user = await aUser(db);
    const order = await claimed('member-month', user.id);
    const whole = membershipFulfiller(deps);
    const dying: Fulfiller = { ...whole, stages: (each) => whole.stages(each).slice(0, 2) };
    await run(order, dying);
    expect((await said(order)).map(({ template }) => template)).not.toContain('membership_active');
    const before = await membershipOf(db, user.id);
    expect(before.active).toBe(true);
    await again(order);
    expect((await said(order)).at(-1)?.template).toBe('membership_active');
    expect(await membershipOf(db, user.id)).toEqual(before);
  });

  test('whose order was taken away does not begin', async () => {
    const user = await aUser(db);
    const order = await claimed('member-month', user.id);
    await changed(db, `update orders set lease_owner = 'B' where id = :id`, { id: order.id });
    await run(order);
    expect((await membershipOf(db, user.id)).active).toBe(false);
  });

  test('is the same by its cause, whoever activates it', async () => {
    const user = await aUser(db);
    const order = await claimed('member-month', user.id);
    await run(order);
    const cause = membershipCause(order.orderNo);
    const same = { userId: user.id, productSlug: 'member-month', months: 1, cause, orderId: order.id, actor: 'test' };
    expect(await activateMembership(db, same)).toBe(false);
  });
});

describe('codes', () => {
  const stock = async (count: number) => {
    const codes = Array.from({ length: count }, () => `CODE-${Math.random().toString(36).slice(2)}`);
    await addCodes(db, testVault, { slug: 'gift-card', codes, actor: 'test' });
    return codes;
  };
  const shown = async (order: Order) =>
    row<{ sold: number; shown: number }>(
      db,
      `select count(*) filter (where status = 'sold') as sold, count(shown_at) as shown from inventory_items where order_id = :id`,
      { id: order.id },
    );

  test('are sent once paid, encrypted on the way, and count as seen only when that was sent', async () => {
    const [code] = await stock(1);
    const order = await claimed('gift-card');
    await run(order);
    const message = (await said(order)).at(-1);
    expect(message).toMatchObject({ template: 'goods_codes', params: { codes: code }, delivers: true });
    const raw = await rows<{ payload: Buffer }>(db, 'select payload from outbox where order_id = :id', {
      id: order.id,
    });
    expect(raw.some(({ payload }) => payload.includes(code ?? 'CODE'))).toBe(false);
    expect(await shown(order)).toEqual({ sold: 1, shown: 0 });
    await send(order);
    expect((await now(order)).status).toBe('completed');
    expect(await shown(order)).toEqual({ sold: 1, shown: 1 });
  });

  test('of a buyer without a chat are complete and not yet seen', async () => {
    await stock(1);
    const user = await aUser(db);
    await changed(db, 'update users set telegram_id = null where id = :id', { id: user.id });
    const order = await claimed('gift-card', user.id);
    await run(order);
    expect(await now(order)).toMatchObject({ status: 'completed', delivery: 'delivered' });
    expect(await shown(order)).toEqual({ sold: 1, shown: 0 });
  });

  test('that were sold to others meanwhile: the late order fails as sold out and is refunded', async () => {
    await changed(db, `update inventory_items set status = 'withdrawn' where status = 'available'`);
    await changed(db, `update products set stock = 0 where slug = 'gift-card'`);
    await stock(1);
    const order = await aPaidOrder(db, { slug: 'gift-card' });
    await changed(db, `update orders set stock_state = 'released' where id = :id`, { id: order.id });
    await changed(db, `update inventory_items set status = 'withdrawn', order_id = null where order_id = :id`, {
      id: order.id,
    });
    await claimPaid(db, HOLDER, 100);
    await run(await now(order));
    expect(await now(order)).toMatchObject({ status: 'failed', reason: 'sold_out' });
    expect(await refunds(order)).toEqual([{ status: 'requested' }]);
    expect((await said(order)).map(({ template }) => template)).not.toContain('goods_codes');
  });

  test('of an order that fails before they were sent are sold again', async () => {
    const before = (await findProduct(db, 'gift-card'))?.stock ?? 0;
    await stock(1);
    const order = await claimed('gift-card');
    const whole = goodsFulfiller(deps);
    await run(order, { ...whole, stages: (each) => whole.stages(each).slice(0, 2) });
    expect(await codesOfOrder(db, testVault, order.id, false)).toHaveLength(1);
    await db.transaction((tx) =>
      failAndRefund(tx, {
        orderId: order.id,
        orderNo: order.orderNo,
        owner: null,
        reason: 'refund_asked',
        by: 'buyer',
      }),
    );
    expect((await findProduct(db, 'gift-card'))?.stock).toBe(before + 1);
    await again(order);
    expect((await said(order)).map(({ template }) => template)).not.toContain('goods_codes');
  });
});

describe('goods by hand', () => {
  test('wait for the person, whose note completes the order; operators are told at once', async () => {
    await setStock(db, { slug: 'consult', stock: 5, actor: 'test' });
    const order = await claimed('consult');
    await run(order);
    await again(order);
    expect(await now(order)).toMatchObject({ status: 'generating', delivery: 'none' });
    expect((await said(order))[0]?.template).toBe('order_paid_by_hand');
    expect(await alarms(order)).toEqual([`alarm:by_hand:${order.orderNo}`]);
    const result = testVault.seal('order_steps.result', { note: '已加您微信', by: 'anna' });
    await changed(
      db,
      'insert into order_steps (order_id, step, result, finished_at) values (:id, :step, :result, now())',
      { id: order.id, step: BY_HAND, result },
    );
    await again(order);
    expect((await said(order)).at(-1)).toMatchObject({ template: 'goods_handed_over', params: { note: '已加您微信' } });
    await send(order);
    expect((await now(order)).status).toBe('completed');
    expect((await findProduct(db, 'consult'))?.stock).toBe(4);
  });

  test('of an unpaid order nothing is done', async () => {
    const order = await anUnpaidOrder(db, { slug: 'consult' });
    await claimPaid(db, HOLDER, 100);
    expect((await now(order)).status).toBe('pending_payment');
  });
});
