import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
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
afterAll(() => shop?.close(), TIMEOUT_MS);

interface Stopped {
  readonly till: AtTill;
  readonly brake: Brake;
}

/** The webhook process has the notice of a payment and has not written it yet. */
async function beforeTheAnswer(provider: 'alipay' | 'stripe'): Promise<Stopped> {
  const till = await AtTill.open(shop, provider);
  const stop = await brake(shop.db, 'insert', 'payment_notifications', `new.order_no = '${till.orderNo}'`);
  void till.act('pay');
  return { till, brake: stop };
}

/** The report is written and not given out yet. */
async function beforeTheDelivery(provider: 'alipay' | 'stripe'): Promise<Stopped> {
  const till = await AtTill.open(shop, provider);
  const { id } = await shop.order(till.orderNo);
  const stop = await brake(shop.db, 'insert', 'order_steps', `new.order_id = ${id} and new.step = 'deliver'`);
  await till.act('pay');
  return { till, brake: stop };
}

/** The gateway has given the money back, and nobody here has written it down. */
async function beforeTheRefundIsKnown(provider: 'alipay' | 'stripe'): Promise<Stopped> {
  const till = await AtTill.paid(shop, provider);
  const { id } = await shop.order(till.orderNo);
  const stop = await brake(shop.db, 'update', 'refund_records', `new.order_id = ${id} and new.status = 'succeeded'`);
  await till.api.refund(provider, till.orderNo);
  return { till, brake: stop };
}

/** The order's money is to go back, and the gateway has not been asked yet. */
async function beforeTheRefundIsAsked(provider: 'alipay' | 'stripe'): Promise<Stopped> {
  const till = await AtTill.paid(shop, provider);
  const { id } = await shop.order(till.orderNo);
  const stop = await brake(shop.db, 'update', 'refund_records', `new.order_id = ${id} and new.lease_owner is not null`);
  await till.api.refund(provider, till.orderNo);
  return { till, brake: stop };
}

describe('kill -9 of both processes', () => {
  test(
    'before the answer, before the delivery, before a refund is asked for and before it is known: each order ends once',
    async () => {
      const at = (stop: (provider: 'alipay' | 'stripe') => Promise<Stopped>) =>
        Promise.all([stop('alipay'), stop('stripe')]);
      const [unanswered, undelivered, unknown, unasked] = await Promise.all([
        at(beforeTheAnswer),
        at(beforeTheDelivery),
        at(beforeTheRefundIsKnown),
        at(beforeTheRefundIsAsked),
      ]);
      const all = [...unanswered, ...undelivered, ...unknown, ...unasked];
      await Promise.all(all.map((each) => each.brake.reached()));

      await Promise.all([bot.end('SIGKILL'), webhook.end('SIGKILL')]);
      await Promise.all(['mingdan-bot', 'mingdan-webhook'].map((name) => endSessionsOf(shop.db, name)));
      for (const each of all) await each.brake.release();
      for (const { till } of unanswered) expect(await till.status()).toBe('pending_payment');
      for (const { till } of undelivered) expect(await till.status()).toBe('generating');
      // What a dead process held of a refund ends after a minute, which no setting shortens.
      await changed(shop.db, `update refund_records set due_at = now() where status in ('requested', 'pending')`);
      await changed(shop.db, 'update leases set held_until = now()');
      [webhook, bot] = await Promise.all([shop.webhook(), shop.bot()]);

      for (const { till } of [...unanswered, ...undelivered]) {
        await till.delivered();
        const { payments, refunds } = await till.books();
        expect({ payments, refunds }).toMatchObject({ payments: [{ status: 'captured' }], refunds: [] });
      }
      for (const { till } of [...unknown, ...unasked]) {
        await till.refundIs('succeeded');
        expect(await till.books()).toMatchObject({
          payments: [{ status: 'refunded', refundedMinor: 1990 }],
          refunds: [{ status: 'succeeded', amountMinor: 1990 }],
        });
        expect(till.gateway.refunds().filter(({ orderId }) => orderId === till.orderNo)).toHaveLength(1);
      }
      for (const { till } of all) {
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
