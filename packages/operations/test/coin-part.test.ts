import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { changed, type Db, row, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { moneyText } from '@mingdan/kernel';
import {
  claimRefunds,
  coinBalance,
  coinsAddUp,
  createHouse,
  findOrder,
  grantCoins,
  type Order,
  recordNotice,
  refundOfOrder,
  settleHeldPayment,
  settleRefund,
} from '@mingdan/orders';
import { anOrder, paidNotice, testDatabase } from '@mingdan/orders/testing';
import { createClients } from '@mingdan/payments/clients';
import {
  askForRefund,
  cancelOrder,
  coinPartOf,
  compareDay,
  confirmPayment,
  expireOrder,
  type OperationDeps,
  offersFor,
  payPartWithCoins,
  startPayment,
} from '../src/index.ts';
import { FakeGateway, operationDeps } from './fake-gateway.ts';

let database: TestDatabase;
let db: Db;
let deps: OperationDeps;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
  const usual = operationDeps(db, new FakeGateway());
  const { clock, log } = usual;
  const points = createClients(new Map([['points', {}]]), { clock, log, house: createHouse(db) });
  const clients = new Map([...usual.clients, ...points]);
  deps = { ...usual, clients, settings: { ...usual.settings, offered: ['pingpong', 'points'] } };
});
afterAll(() => database.drop());

/** 19.90 CNY, of somebody with so many coins of 0.10 CNY. */
async function newOrder(coins: number): Promise<Order> {
  const order = await anOrder(db);
  if (coins > 0) await grantCoins(db, { userId: order.userId ?? 0, amount: coins, reason: 'test', actor: 'test' });
  return order;
}
const find = async (order: Order): Promise<Order> => (await findOrder(db, order.orderNo)) as Order;
const balance = (order: Order) => coinBalance(db, order.userId ?? 0);
const part = (order: Order, wanted?: number) => payPartWithCoins(deps, order, 'chat', wanted);
const open = (order: Order) => startPayment(deps, { orderNo: order.orderNo, provider: 'pingpong' });
const payRest = async (order: Order) => {
  const { amount, providerPaymentId } = await open(order);
  return recordNotice(db, { ...paidNotice(order, { paymentId: providerPaymentId ?? 'P' }), amount });
};
const payments = (order: Order) =>
  rows<{ provider: string; minor: number; currency: string }>(
    db,
    'select provider, amount_minor as minor, currency from payment_transactions where order_id = :id order by id',
    { id: order.id },
  );

describe('coins for a part of an order', () => {
  test('are offered with what they stand for and what is left', async () => {
    const order = await newOrder(80);
    expect(await coinPartOf(deps, order, 'chat')).toEqual({
      coins: 80,
      worth: { minor: 800, currency: 'CNY' },
      due: { minor: 1190, currency: 'CNY' },
    });
  });

  test('are not offered to who has none, or enough for the whole, or where money is on its way', async () => {
    const none = await newOrder(0);
    const rich = await newOrder(199);
    const seen = await newOrder(80);
    await changed(db, 'update orders set payment_seen_at = now() where id = :id', { id: seen.id });
    for (const order of [none, rich, await find(seen)]) expect(await coinPartOf(deps, order, 'chat')).toBeUndefined();
    await expect(part(await find(seen))).rejects.toMatchObject({ code: 'coins_not_usable' });
    expect(await balance(seen)).toBe(80);
  });

  test('take the place of a payment of the whole, which is closed at its gateway', async () => {
    const order = await newOrder(80);
    const whole = await open(order);
    await part(order);
    const rest = await open(await find(order));
    expect([whole.amount.minor, rest.amount.minor]).toEqual([1990, 1190]);
    expect(rest.providerPaymentId).not.toBe(whole.providerPaymentId);
  });

  test('come back to who pays the whole all the same, and the order is paid once', async () => {
    const order = await newOrder(80);
    const { providerPaymentId } = await open(order);
    await part(order);
    const { verdict } = await recordNotice(db, paidNotice(order, { paymentId: providerPaymentId ?? 'P' }));
    expect(verdict).toBe('paid');
    expect(await find(order)).toMatchObject({ status: 'paid', coinsUsed: 0, coinsMinor: 0 });
    expect(await balance(order)).toBe(80);
    expect(await payments(order)).toEqual([{ provider: 'pingpong', minor: 1990, currency: 'CNY' }]);
    expect(await coinsAddUp(db)).toBe(true);
  });

  test('may be fewer than there are', async () => {
    const order = await newOrder(500);
    expect(await part(order, 50)).toMatchObject({ coins: 50, due: { minor: 1490 } });
    expect(await balance(order)).toBe(450);
  });

  test('are taken at once and once; the gateway is asked for the rest, and coins are no way to pay it any more', async () => {
    const order = await newOrder(80);
    const answers = await Promise.allSettled(Array.from({ length: 10 }, () => part(order)));
    expect(answers.some(({ status }) => status === 'fulfilled')).toBe(true);
    expect(await balance(order)).toBe(0);
    const now = await find(order);
    expect(now).toMatchObject({ coinsUsed: 80, coinsMinor: 800, status: 'pending_payment' });
    expect((await offersFor(deps, now, 'chat')).map(({ provider, amount }) => [provider, amount?.minor])).toEqual([
      ['pingpong', 1190],
    ]);
    expect(await open(now)).toMatchObject({ amount: { minor: 1190, currency: 'CNY' } });
    expect(await part(now)).toMatchObject({ coins: 80 });
  });

  test('and a payment of the whole that is opened at the same moment are never both open', async () => {
    let took = 0;
    for (let times = 0; times < 12; times += 1) {
      const order = await newOrder(80);
      await Promise.allSettled([part(order), open(order), part(order), open(order)]);
      const { coinsMinor } = await find(order);
      const asked = await rows<{ minor: number }>(
        db,
        `select amount_minor as minor from payment_attempts where order_id = :id and provider = 'pingpong' and status = 'open'`,
        { id: order.id },
      );
      for (const { minor } of asked) expect(minor).toBe(1990 - coinsMinor);
      expect(await balance(order)).toBe(coinsMinor > 0 ? 0 : 80);
      expect(asked.length + coinsMinor).toBeGreaterThan(0);
      if (coinsMinor > 0) took += 1;
    }
    expect(took).toBeGreaterThan(0);
  });

  test('become a payment of their own with the rest, and the order is paid', async () => {
    const order = await newOrder(80);
    await part(order);
    expect((await payRest(order)).verdict).toBe('paid');
    expect(await payments(order)).toEqual([
      { provider: 'pingpong', minor: 1190, currency: 'CNY' },
      { provider: 'points', minor: 80, currency: 'COIN' },
    ]);
    const paid = await find(order);
    expect(paid).toMatchObject({ status: 'paid', provider: 'pingpong', paidWith: { minor: 1190 } });
    expect(await coinsAddUp(db)).toBe(true);
  });

  test('a notice of the whole price is no payment of the rest: it is held, and the coins stay with the order', async () => {
    const order = await newOrder(80);
    await part(order);
    const { providerPaymentId } = await open(order);
    const notice = paidNotice(order, { paymentId: providerPaymentId ?? 'P' });
    expect((await recordNotice(db, { ...notice, amount: order.amount })).verdict).toBe('amount_mismatch');
    expect(await find(order)).toMatchObject({ status: 'pending_payment', coinsUsed: 80 });
  });

  test.each(['cancelled', 'expired'] as const)('come back once when the order is %s', async (how) => {
    const order = await newOrder(80);
    await part(order);
    await open(order);
    if (how === 'expired')
      await changed(db, `update orders set expires_at = now() - interval '2 hours' where id = :id`, { id: order.id });
    const end = () =>
      how === 'cancelled' ? cancelOrder(deps, { orderNo: order.orderNo }) : expireOrder(deps, order.orderNo);
    await Promise.all([end(), end(), end()]);
    expect(await find(order)).toMatchObject({ status: 'expired', coinsUsed: 0 });
    expect(await balance(order)).toBe(80);
    expect(await payments(order)).toEqual([]);
  });

  test('come back when the gateway calls the payment failed', async () => {
    const order = await newOrder(80);
    await part(order);
    const { providerPaymentId } = await open(order);
    await recordNotice(db, {
      ...paidNotice(order, { paymentId: providerPaymentId ?? 'P' }),
      kind: 'failed',
      eventId: 'f:1',
      amount: null,
    });
    expect(await find(order)).toMatchObject({ status: 'failed' });
    expect(await balance(order)).toBe(80);
  });
});

describe('the rest that comes after the order has ended', () => {
  async function ended(): Promise<Order> {
    const order = await newOrder(80);
    await part(order);
    await open(order);
    await cancelOrder(deps, { orderNo: order.orderNo });
    return find(order);
  }
  const late = async (order: Order) => {
    const attempt = await row<{ paymentId: string }>(
      db,
      'select provider_payment_id as "paymentId" from payment_attempts where order_id = :id',
      { id: order.id },
    );
    const notice = paidNotice(order, { paymentId: attempt?.paymentId ?? 'P' });
    return recordNotice(db, { ...notice, amount: { minor: 1190, currency: 'CNY' } });
  };

  test('pays it where the coins are still there, and takes them again', async () => {
    const order = await ended();
    expect((await late(order)).verdict).toBe('paid');
    expect((await late(order)).verdict).toBe('already');
    expect(await find(order)).toMatchObject({ status: 'paid', coinsUsed: 80 });
    expect(await balance(order)).toBe(0);
    expect(await payments(order)).toHaveLength(2);
  });

  test('is held where the coins are spent: delivered without them only if a person says so', async () => {
    const order = await ended();
    const other = await anOrder(db, { userId: order.userId ?? 0 });
    await part(other, 60);
    expect((await late(order)).verdict).toBe('coins_returned');
    expect(await find(order)).toMatchObject({ status: 'expired' });
    const held = await row<{ id: number }>(db, 'select id from held_payments where order_id = :id', { id: order.id });
    expect(await settleHeldPayment(db, held?.id ?? 0, 'deliver', 'operator')).toBe('delivered');
    expect(await find(order)).toMatchObject({ status: 'paid', coinsUsed: 0 });
    expect(await balance(order)).toBe(20);
    expect(await payments(order)).toEqual([{ provider: 'pingpong', minor: 1190, currency: 'CNY' }]);
  });
});

describe('a refund of an order that coins paid a part of', () => {
  async function paid(): Promise<Order> {
    const order = await newOrder(80);
    await part(order);
    await payRest(order);
    return find(order);
  }
  const refund = (order: Order, amount?: number, refundId?: string) =>
    askForRefund(deps, {
      orderNo: order.orderNo,
      reason: 'test',
      by: 'api',
      ...(amount === undefined ? {} : { amount: { minor: amount, currency: 'CNY' } }),
      refundId,
    });
  const asked = (order: Order) =>
    rows<{ refundId: string; provider: string; minor: number }>(
      db,
      'select refund_id as "refundId", provider, amount_minor as minor from refund_records where order_id = :id order by id',
      { id: order.id },
    );

  test('gives back both, each by its own way, once', async () => {
    const order = await paid();
    await refund(order, undefined, 'MINE-1');
    await refund(order, undefined, 'MINE-1');
    expect(await asked(order)).toMatchObject([
      { refundId: 'MINE-1', provider: 'pingpong', minor: 1190 },
      { provider: 'points', minor: 80 },
    ]);
    const claimed = (await claimRefunds(db, 'test', 60, 10)).filter(({ orderId }) => orderId === order.id);
    const coins = claimed.find(({ provider }) => provider === 'points');
    const client = deps.clients.get('points');
    if (!coins || !client?.refund) throw new Error('no refund of coins');
    const wish = { ...coins, currency: 'COIN', notifyUrl: '' };
    await client.refund(wish as never);
    await client.refund(wish as never);
    expect(await balance(order)).toBe(80);
  });

  test('of a part is of the money, up to what it was', async () => {
    const order = await paid();
    await expect(refund(order, 1500)).rejects.toMatchObject({ code: 'amount_exceeds_payment' });
    await refund(order, 1000);
    expect(await asked(order)).toMatchObject([{ provider: 'pingpong', minor: 1000 }]);
  });

  test('that only one half is through is not called whole', async () => {
    const order = await paid();
    await refund(order);
    const [money] = await asked(order);
    await db.transaction((tx) =>
      row(tx, `select settle_refund(:id, 'succeeded', null)`, { id: money?.refundId ?? '' }),
    );
    expect(await refundOfOrder(db, order.id)).toMatchObject({ status: 'requested' });
  });

  test('finds no payment of the day at the coins that nobody lists', async () => {
    const order = await paid();
    const today = new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Shanghai' }).format(new Date());
    const compared = await compareDay(deps, 'points', today);
    expect(compared?.differences).toEqual([]);
    expect(moneyText(order.amount)).toBe('19.90 CNY');
  });
});

describe('what is odd about an order that coins pay a part of', () => {
  const notice = async (order: Order, paymentId: string, minor: number, gatewayOrderId = order.orderNo) =>
    (
      await recordNotice(db, {
        ...paidNotice(order, { paymentId }),
        gatewayOrderId,
        amount: { minor, currency: 'CNY' },
      })
    ).verdict;
  const used = (order: Order) =>
    row(db, 'select coins_used as used, coins_state as state from orders where id = :id', { id: order.id });

  test('its coins are no second proof of the rest', async () => {
    const order = await newOrder(80);
    await part(order);
    await payRest(order);
    const gateway = new FakeGateway();
    const denying = { ...deps, clients: new Map([...deps.clients, ...operationDeps(db, gateway).clients]) };
    expect(await confirmPayment(denying, await find(order))).toBe('denied');
  });

  test('marked paid by hand it takes the rest that comes then as its money', async () => {
    const order = await newOrder(80);
    await part(order);
    const { providerPaymentId } = await open(await find(order));
    await changed(db, `update orders set status = 'paid', paid_at = now() where id = :id`, { id: order.id });
    expect(await notice(order, providerPaymentId ?? '', 1190)).toBe('already');
    expect(await row(db, 'select 1 from refund_records where order_id = :id', { id: order.id })).toBeUndefined();
  });

  test('the whole that is a fen short and delivered all the same gives the coins back', async () => {
    const order = await newOrder(80);
    const { providerPaymentId } = await open(order);
    await part(order);
    expect(await notice(order, providerPaymentId ?? '', 1989)).toBe('amount_mismatch');
    const held = await row<{ id: number }>(db, 'select id from held_payments where order_id = :id', { id: order.id });
    expect(await settleHeldPayment(db, held?.id ?? 0, 'deliver', 'op')).toBe('delivered');
    expect(await balance(order)).toBe(80);
    expect(await used(order)).toEqual({ used: 0, state: 'none' });
  });

  test('money that is booked for another order takes no coins again', async () => {
    const other = await newOrder(0);
    const { providerPaymentId: taken } = await open(other);
    await notice(other, taken ?? '', 1990);
    const order = await newOrder(80);
    await part(order);
    await open(await find(order));
    await cancelOrder(deps, { orderNo: order.orderNo });
    await changed(db, `update payment_attempts set provider_payment_id = null where order_id = :id`, { id: order.id });
    expect(await notice(order, taken ?? '', 1190)).toBe('payment_of_other_order');
    expect(await balance(order)).toBe(80);
    expect(await used(order)).toEqual({ used: 80, state: 'returned' });
  });

  test('a coupon is not used up by money that is held for its coins', async () => {
    await changed(db, `insert into coupons (code, percent, most_uses) values ('PART-50', 50, 5)`);
    const coupon = () => row(db, `select uses from coupons where code = 'PART-50'`);
    const order = await newOrder(80);
    await changed(db, `update orders set discount_minor = 100 where id = :id`, { id: order.id });
    await changed(
      db,
      `insert into coupon_uses (order_id, coupon_id, discount_minor, returned_at) select :id, id, 100, now() from coupons where code = 'PART-50'`,
      { id: order.id },
    );
    await part(order);
    const { providerPaymentId } = await open(await find(order));
    await cancelOrder(deps, { orderNo: order.orderNo });
    await part(await anOrder(db, { userId: order.userId ?? 0 }), 60);
    expect(await notice(order, providerPaymentId ?? '', 1190)).toBe('coins_returned');
    expect(await coupon()).toEqual({ uses: 0 });
  });

  test('its money given back in the console before anything was delivered ends it, and the coins follow', async () => {
    const order = await newOrder(80);
    await part(order);
    const paid = await find(order);
    await payRest(order);
    const payment = (
      await row<{ id: string }>(
        db,
        `select provider_payment_id as id from payment_transactions where order_id = :id and provider = 'pingpong'`,
        { id: order.id },
      )
    )?.id;
    const { verdict } = await recordNotice(db, {
      ...paidNotice(paid, { paymentId: payment ?? '' }),
      kind: 'refunded',
      eventId: `refunded:${order.orderNo}`,
      refundId: `out-${order.orderNo}`,
      amount: { minor: 1190, currency: 'CNY' },
    });
    expect(verdict).toBe('refunded_at_gateway');
    expect(await find(order)).toMatchObject({ status: 'failed', reason: 'refunded_at_gateway' });
    const asked = await rows(
      db,
      `select provider, status, amount_minor as minor from refund_records where order_id = :id and provider = 'points'`,
      { id: order.id },
    );
    expect(asked).toEqual([{ provider: 'points', status: 'requested', minor: 80 }]);
  });

  test('a refund of which one half waits for people is not called through, and goes on when they ask again', async () => {
    const order = await newOrder(80);
    await part(order);
    await payRest(order);
    const ask = () => askForRefund(deps, { orderNo: order.orderNo, reason: 'x', by: 'operator' });
    await ask();
    const [money, coins] = await rows<{ id: string }>(
      db,
      'select refund_id as id from refund_records where order_id = :id order by id',
      { id: order.id },
    );
    await settleRefund(db, coins?.id ?? '', 'succeeded', null);
    await changed(db, `update refund_records set status = 'manual' where refund_id = :id`, { id: money?.id });
    expect(await refundOfOrder(db, order.id)).toMatchObject({ status: 'manual' });
    expect(await ask()).toMatchObject({ outcome: 'requested', refundId: money?.id });
  });
});
