import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { changed, type Db, row } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import {
  completeIfDelivered,
  decideWithdrawal,
  earningsOf,
  type Order,
  openDestination,
  promoterOf,
  rememberPromoter,
  requestWithdrawal,
  settleRefund,
  withdrawals,
} from '../src/index.ts';
import { aPaidOrder, aUser, testDatabase, testVault } from '../src/testing.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());

async function promoter() {
  const user = await aUser(db);
  return { user, promoter: await promoterOf(db, user.id) };
}
/** An order of somebody who came by that code, delivered. */
async function sold(code: string): Promise<Order> {
  const buyer = await aUser(db);
  await rememberPromoter(db, buyer.id, code);
  const order = await aPaidOrder(db, { userId: buyer.id });
  await changed(db, `update orders set status = 'generating' where id = :id`, { id: order.id });
  await changed(db, `update orders set delivery = 'sending' where id = :id`, { id: order.id });
  await completeIfDelivered(db, order.id);
  return order;
}
const weekLater = (promoterId: number) =>
  changed(db, `update promoter_credits set held_until = now() - interval '1 second' where promoter_id = :promoterId`, {
    promoterId,
  });
const giveBack = async (order: Order, minor: number) => {
  const asked = await row<{ id: string }>(
    db,
    `select request_refund_of_payment('pingpong', provider_payment_id, 'test', 'test', :minor) as id from payment_transactions where order_id = :id`,
    { id: order.id, minor },
  );
  await settleRefund(db, asked?.id ?? '', 'succeeded', null);
};

describe('a promoter', () => {
  test('has one code, however often it is asked for', async () => {
    const { user, promoter: first } = await promoter();
    const again = await Promise.all([1, 2, 3].map(() => promoterOf(db, user.id)));
    expect(again).toEqual([first, first, first]);
  });

  test('earns a part of what was paid, held while a refund is likely', async () => {
    const { promoter: me } = await promoter();
    await sold(me.code);
    expect(await earningsOf(db, me.id)).toMatchObject([
      { currency: 'CNY', orders: 1, soldMinor: 1990, heldMinor: 199, availableMinor: 0 },
    ]);
    await weekLater(me.id);
    expect(await earningsOf(db, me.id)).toMatchObject([{ heldMinor: 0, availableMinor: 199 }]);
  });

  test('earns nothing by what was given back, and less by what was given back in part', async () => {
    const { promoter: me } = await promoter();
    const [whole, part] = [await sold(me.code), await sold(me.code)];
    await giveBack(whole, 1990);
    await giveBack(part, 990);
    await weekLater(me.id);
    expect(await earningsOf(db, me.id)).toMatchObject([{ orders: 1, soldMinor: 1000, availableMinor: 100 }]);
  });

  test('earns nothing by own orders, whatever link they came by', async () => {
    const { user, promoter: me } = await promoter();
    await rememberPromoter(db, user.id, me.code);
    await changed(db, 'update users set promoter_id = :promoterId where id = :id', { promoterId: me.id, id: user.id });
    const order = await aPaidOrder(db, { userId: user.id });
    await changed(db, `update orders set status = 'generating', delivery = 'sending' where id = :id`, { id: order.id });
    await completeIfDelivered(db, order.id);
    expect(await earningsOf(db, me.id)).toEqual([]);
  });

  test('gets all that is there by one request, once however often it is asked for at once', async () => {
    const { promoter: me } = await promoter();
    await sold(me.code);
    await weekLater(me.id);
    const wish = { promoterId: me.id, currency: 'CNY' as const, destination: 'Alipay anna@example.com' };
    const asked = await Promise.allSettled([1, 2, 3, 4].map(() => requestWithdrawal(db, testVault, wish)));
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const open = (await withdrawals(db, 'requested')).find(({ code }) => code === me.code);
    expect(open).toMatchObject({ amount: { minor: 199, currency: 'CNY' } });
    expect(open && openDestination(testVault, open)).toBe('Alipay anna@example.com');
    expect(await decideWithdrawal(db, { id: open?.id ?? 0, status: 'paid', by: 'op', note: '' })).toBe(true);
    expect(await decideWithdrawal(db, { id: open?.id ?? 0, status: 'rejected', by: 'op', note: '' })).toBe(false);
    expect(await earningsOf(db, me.id)).toMatchObject([{ availableMinor: 0, paidMinor: 199 }]);
    await expect(requestWithdrawal(db, testVault, wish)).rejects.toMatchObject({ code: 'nothing_available' });
  });
});
