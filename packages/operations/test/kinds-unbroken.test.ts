import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { changed, type Db, row, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { pause } from '@mingdan/kernel';
import {
  addCodes,
  coinBalance,
  completeIfDelivered,
  decideWithdrawal,
  earningsOf,
  expire,
  findProduct,
  forgetUser,
  grantCoins,
  membershipCause,
  membershipOf,
  type NewOrder,
  type Order,
  parkDelivery,
  promoterOf,
  recordNotice,
  refundOfOrder,
  rememberPromoter,
  requestWithdrawal,
  revokeMembership,
  setStock,
  settleRefund,
  syncMembership,
} from '@mingdan/orders';
import { anAttempt, aUser, paidNotice, testDatabase, testVault } from '@mingdan/orders/testing';
import { afterRefund, askForRefund, deliverByHand, type OperationDeps, readGoods } from '../src/index.ts';
import { FakeGateway, operationDeps } from './fake-gateway.ts';
import { fulfil, now, orderOf, sent } from './support.ts';

/** What somebody found who tried to break coins, memberships, goods, coupons, gifts and promoters; each mended by migrations/0016 and around it. */
let database: TestDatabase;
let db: Db;
let deps: OperationDeps;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());
beforeEach(() => {
  deps = operationDeps(db, new FakeGateway());
});

async function pay(order: Order, paymentId = `PAY-${order.orderNo}`) {
  await anAttempt(db, order, paymentId);
  return recordNotice(db, paidNotice(order, { paymentId }));
}

async function bought(slug: string, wish: Partial<NewOrder> = {}): Promise<Order> {
  const order = await orderOf(db, slug, wish);
  await pay(order);
  await fulfil(deps, order);
  return sent(db, order);
}

/** As the worker does it: settled by the gateway, then told. */
async function ends(refundId: string, status: 'succeeded' | 'failed'): Promise<void> {
  await settleRefund(db, refundId, status, null);
  await db.transaction(async (tx) => {
    const refund = await row<{ refundId: string; orderId: number; status: string; reason: string }>(
      tx,
      `update refund_records set told_at = now() where refund_id = :refundId returning refund_id as "refundId", order_id as "orderId", status, reason`,
      { refundId },
    );
    if (refund) await afterRefund(deps, tx, refund);
  });
}

async function refund(order: Order, minor?: number): Promise<string> {
  const { refundId } = await askForRefund(deps, {
    orderNo: order.orderNo,
    reason: 'x',
    by: 'operator',
    ...(minor === undefined ? {} : { amount: { minor, currency: 'CNY' } }),
  });
  if (refundId === undefined) throw new Error('no refund');
  return refundId;
}

const periods = (userId: number) =>
  rows<{ revoked: boolean; from: number; to: number }>(
    db,
    `select revoked_at is not null as revoked, round(extract(epoch from starts_at - now()) / 86400)::integer as from,
            round(extract(epoch from ends_at - now()) / 86400)::integer as to from membership_periods where user_id = :userId order by id`,
    { userId },
  );
const daysGoBy = (userId: number, days: number) =>
  changed(
    db,
    `update membership_periods set starts_at = starts_at - make_interval(days => :days), ends_at = ends_at - make_interval(days => :days),
            created_at = created_at - make_interval(days => :days) where user_id = :userId`,
    { userId, days },
  );

describe('a coupon', () => {
  test('and stock are taken and given back in one order: nobody waits for somebody who waits for them', async () => {
    await changed(db, `insert into coupons (code, percent, most_uses_each) values ('DEAD', 10, 1000)`);
    await setStock(db, { slug: 'consult', stock: 100, actor: 'test' });
    const order = await orderOf(db, 'consult', { coupon: 'DEAD' });
    let ending: Promise<boolean> = Promise.resolve(false);
    let beginnings = 0;
    // What createOrder does of both, with the end of another order in between.
    await db.transaction(async (tx) => {
      beginnings += 1;
      await changed(tx, `update coupons set uses = uses + 1 where code = 'DEAD'`);
      if (beginnings === 1) ending = expire(db, order.id, 'cancelled', 'buyer');
      await pause(200);
      await changed(tx, `update products set stock = stock - 1 where slug = 'consult'`);
    });
    expect(await ending).toBe(true);
    expect(beginnings).toBe(1);
    await setStock(db, { slug: 'consult', stock: null, actor: 'test' });
  });

  test('with one use that came back five times pays one order: what comes late for the others is held', async () => {
    await changed(
      db,
      `insert into coupons (code, amount_minor, most_uses, most_uses_each) values ('ONCE', 20000, 1, 1)`,
    );
    const { id: userId } = await aUser(db);
    const orders: Order[] = [];
    for (let place = 0; place < 5; place += 1) {
      const order = await orderOf(db, 'member-year', { userId, coupon: 'ONCE' });
      await expire(db, order.id, 'cancelled', 'buyer');
      orders.push(order);
    }
    const verdicts = [];
    for (const order of orders) verdicts.push((await pay(order)).verdict);
    expect(verdicts).toEqual(['paid', ...Array.from({ length: 4 }, () => 'coupon_used_up')]);
    expect(await row(db, `select uses from coupons where code = 'ONCE'`)).toEqual({ uses: 1 });
  });
});

describe('a membership', () => {
  test('that pushed up after a refund stays where it is when all is derived anew', async () => {
    const { id } = await aUser(db);
    const first = await bought('member-month', { userId: id });
    await bought('member-month', { userId: id });
    await daysGoBy(id, 20);
    await ends(await refund(first), 'succeeded');
    const before = await periods(id);
    expect(before[1]).toMatchObject({ revoked: false, from: 0 });
    expect(await syncMembership(db, id)).toBe(0);
    expect(await periods(id)).toEqual(before);
  });

  test('leaves no gap when two before it are taken away at once', async () => {
    const { id } = await aUser(db);
    const bundle = [];
    for (let place = 0; place < 3; place += 1) bundle.push(await bought('member-month', { userId: id }));
    await daysGoBy(id, 5);
    const [first, second] = bundle as [Order, Order];
    let other: Promise<unknown> = Promise.resolve();
    await db.transaction(async (tx) => {
      await revokeMembership(tx, membershipCause(first.orderNo));
      other = db.transaction((tx2) => revokeMembership(tx2, membershipCause(second.orderNo)));
      await pause(200);
    });
    await other;
    expect((await membershipOf(db, id)).active).toBe(true);
    expect((await periods(id))[2]).toMatchObject({ from: 0 });
  });

  test('that was paid twice ends when what paid it is back, whichever of the two comes first', async () => {
    const { id } = await aUser(db);
    const order = await bought('member-year', { userId: id });
    await recordNotice(db, paidNotice(order, { paymentId: `SECOND-${order.orderNo}` }));
    const second = await row<{ id: string }>(db, 'select refund_id as id from refund_records where order_id = :id', {
      id: order.id,
    });
    await ends(await refund(order), 'succeeded');
    expect((await membershipOf(db, id)).active).toBe(false);
    await ends(second?.id ?? '', 'succeeded');
    expect((await membershipOf(db, id)).active).toBe(false);
  });

  test('whose money went back in the console before it was given is not given', async () => {
    const { id } = await aUser(db);
    const order = await orderOf(db, 'member-year', { userId: id });
    await pay(order);
    const { verdict } = await recordNotice(db, {
      ...paidNotice(order),
      eventId: `refunded:${order.orderNo}`,
      kind: 'refunded',
      refundId: `out-${order.orderNo}`,
    });
    expect(verdict).toBe('refunded_at_gateway');
    await fulfil(deps, order);
    expect(await now(db, order)).toMatchObject({ status: 'failed', reason: 'refunded_at_gateway' });
    expect((await membershipOf(db, id)).active).toBe(false);
    expect(await refundOfOrder(db, order.id)).toEqual({ status: 'succeeded', whole: true });
  });
});

describe('a gift', () => {
  test('whose refund failed can be claimed again', async () => {
    const { id } = await aUser(db);
    const order = await bought('member-month', { userId: id, gift: true });
    await ends(await refund(order), 'failed');
    expect(await row(db, 'select revoked_at as "revokedAt" from gifts where order_id = :id', { id: order.id })).toEqual(
      {
        revokedAt: null,
      },
    );
  });
});

describe('stock', () => {
  test('that was not counted when it was taken does not come back as counted', async () => {
    await setStock(db, { slug: 'consult', stock: null, actor: 'test' });
    const order = await orderOf(db, 'consult', { quantity: 5 });
    await setStock(db, { slug: 'consult', stock: 2, actor: 'test' });
    await expire(db, order.id, 'expired', 'test');
    expect((await findProduct(db, 'consult'))?.stock).toBe(2);
    await setStock(db, { slug: 'consult', stock: null, actor: 'test' });
  });

  test('is taken by the person who delivers, who is told where there is none left', async () => {
    await setStock(db, { slug: 'consult', stock: 1, actor: 'test' });
    const order = await orderOf(db, 'consult');
    await expire(db, order.id, 'cancelled', 'buyer');
    await setStock(db, { slug: 'consult', stock: 0, actor: 'test' });
    await pay(order);
    await expect(deliverByHand(deps, { orderNo: order.orderNo, note: 'done', by: 'op' })).rejects.toMatchObject({
      code: 'sold_out',
    });
    await setStock(db, { slug: 'consult', stock: null, actor: 'test' });
  });

  test('of codes nobody has seen is still shown after a part of the money went back', async () => {
    await addCodes(db, testVault, { slug: 'gift-card', codes: ['PART-1'], actor: 'test' });
    const order = await orderOf(db, 'gift-card');
    await pay(order);
    await fulfil(deps, order);
    await changed(db, `update outbox set status = 'parked' where order_id = :id and delivers`, { id: order.id });
    await changed(db, `update orders set delivery_started_at = now() - interval '80 hours' where id = :id`, {
      id: order.id,
    });
    await parkDelivery(db, 72);
    await ends(await refund(order, 100), 'succeeded');
    expect((await readGoods(deps, await now(db, order)))?.codes).toEqual(['PART-1']);
  });
});

describe('a refund of the rest', () => {
  test('is told as what it is', async () => {
    const order = await bought('member-year');
    await ends(await refund(order, 26_000), 'succeeded');
    const answer = await askForRefund(deps, { orderNo: order.orderNo, reason: 'x', by: 'operator' });
    expect(answer).toMatchObject({ outcome: 'requested', amount: { minor: 900, currency: 'CNY' } });
  });

  test('of coins takes the coins of that rest, and not of all', async () => {
    const { id: userId } = await aUser(db);
    const order = await bought('coins-1', { userId });
    await grantCoins(db, { userId, amount: 100, reason: 'test', actor: 'test' });
    await ends(await refund(order, 900), 'succeeded');
    const before = await coinBalance(db, userId);
    const answer = await askForRefund(deps, { orderNo: order.orderNo, reason: 'x', by: 'operator' });
    expect(answer.amount).toEqual({ minor: 90, currency: 'CNY' });
    expect(before - (await coinBalance(db, userId))).toBe(9);
  });
});

describe('a promoter', () => {
  async function aPromotedOrder(slug: string): Promise<{ promoterId: number; order: Order }> {
    const { id: promoterUser } = await aUser(db);
    const promoter = await promoterOf(db, promoterUser);
    const { id: userId } = await aUser(db);
    await rememberPromoter(db, userId, promoter.code);
    const order = await bought(slug, { userId });
    await changed(db, `update promoter_credits set held_until = now() - interval '1 second' where promoter_id = :id`, {
      id: promoter.id,
    });
    return { promoterId: promoter.id, order };
  }
  const commission = (order: Order) =>
    row<{ minor: number }>(db, 'select commission_minor as minor from promoter_credits where order_id = :id', {
      id: order.id,
    });

  test('is not paid what a refund has taken since it was asked for', async () => {
    const { promoterId, order } = await aPromotedOrder('member-year');
    const wish = { promoterId, currency: 'CNY', destination: 'Alipay' } as const;
    const { id } = await requestWithdrawal(db, testVault, wish);
    await ends(await refund(order), 'succeeded');
    const decide = (status: 'paid' | 'rejected') => decideWithdrawal(db, { id, status, by: 'op', note: '' });
    await expect(decide('paid')).rejects.toMatchObject({ code: 'commission_shrank' });
    expect(await decide('rejected')).toBe(true);
    expect((await earningsOf(db, promoterId))[0]?.availableMinor ?? 0).toBe(0);
  });

  test('earns the rate of what is kept, however small the parts that went back', async () => {
    const { order } = await aPromotedOrder('member-month');
    for (let part = 0; part < 20; part += 1) await ends(await refund(order, 1), 'succeeded');
    expect(await commission(order)).toEqual({ minor: 288 });
  });

  test('earns nothing by an order that was refunded while it was being completed', async () => {
    const { id: promoterUser } = await aUser(db);
    const promoter = await promoterOf(db, promoterUser);
    const { id: userId } = await aUser(db);
    await rememberPromoter(db, userId, promoter.code);
    const order = await orderOf(db, 'member-year', { userId });
    await pay(order);
    await fulfil(deps, order);
    await changed(db, `update outbox set status = 'sent', sent_at = now() where order_id = :id and delivers`, {
      id: order.id,
    });
    let completing: Promise<unknown> = Promise.resolve();
    await db.transaction(async (tx) => {
      await recordNotice(tx, {
        ...paidNotice(order),
        eventId: `refunded:${order.orderNo}`,
        kind: 'refunded',
        refundId: `out-${order.orderNo}`,
      });
      completing = completeIfDelivered(db, order.id);
      await pause(200);
    });
    await completing;
    expect((await earningsOf(db, promoter.id))[0]?.availableMinor ?? 0).toBe(0);
    expect((await earningsOf(db, promoter.id))[0]?.heldMinor ?? 0).toBe(0);
  });

  test('who asks to be forgotten leaves no account of theirs behind', async () => {
    const { promoterId } = await aPromotedOrder('member-year');
    const { id } = await requestWithdrawal(db, testVault, { promoterId, currency: 'CNY', destination: 'Alipay anna' });
    await decideWithdrawal(db, { id, status: 'paid', by: 'op', note: '' });
    const owner = await row<{ id: number }>(db, 'select user_id as id from promoters where id = :promoterId', {
      promoterId,
    });
    await forgetUser(db, owner?.id ?? 0);
    expect(await row(db, 'select destination from promoter_withdrawals where id = :id', { id })).toEqual({
      destination: null,
    });
  });
});
