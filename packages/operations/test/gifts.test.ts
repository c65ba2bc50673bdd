import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Db, row, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { failOrder } from '@mingdan/fulfilment';
import { pause } from '@mingdan/kernel';
import {
  claimGift,
  completeIfDelivered,
  type GiftClaim,
  giftOfOrder,
  membershipOf,
  type Order,
  recordNotice,
  settleRefund,
} from '@mingdan/orders';
import { anAttempt, aUser, paidNotice, testDatabase, testVault } from '@mingdan/orders/testing';
import { afterRefund, askForRefund, type OperationDeps } from '../src/index.ts';
import { FakeGateway, operationDeps } from './fake-gateway.ts';
import { fulfil, now, orderOf, sent } from './support.ts';

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

/** Bought for somebody else, paid, and its link in the buyer's chat. */
async function aGift(slug: string): Promise<{ order: Order; token: string; buyer: number }> {
  const { id: buyer } = await aUser(db);
  const order = await orderOf(db, slug, { userId: buyer, gift: true });
  await anAttempt(db, order, `PAY-${order.orderNo}`);
  await recordNotice(db, paidNotice(order));
  await fulfil(deps, order);
  const said = await row<{ payload: Buffer }>(db, 'select payload from outbox where dedupe_key = :key', {
    key: `gift:${order.orderNo}`,
  });
  const message = JSON.stringify(testVault.open('outbox.payload', said?.payload ?? Buffer.alloc(0)));
  const token = /start=gift_([\w-]{43})/.exec(message)?.[1];
  if (token === undefined) throw new Error(`no link in ${message}`);
  return { order: await sent(db, order), token, buyer };
}

const giftOf = ({ id }: Order) =>
  row<{ claimedBy: number | null; revoked: boolean; claimedOrderId: number | null }>(
    db,
    'select claimed_by as "claimedBy", revoked_at is not null as revoked, claimed_order_id as "claimedOrderId" from gifts where order_id = :id',
    { id },
  );

const giftIdOf = (claim: GiftClaim): number => {
  if (!('giftId' in claim)) throw new Error(`not claimed: ${claim.outcome}`);
  return claim.giftId;
};

const ask = (order: Order, by: 'buyer' | 'operator' = 'buyer') =>
  askForRefund(deps, { orderNo: order.orderNo, reason: 'x', by });

async function moneyIsBack(order: Order): Promise<void> {
  await db.transaction(async (tx) => {
    const refund = await row<{ refundId: string; orderId: number; reason: string }>(
      tx,
      'select refund_id as "refundId", order_id as "orderId", reason from refund_records where order_id = :id',
      { id: order.id },
    );
    if (!refund) throw new Error('no refund');
    await settleRefund(tx, refund.refundId, 'succeeded', null);
    await afterRefund(deps, tx, { ...refund, status: 'succeeded' });
  });
}

const fail = (order: Order) =>
  db.transaction((tx) =>
    failOrder({ ...deps, operatorChatId: null }, tx, order, { reason: 'model_failed', owner: null, by: 'test' }),
  );

describe('a gift', () => {
  test('is completed by its link; nothing is written, and only the digest of the link is kept', async () => {
    const { order, token } = await aGift('bazi-basic');
    expect(order).toMatchObject({ status: 'completed', delivery: 'delivered', kind: 'report', gift: true });
    const steps = await rows<{ step: string }>(db, 'select step from order_steps where order_id = :id order by step', {
      id: order.id,
    });
    expect(steps.map(({ step }) => step)).toEqual(['confirm', 'gift', 'tell']);
    const kept = await row<{ text: string }>(db, 'select gifts::text as text from gifts where order_id = :id', {
      id: order.id,
    });
    expect(kept?.text).not.toContain(token);
  });

  test('claimed by twenty at once goes to exactly one, who may open it again', async () => {
    const { order, token } = await aGift('bazi-basic');
    const people = await Promise.all(Array.from({ length: 20 }, () => aUser(db)));
    const answers = await Promise.all(people.map(({ id }) => claimGift(db, token, id)));
    expect(answers.filter(({ outcome }) => outcome === 'claimed')).toHaveLength(1);
    expect(answers.filter(({ outcome }) => outcome === 'taken')).toHaveLength(19);
    const winner = (await giftOf(order))?.claimedBy ?? 0;
    expect(people[answers.findIndex(({ outcome }) => outcome === 'claimed')]?.id).toBe(winner);
    expect(await claimGift(db, token, winner)).toMatchObject({ outcome: 'yours' });
  });

  test('cannot be claimed by its buyer, nor with a wrong link', async () => {
    const { token, buyer } = await aGift('bazi-basic');
    const { id } = await aUser(db);
    expect(await claimGift(db, token, buyer)).toEqual({ outcome: 'own' });
    expect(await claimGift(db, randomBytes(32).toString('base64url'), id)).toEqual({ outcome: 'unknown' });
    expect(await claimGift(db, 'x', id)).toEqual({ outcome: 'unknown' });
    expect(await claimGift(db, token, id)).toMatchObject({ outcome: 'claimed' });
  });

  test('of a membership begins it at once, once', async () => {
    const { token } = await aGift('member-month');
    const { id } = await aUser(db);
    await claimGift(db, token, id);
    await claimGift(db, token, id);
    expect((await membershipOf(db, id)).active).toBe(true);
    expect(await rows(db, 'select 1 from membership_periods where user_id = :id', { id })).toHaveLength(1);
  });
});

describe('a gift of a buyer without an account', () => {
  test('goes to the address of its order, and its link can be read again', async () => {
    const order = await orderOf(db, 'member-month', { userId: null, gift: true, email: 'giver@example.com' });
    await anAttempt(db, order, `PAY-${order.orderNo}`);
    await recordNotice(db, paidNotice(order));
    await fulfil(deps, order);
    const said = await row<{ payload: Buffer; mailTo: Buffer }>(
      db,
      'select payload, mail_to as "mailTo" from outbox where dedupe_key = :key',
      { key: `gift:${order.orderNo}` },
    );
    const gift = await giftOfOrder(db, testVault, order.id);
    expect(gift).toMatchObject({ state: 'open', token: expect.stringMatching(/^[\w-]{43}$/) });
    expect(JSON.stringify(testVault.open('outbox.payload', said?.payload ?? Buffer.alloc(0)))).toContain(
      `https://mingdan.example/gift/${gift?.token}`,
    );
    expect(said?.mailTo).not.toBeNull();
    await completeIfDelivered(db, order.id);
    expect(await now(db, order)).toMatchObject({ status: 'completed' });
  });
});

describe('the report of a gift', () => {
  test('costs nothing and is ordered once, however many ask at once', async () => {
    const { token } = await aGift('bazi-full');
    const { id } = await aUser(db);
    const claimsGift = giftIdOf(await claimGift(db, token, id));
    const tries = await Promise.allSettled(
      Array.from({ length: 5 }, () => orderOf(db, 'bazi-full', { userId: id, claimsGift })),
    );
    const made = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(made).toHaveLength(1);
    expect(made[0]).toMatchObject({ status: 'paid', amount: { minor: 0 }, claimsGift });
    for (const one of tries)
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'gift_not_valid' });
    expect(await claimGift(db, token, id)).toMatchObject({ outcome: 'yours', orderNo: made[0]?.orderNo });
  });

  test('is paid for by a gift of that very product, in the hands of who claimed it', async () => {
    const { token } = await aGift('bazi-basic');
    const [one, other] = [await aUser(db), await aUser(db)];
    const claimsGift = giftIdOf(await claimGift(db, token, one.id));
    await expect(orderOf(db, 'bazi-full', { userId: one.id, claimsGift })).rejects.toMatchObject({
      code: 'gift_not_valid',
    });
    await expect(orderOf(db, 'bazi-basic', { userId: other.id, claimsGift })).rejects.toMatchObject({
      code: 'gift_not_valid',
    });
  });

  test('that fails lets the link be claimed again, and its claimer hears of it', async () => {
    const { order, token } = await aGift('bazi-basic');
    const [one, other] = [await aUser(db), await aUser(db)];
    const claimsGift = giftIdOf(await claimGift(db, token, one.id));
    const report = await orderOf(db, 'bazi-basic', { userId: one.id, claimsGift });
    await fail(report);
    expect(await giftOf(order)).toEqual({ claimedBy: null, revoked: false, claimedOrderId: null });
    expect(
      await rows(db, 'select 1 from outbox where dedupe_key = :key', { key: `gift-again:${report.orderNo}` }),
    ).toHaveLength(1);
    expect(giftIdOf(await claimGift(db, token, other.id))).toBe(claimsGift);
    expect(await orderOf(db, 'bazi-basic', { userId: other.id, claimsGift })).toMatchObject({ status: 'paid' });
  });
});

/** Both wait for the row of the gift, and are let go together. */
async function atOnce(order: Order, acts: readonly (() => Promise<{ outcome: string }>)[]): Promise<string[]> {
  const started = await db.transaction(async (tx) => {
    await row(tx, 'select 1 from gifts where order_id = :id for update', { id: order.id });
    const running: Promise<{ outcome: string }>[] = [];
    for (const act of acts) {
      running.push(act());
      await pause(30);
    }
    return { running };
  });
  return (await Promise.all(started.running)).map(({ outcome }) => outcome);
}

describe('a refund of a gift', () => {
  test('nobody has claimed goes through and ends its link', async () => {
    const { order, token } = await aGift('bazi-basic');
    expect(await ask(order)).toMatchObject({ outcome: 'requested' });
    expect(await claimGift(db, token, (await aUser(db)).id)).toEqual({ outcome: 'revoked' });
  });

  test('that is claimed goes to the operators, and the claim stays', async () => {
    const { order, token } = await aGift('bazi-basic');
    const { id } = await aUser(db);
    await claimGift(db, token, id);
    expect(await ask(order)).toMatchObject({ outcome: 'with_operators' });
    expect(await giftOf(order)).toMatchObject({ claimedBy: id, revoked: false });
  });

  test('by an operator ends the membership that was claimed, when the money is back', async () => {
    const { order, token } = await aGift('member-month');
    const { id } = await aUser(db);
    await claimGift(db, token, id);
    expect(await ask(order, 'operator')).toMatchObject({ outcome: 'requested' });
    expect((await membershipOf(db, id)).active).toBe(true);
    await moneyIsBack(order);
    expect((await membershipOf(db, id)).active).toBe(false);
  });

  test('by an operator leaves no report to be ordered for it', async () => {
    const { order, token } = await aGift('bazi-basic');
    const { id } = await aUser(db);
    const claimsGift = giftIdOf(await claimGift(db, token, id));
    await ask(order, 'operator');
    await expect(orderOf(db, 'bazi-basic', { userId: id, claimsGift })).rejects.toMatchObject({
      code: 'gift_not_valid',
    });
  });

  test('at the moment of its claim: exactly one of the two wins', async () => {
    const won: string[] = [];
    for (let round = 0; round < 12; round += 1) {
      const { order, token } = await aGift(round % 2 === 0 ? 'bazi-basic' : 'member-month');
      const { id } = await aUser(db);
      const acts = [() => claimGift(db, token, id), () => ask(order)];
      if (round % 4 < 2) acts.reverse();
      const outcomes = await atOnce(order, acts);
      const claimed = outcomes.includes('claimed');
      expect(outcomes.includes(claimed ? 'with_operators' : 'revoked')).toBe(true);
      expect(outcomes.includes('requested')).toBe(!claimed);
      expect(await giftOf(order)).toMatchObject({ claimedBy: claimed ? id : null, revoked: !claimed });
      won.push(claimed ? 'claim' : 'refund');
    }
    expect(new Set(won)).toEqual(new Set(['claim', 'refund']));
  });
});
