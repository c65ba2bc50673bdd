import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { changed, type Db, openDatabase, row, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { randomToken } from '@mingdan/kernel';
import {
  coinBalance,
  coinEntries,
  coinPayment,
  coinsAddUp,
  findOrder,
  giveCoinsBack,
  grantCoins,
  type Order,
  payWithCoins,
  type User,
} from '../src/index.ts';
import { anUnpaidOrder, aUser, testDatabase } from '../src/testing.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());

const PRICE = 199;

/** A user with so many coins. */
async function rich(amount: number): Promise<User> {
  const user = await aUser(db);
  if (amount > 0) await grantCoins(db, { userId: user.id, amount, reason: 'test', actor: 'test' });
  return user;
}

/** An unpaid order of a user with an open payment of so many coins. */
async function orderFor(user: User, amount = PRICE): Promise<Order> {
  const order = await anUnpaidOrder(db, { userId: user.id });
  await row(
    db,
    `insert into payment_attempts (order_id, provider, method, gateway_order_id, amount_minor, currency) values (:id, 'points', 'POINTS', :orderNo, :amount, 'COIN')`,
    { id: order.id, orderNo: order.orderNo, amount },
  );
  return order;
}

const pay = (order: Order, amount = PRICE, userId = order.userId ?? 0, connection = db) =>
  payWithCoins(connection, { gatewayOrderId: order.orderNo, userId, amount: { minor: amount, currency: 'COIN' } });
const status = async (order: Order) => (await findOrder(db, order.orderNo))?.status;
const giveBack = (order: Order, amount: number, refundId = randomToken()) =>
  giveCoinsBack(db, { refundId, gatewayOrderId: order.orderNo, amount: { minor: amount, currency: 'COIN' } });

describe('paying with coins', () => {
  test('takes them, records the payment and flips the order', async () => {
    const user = await rich(200);
    const order = await orderFor(user);
    expect(await pay(order)).toBe('paid');
    expect(await findOrder(db, order.orderNo)).toMatchObject({ status: 'paid', provider: 'points' });
    expect(await coinBalance(db, user.id)).toBe(1);
    const [entry] = await coinEntries(db, user.id, 1);
    expect(entry).toMatchObject({ amount: -PRICE, balance: 1, cause: `pay:${order.orderNo}`, orderNo: order.orderNo });
    expect(
      await rows(
        db,
        'select provider, provider_payment_id as id, amount_minor as minor, currency from payment_transactions where order_id = :id',
        { id: order.id },
      ),
    ).toEqual([{ provider: 'points', id: `coins:${entry?.id}`, minor: PRICE, currency: 'COIN' }]);
    expect(await coinPayment(db, order.orderNo)).toMatchObject({
      paymentId: `coins:${entry?.id}`,
      amount: { minor: PRICE, currency: 'COIN' },
    });
  });

  test('again takes nothing more', async () => {
    const user = await rich(1000);
    const order = await orderFor(user);
    expect([await pay(order), await pay(order)]).toEqual(['paid', 'paid']);
    expect(await coinBalance(db, user.id)).toBe(1000 - PRICE);
  });

  test('without enough of them takes nothing and leaves the order unpaid', async () => {
    const user = await rich(PRICE - 1);
    const order = await orderFor(user);
    expect(await pay(order)).toBe('not_enough');
    expect(await coinBalance(db, user.id)).toBe(PRICE - 1);
    expect(await status(order)).toBe('pending_payment');
    expect(await rows(db, 'select 1 from payment_transactions where order_id = :id', { id: order.id })).toEqual([]);
    expect(await coinPayment(db, order.orderNo)).toBeNull();
  });

  test('by somebody who never had any is the same', async () => {
    expect(await pay(await orderFor(await rich(0)))).toBe('not_enough');
  });

  test.each([
    ['has expired', `update orders set expires_at = now() - interval '1 second' where id = :id`],
    ['was cancelled', `update orders set status = 'expired' where id = :id`],
    ['has its payment closed', `update payment_attempts set status = 'closed' where order_id = :id`],
    ['belongs to nobody', 'update orders set user_id = null where id = :id'],
  ])('takes nothing for an order that %s', async (_, sql) => {
    const user = await rich(1000);
    const order = await orderFor(user);
    await changed(db, sql, { id: order.id });
    expect(await pay(order, PRICE, user.id)).toBe('not_payable');
    expect(await coinBalance(db, user.id)).toBe(1000);
  });

  test('takes nothing for somebody else, for another amount, for another currency, or for an order that is not there', async () => {
    const [user, other] = [await rich(1000), await rich(1000)];
    const order = await orderFor(user);
    expect(await pay(order, PRICE, other.id)).toBe('not_payable');
    expect(await pay(order, PRICE - 1)).toBe('not_payable');
    expect(await pay({ ...order, orderNo: 'REPORT_20260101_00000000' })).toBe('not_payable');
    const yuan = { gatewayOrderId: order.orderNo, userId: user.id, amount: { minor: PRICE, currency: 'CNY' } } as const;
    expect(await payWithCoins(db, yuan)).toBe('not_payable');
    expect([await coinBalance(db, user.id), await coinBalance(db, other.id)]).toEqual([1000, 1000]);
  });

  test('takes nothing for an order that was paid another way meanwhile', async () => {
    const user = await rich(1000);
    const order = await orderFor(user);
    await changed(db, `update orders set status = 'paid', paid_at = now() where id = :id`, { id: order.id });
    expect(await pay(order)).toBe('not_payable');
    expect(await coinBalance(db, user.id)).toBe(1000);
  });

  test('takes nothing where the payment cannot be booked', async () => {
    const user = await rich(1000);
    const order = await orderFor(user);
    await changed(db, `update payment_attempts set amount_minor = 5 where order_id = :id and provider = 'points'`, {
      id: order.id,
    });
    await changed(
      db,
      `create function break_booking() returns trigger language plpgsql as $$ begin if new.provider = 'points' and new.amount_minor = 5 then raise exception 'broken'; end if; return new; end $$`,
    );
    await changed(
      db,
      'create trigger break_booking before insert on payment_transactions for each row execute function break_booking()',
    );
    await expect(pay(order, 5)).rejects.toThrow('broken');
    await changed(db, 'drop trigger break_booking on payment_transactions');
    expect(await coinBalance(db, user.id)).toBe(1000);
  });
});

describe('many at once', () => {
  let connections: Db[];
  beforeAll(() => {
    connections = Array.from({ length: 5 }, () =>
      openDatabase({ url: database.url, applicationName: 'test', poolSize: 10 }),
    );
  });
  afterAll(async () => {
    await Promise.all(connections.map((each) => each.destroy()));
  });
  const by = (at: number): Db => connections[at % connections.length] as Db;

  test('fifty orders of one user are paid as far as the coins go and never below zero', async () => {
    const user = await rich(7 * PRICE + 100);
    const orders = await Promise.all(Array.from({ length: 50 }, () => orderFor(user)));
    const outcomes = await Promise.all(orders.map((order, at) => pay(order, PRICE, user.id, by(at))));
    expect(outcomes.filter((each) => each === 'paid')).toHaveLength(7);
    expect(outcomes.filter((each) => each === 'not_enough')).toHaveLength(43);
    expect(await coinBalance(db, user.id)).toBe(100);
    const paid = await rows(db, `select 1 from orders where user_id = :id and status = 'paid'`, { id: user.id });
    expect(paid).toHaveLength(7);
    expect(await coinsAddUp(db)).toBe(true);
  });

  test('fifty payments of one order take its coins once', async () => {
    const user = await rich(50 * PRICE);
    const order = await orderFor(user);
    const outcomes = await Promise.all(Array.from({ length: 50 }, (_, at) => pay(order, PRICE, user.id, by(at))));
    expect(new Set(outcomes)).toEqual(new Set(['paid']));
    expect(await coinBalance(db, user.id)).toBe(49 * PRICE);
  });

  test('payments, grants and refunds side by side leave every balance the sum of its ledger', async () => {
    const user = await rich(3 * PRICE);
    const orders = await Promise.all(Array.from({ length: 10 }, () => orderFor(user)));
    await Promise.all(
      orders.flatMap((order, at) => [
        pay(order, PRICE, user.id, by(at)),
        grantCoins(by(at), { userId: user.id, amount: 10, reason: 'test', actor: 'test' }),
        giveCoinsBack(by(at), {
          refundId: `R-${order.orderNo}`,
          gatewayOrderId: order.orderNo,
          amount: { minor: 50, currency: 'COIN' },
        }).catch(() => undefined),
      ]),
    );
    const [sum] = await rows<{ total: number; low: number; last: number }>(
      db,
      `select sum(amount)::bigint as total, min(balance) as low, (array_agg(balance order by id desc))[1] as last from coin_ledger where user_id = :id`,
      { id: user.id },
    );
    expect(sum?.low).toBeGreaterThanOrEqual(0);
    expect([sum?.total, sum?.last]).toEqual([await coinBalance(db, user.id), sum?.total]);
    expect(await coinsAddUp(db)).toBe(true);
  });

  test('twenty times the same refund gives coins back once', async () => {
    const user = await rich(PRICE);
    const order = await orderFor(user);
    await pay(order);
    const refund = {
      refundId: 'R-MANY',
      gatewayOrderId: order.orderNo,
      amount: { minor: 100, currency: 'COIN' },
    } as const;
    await Promise.all(Array.from({ length: 20 }, (_, at) => giveCoinsBack(by(at), refund)));
    expect(await coinBalance(db, user.id)).toBe(100);
  });
});

describe('giving coins back', () => {
  test('in parts never gives more than was paid', async () => {
    const user = await rich(PRICE);
    const order = await orderFor(user);
    await pay(order);
    await giveBack(order, 100);
    await giveBack(order, 99);
    await expect(giveBack(order, 1)).rejects.toMatchObject({ code: 'coins_not_given_back' });
    expect(await coinBalance(db, user.id)).toBe(PRICE);
  });

  test('under an id that another refund has is refused', async () => {
    const user = await rich(2 * PRICE);
    const [one, two] = [await orderFor(user), await orderFor(user)];
    await pay(one);
    await pay(two);
    await giveBack(one, 10, 'R-TAKEN');
    await expect(giveBack(one, 11, 'R-TAKEN')).rejects.toThrow('other_refund');
    await expect(giveBack(two, 10, 'R-TAKEN')).rejects.toThrow('other_refund');
    expect(await coinBalance(db, user.id)).toBe(10);
  });

  test('for what was never paid with coins is refused', async () => {
    const order = await orderFor(await rich(PRICE));
    await expect(giveBack(order, 1)).rejects.toThrow('no_payment');
  });

  test('in another currency is refused', async () => {
    const user = await rich(PRICE);
    const order = await orderFor(user);
    await pay(order);
    const yuan = { refundId: 'R-CNY', gatewayOrderId: order.orderNo, amount: { minor: 10, currency: 'CNY' } } as const;
    await expect(giveCoinsBack(db, yuan)).rejects.toThrow('no_coins');
    expect(await coinBalance(db, user.id)).toBe(0);
  });
});
