import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { changed, type Db, row, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import {
  coinBalance,
  coinsAddUp,
  expire,
  findOrder,
  giveCoinsBack,
  grantCoins,
  type Order,
  recordNotice,
  settleHeldPayment,
  settleRefund,
  useCoins,
} from '@mingdan/orders';
import { anAttempt, anOrder, paidNotice, testDatabase } from '@mingdan/orders/testing';
import fc from 'fast-check';
import { askForRefund, type OperationDeps, payPartWithCoins } from '../src/index.ts';
import { FakeGateway, operationDeps } from './fake-gateway.ts';

const COINS = 80;
const REST = { minor: 1190, currency: 'CNY' } as const;

let database: TestDatabase;
let db: Db;
let deps: OperationDeps;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
  const usual = operationDeps(db, new FakeGateway());
  deps = { ...usual, settings: { ...usual.settings, offered: ['pingpong', 'points'] } };
});
afterAll(() => database.drop());

type Act =
  | { readonly do: 'pay_rest'; readonly times: number }
  | { readonly do: 'end'; readonly how: 'expired' | 'cancelled' | 'failed' }
  | { readonly do: 'refund'; readonly by: 'buyer' | 'operator' }
  | { readonly do: 'spend_elsewhere'; readonly coins: number }
  | { readonly do: 'decide'; readonly answer: 'deliver' | 'wait' | 'refund' }
  | { readonly do: 'refunder'; readonly dies: boolean };

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pay_rest' as const), times: fc.integer({ min: 1, max: 3 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('end' as const), how: fc.constantFrom('expired', 'cancelled', 'failed') }),
  },
  fc.record({ do: fc.constant('refund' as const), by: fc.constantFrom('buyer', 'operator') }),
  fc.record({ do: fc.constant('spend_elsewhere' as const), coins: fc.constantFrom(10, 60, 80) }),
  fc.record({ do: fc.constant('decide' as const), answer: fc.constantFrom('deliver', 'wait', 'refund') }),
  { weight: 2, arbitrary: fc.record({ do: fc.constant('refunder' as const), dies: fc.boolean() }) },
);

/** One buyer with their coins, and what they spent of them on something else. */
class Buyer {
  readonly userId: number;
  elsewhere = 0;

  constructor(userId: number) {
    this.userId = userId;
  }

  async spend(coins: number): Promise<void> {
    const other = await anOrder(db, { userId: this.userId });
    const used = { orderId: other.id, userId: this.userId, coins, minor: coins * 10 };
    if ((await useCoins(db, used)) === 'held') this.elsewhere += coins;
  }
}

const tellRest = (order: Order) =>
  recordNotice(db, { ...paidNotice(order, { paymentId: `PAY-${order.orderNo}` }), amount: REST });

async function play(order: Order, buyer: Buyer, step: Act): Promise<void> {
  switch (step.do) {
    case 'pay_rest':
      await Promise.all(Array.from({ length: step.times }, () => tellRest(order)));
      return;
    case 'end':
      if (step.how === 'failed')
        await recordNotice(db, {
          ...paidNotice(order),
          kind: 'failed',
          eventId: `failed:${order.orderNo}`,
          amount: null,
        });
      else await expire(db, order.id, step.how, 'test');
      return;
    case 'refund':
      await askForRefund(deps, { orderNo: order.orderNo, reason: '', by: step.by });
      return;
    case 'spend_elsewhere':
      return buyer.spend(step.coins);
    case 'decide':
      return decide(order, step.answer);
    case 'refunder':
      return runRefunder(order, step.dies);
  }
}

async function decide(order: Order, answer: 'deliver' | 'wait' | 'refund'): Promise<void> {
  const held = await rows<{ id: number }>(db, `select id from held_payments where order_id = :id and status = 'held'`, {
    id: order.id,
  });
  for (const { id } of held) await settleHeldPayment(db, id, answer, 'test');
}

/** Where it dies, money and coins have gone back and we do not know. */
async function runRefunder(order: Order, dies: boolean): Promise<void> {
  const due = await rows<{ refundId: string; provider: string; minor: number; named: string }>(
    db,
    `select r.refund_id as "refundId", r.provider, r.amount_minor as minor, t.gateway_order_id as named
       from refund_records r join payment_transactions t on t.id = r.transaction_id
      where t.order_id = :id and r.status in ('requested', 'pending')`,
    { id: order.id },
  );
  for (const { refundId, provider, minor, named } of due) {
    if (provider === 'points')
      await giveCoinsBack(db, { refundId, gatewayOrderId: named, amount: { minor, currency: 'COIN' } });
    if (!dies) await settleRefund(db, refundId, 'succeeded', null);
  }
}

interface Part {
  state: string;
  /** coins that went back by a refund */
  back: number;
}

/** The coins are with their owner, elsewhere, or in the order: never in two places, never nowhere. */
async function checkCoins(order: Order, buyer: Buyer): Promise<void> {
  const part = await row<Part>(
    db,
    `select coins_state as state, coalesce((select sum(amount) from coin_ledger l where l.order_id = o.id and cause like 'refund:%'), 0)::integer as back
       from orders o where id = :id`,
    { id: order.id },
  );
  const inOrder = part?.state === 'held' || part?.state === 'spent' ? COINS - part.back : 0;
  expect((await coinBalance(db, buyer.userId)) + buyer.elsewhere + inOrder).toBe(COINS);
}

async function checkRest(order: Order): Promise<void> {
  const now = await findOrder(db, order.orderNo);
  const kept = await rows<{ provider: string }>(
    db,
    'select provider from payment_transactions where order_id = :id and refunded_minor < amount_minor order by provider',
    { id: order.id },
  );
  const providers = kept.map(({ provider }) => provider);
  // A paid order has its money and its coins (or did without them, by a person's decision); any other has neither.
  if (now?.status !== 'paid') expect(providers).toEqual([]);
  else expect([['pingpong', 'points'], ['pingpong']]).toContainEqual(providers);
  if (now?.status === 'paid' && now.reason !== 'delivered_after_all') expect(providers).toContain('points');
  const state = await row<{ state: string }>(db, 'select coins_state as state from orders where id = :id', {
    id: order.id,
  });
  if (now?.status === 'expired') expect(state?.state).toBe('returned');
}

test('no sequence of payments, ends, refunds and crashes loses or doubles coins that pay a part', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 12 }), async (acts) => {
      const made = await anOrder(db);
      const buyer = new Buyer(made.userId ?? 0);
      await grantCoins(db, { userId: buyer.userId, amount: COINS, reason: 'test', actor: 'test' });
      await payPartWithCoins(deps, made, 'chat');
      await anAttempt(db, { ...made, amount: REST }, `PAY-${made.orderNo}`);
      await changed(db, 'update payment_attempts set coins_minor = 800 where order_id = :id', { id: made.id });
      const order = (await findOrder(db, made.orderNo)) as Order;
      for (const step of acts) {
        await play(order, buyer, step);
        await checkCoins(order, buyer);
      }
      await decide(order, 'refund');
      await runRefunder(order, false);
      await runRefunder(order, false);
      await checkCoins(order, buyer);
      await checkRest(order);
    }),
    { numRuns: 80 },
  );
  expect(await coinsAddUp(db)).toBe(true);
}, 60_000);
