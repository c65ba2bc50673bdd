import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { changed } from '@mingdan/db';
import { type Brake, brake, endSessionsOf } from '../support/brake.ts';
import type { Running } from '../support/processes.ts';
import { openShop, type Shop } from '../support/shop.ts';
import { until } from '../support/until.ts';
import { AtTill } from './support/till.ts';

const TIMEOUT_MS = 150_000;
const USUAL = ['pending_payment', 'paid', 'generating', 'completed'];
let shop: Shop;
let webhook: Running;
let bot: Running;
beforeAll(async () => {
  shop = await openShop({ everyGateway: true, withoutLimits: true });
  [webhook, bot] = await Promise.all([shop.webhook(), shop.bot()]);
}, TIMEOUT_MS);
afterEach(() => release());
afterAll(() => shop?.close(), TIMEOUT_MS);

interface Stopped {
  /** one at each gateway */
  readonly tills: readonly AtTill[];
  readonly brake: Brake;
}

const gateways = ['alipay', 'stripe'] as const;
const brakes: Brake[] = [];

async function release(): Promise<void> {
  for (const each of brakes.splice(0)) await each.release();
}

async function stopAt(
  tills: readonly AtTill[],
  where: { before: 'insert' | 'update'; table: string; when: string },
  act: (till: AtTill) => Promise<unknown>,
): Promise<Stopped> {
  const orders = await Promise.all(tills.map((till) => shop.order(till.orderNo)));
  const ours =
    where.table === 'payment_notifications'
      ? `new.order_no in (${orders.map(({ orderNo }) => `'${orderNo}'`)})`
      : `new.order_id in (${orders.map(({ id }) => id)})`;
  const stop = await brake(shop.db, where.before, where.table, `${ours} and ${where.when}`);
  brakes.push(stop);
  // Whoever is stopped answers to nobody.
  for (const till of tills) act(till).catch(() => undefined);
  return { tills, brake: stop };
}

const opened = () => Promise.all(gateways.map((provider) => AtTill.open(shop, provider)));
const paid = () => Promise.all(gateways.map((provider) => AtTill.paid(shop, provider)));
const pay = (till: AtTill) => till.act('pay');
const refund = (till: AtTill) => till.api.refund(till.provider, till.orderNo);

describe('kill -9 of both processes', () => {
  test(
    'before the answer, before the delivery, before a refund is asked for and before it is known: each order ends once',
    async () => {
      const [unanswered, undelivered, unknown] = await Promise.all([
        // The webhook process has the notice and has not written it yet.
        stopAt(await opened(), { before: 'insert', table: 'payment_notifications', when: 'true' }, pay),
        // The report is written and not given out yet.
        stopAt(await opened(), { before: 'insert', table: 'order_steps', when: `new.step = 'deliver'` }, pay),
        // The gateway has given the money back, and nobody here has written it down.
        stopAt(await paid(), { before: 'update', table: 'refund_records', when: `new.status = 'succeeded'` }, refund),
      ]);
      const unasked = await paid();
      await Promise.all(brakes.map((each) => each.reached(gateways.length)));
      // The money is to go back, and the gateways have not been asked yet: the refunder stands at the one before.
      await Promise.all(unasked.map(refund));

      await Promise.all([bot.end('SIGKILL'), webhook.end('SIGKILL')]);
      await Promise.all(['mingdan-bot', 'mingdan-webhook'].map((name) => endSessionsOf(shop.db, name)));
      await release();
      for (const till of unanswered.tills) expect(await till.status()).toBe('pending_payment');
      for (const till of undelivered.tills) expect(await till.status()).toBe('generating');
      for (const till of [...unknown.tills, ...unasked])
        expect((await till.books()).refunds).toMatchObject([{ status: 'requested' }]);
      // What a dead process held of a refund ends after a minute, which no setting shortens.
      await changed(shop.db, `update refund_records set due_at = now() where status in ('requested', 'pending')`);
      await changed(shop.db, 'update leases set held_until = now()');
      [webhook, bot] = await Promise.all([shop.webhook(), shop.bot()]);

      for (const till of [...unanswered.tills, ...undelivered.tills]) {
        await till.delivered();
        const { payments, refunds } = await till.books();
        expect({ payments, refunds }).toMatchObject({ payments: [{ status: 'captured' }], refunds: [] });
      }
      for (const till of [...unknown.tills, ...unasked]) {
        await till.refundIs('succeeded');
        expect(await till.books()).toMatchObject({
          payments: [{ status: 'refunded', refundedMinor: 1990 }],
          refunds: [{ status: 'succeeded', amountMinor: 1990 }],
        });
        expect(till.gateway.refunds().filter(({ orderId }) => orderId === till.orderNo)).toHaveLength(1);
      }
      for (const till of [...[unanswered, undelivered, unknown].flatMap(({ tills }) => tills), ...unasked]) {
        expect(await shop.moves(till.orderNo)).toEqual(USUAL);
        expect((await till.books()).payments).toHaveLength(1);
        await until(
          () => till.gateway.notices().every((notice) => notice.orderId !== till.orderNo || notice.state === 'taken'),
          `the notices of ${till.orderNo} are taken`,
        );
      }
    },
    TIMEOUT_MS,
  );
});
