import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { changed, row } from '@mingdan/db';
import { type Brake, brake, endSessionsOf } from '../support/brake.ts';
import { Buyer } from '../support/buyer.ts';
import type { Running } from '../support/processes.ts';
import { openShop, type Shop } from '../support/shop.ts';
import { until } from '../support/until.ts';

const TIMEOUT_MS = 150_000;
let shop: Shop;
let webhook: Running;
let bot: Running;
const brakes: Brake[] = [];
beforeAll(async () => {
  shop = await openShop({ withoutLimits: true });
  [webhook, bot] = await Promise.all([shop.webhook(), shop.bot()]);
}, TIMEOUT_MS);
afterEach(() => Promise.all(brakes.splice(0).map((each) => each.release())));
afterAll(() => shop?.close(), TIMEOUT_MS);

/** An order of a buyer of its own, and where its process is to be stopped. */
async function stoppedAt(
  slug: string,
  before: 'insert' | 'update',
  table: string,
  where: (id: number, orderNo: string) => string,
) {
  const buyer = new Buyer(shop);
  const orderNo = await buyer.order(slug);
  const { id } = await shop.order(orderNo);
  const stop = await brake(shop.db, before, table, where(id, orderNo));
  brakes.push(stop);
  return { buyer, orderNo, brake: stop };
}

/** kill -9, and what the database's server does when it finds the machine gone; then nobody stops anywhere any more. */
async function killBot(): Promise<void> {
  expect(await bot.end('SIGKILL')).toMatchObject({ signal: 'SIGKILL' });
  await endSessionsOf(shop.db, 'mingdan-bot');
  for (const each of brakes.splice(0)) await each.release();
  // What the dead process held of conversations, of sending and of polling ends after 8 to 15 s, which no setting shortens.
  await changed(shop.db, `update telegram_updates set due_at = now() where status = 'pending'`);
  await changed(shop.db, 'update leases set held_until = now()');
}

describe('kill -9', () => {
  test(
    'of the bot in seven moments at once loses no order, pays no saved section again, and sends at most one part twice',
    async () => {
      const step = (name: string) => (id: number) => `new.order_id = ${id} and new.step in (${name})`;
      const [claimed, between, written, sending, sent] = await Promise.all([
        stoppedAt('bazi-basic', 'insert', 'order_steps', step(`'tell', 'bazi'`)),
        stoppedAt('bazi-year', 'insert', 'order_steps', step(`'section:03-second-half', 'section:04-advice'`)),
        stoppedAt('bazi-basic', 'insert', 'order_steps', step(`'deliver'`)),
        stoppedAt(
          'bazi-year',
          'update',
          'outbox',
          (_id, orderNo) => `new.dedupe_key = 'report:${orderNo}:1' and new.status = 'sent'`,
        ),
        stoppedAt('bazi-basic', 'update', 'orders', (id) => `new.id = ${id} and new.status = 'completed'`),
      ]);
      const stopped = [claimed, between, written, sending, sent];
      await Promise.all(stopped.map(({ buyer, orderNo }) => buyer.pay(orderNo)));
      await Promise.all(stopped.map((each) => each.brake.reached()));
      await until(async () => {
        const saved = await shop.steps(between.orderNo);
        return saved.has('section:01-year') && saved.has('section:02-first-half');
      }, 'two of four sections are saved');

      const writing = new Buyer(shop);
      const writingNo = await writing.order('bazi-basic');
      shop.control.faults.set({ deepseek: { writingMs: 120_000 } });
      await writing.pay(writingNo);
      await until(() => writing.modelCalls()[0] === 1, 'its section is being written');

      const ordering = new Buyer(shop);
      await ordering.choose('bazi-basic');
      const confirming = await brake(
        shop.db,
        'insert',
        'payment_attempts',
        `(select telegram_id from users join orders on orders.user_id = users.id where orders.id = new.order_id) = ${ordering.id}`,
      );
      ordering.confirm();
      await confirming.reached();

      brakes.push(confirming);
      await killBot();
      shop.control.faults.set({ deepseek: { writingMs: 0 } });
      bot = await shop.bot();

      const orderedNo = await ordering.payable();
      await ordering.pay(orderedNo);
      const all = [...stopped, { buyer: writing, orderNo: writingNo }, { buyer: ordering, orderNo: orderedNo }];
      for (const { buyer, orderNo } of all) {
        await shop.untilDelivered(orderNo);
        const whole = await buyer.wholeReport(orderNo);
        const twice = buyer === sending.buyer ? whole.toSpliced(1, 0, '0') : whole;
        expect({ orderNo, read: await buyer.reportAsRead(orderNo) }).toEqual({ orderNo, read: twice });
        expect({ orderNo, paid: buyer.count('收到付款') }).toEqual({ orderNo, paid: 1 });
        expect(await shop.moves(orderNo)).toEqual(['pending_payment', 'paid', 'generating', 'completed']);
      }
      expect(claimed.buyer.modelCalls()).toEqual([1]);
      expect(between.buyer.modelCalls()).toEqual([2, 2, 1, 1]);
      expect(written.buyer.modelCalls()).toEqual([1]);
      expect(sending.buyer.modelCalls()).toEqual([1, 1, 1, 1]);
      expect(sent.buyer.modelCalls()).toEqual([1]);
      expect(writing.modelCalls()).toEqual([2]);
      const orders = await row<{ count: number }>(
        shop.db,
        'select count(*) as count from orders o join users u on u.id = o.user_id where u.telegram_id = :id',
        { id: ordering.id },
      );
      expect(orders?.count).toBe(1);
    },
    TIMEOUT_MS,
  );

  test(
    'of the webhook before a notice is written, after it is written, and while it is away: each payment is booked once',
    async () => {
      const notice = (_id: number, orderNo: string) => `new.order_no = '${orderNo}'`;
      const [unwritten, unanswered] = await Promise.all([
        stoppedAt('bazi-basic', 'insert', 'payment_notifications', notice),
        stoppedAt('bazi-basic', 'insert', 'payment_notifications', notice),
      ]);
      const missed = new Buyer(shop);
      const missedNo = await missed.order('bazi-basic');

      const paying = Promise.all([unwritten.buyer.pay(unwritten.orderNo), unanswered.buyer.pay(unanswered.orderNo)]);
      await Promise.all([unwritten.brake.reached(), unanswered.brake.reached()]);
      await webhook.end('SIGKILL');
      // The one session dies with its client; the other has the whole statement and goes through with it, and nobody hears of it.
      await unanswered.brake.release();
      await shop.untilOrder(unanswered.orderNo, ({ paidAt }) => paidAt !== null, 'is booked by the dead process');
      await endSessionsOf(shop.db, 'mingdan-webhook');
      await unwritten.brake.release();
      expect((await shop.order(unwritten.orderNo)).status).toBe('pending_payment');
      await paying;
      await missed.pay(missedNo);
      webhook = await shop.webhook();

      for (const [buyer, orderNo] of [
        [unwritten.buyer, unwritten.orderNo],
        [unanswered.buyer, unanswered.orderNo],
        [missed, missedNo],
      ] as const) {
        await shop.untilDelivered(orderNo);
        expect(await shop.moves(orderNo)).toEqual(['pending_payment', 'paid', 'generating', 'completed']);
        expect(await buyer.reportAsRead(orderNo)).toEqual(await buyer.wholeReport(orderNo));
        const booked = await row<{ count: number }>(
          shop.db,
          'select count(*) as count from payment_transactions t join orders o on o.id = t.order_id where order_no = :orderNo',
          { orderNo },
        );
        expect(booked?.count).toBe(1);
      }
      await until(
        () => shop.control.pingpong.notices().every(({ state }) => state === 'taken'),
        'every notice is taken',
      );
    },
    TIMEOUT_MS,
  );
});

describe('SIGTERM', () => {
  test(
    'ends both processes with 0 in time, and what the bot held goes on at once in another',
    async () => {
      await bot.end('SIGTERM');
      // Leases that would hold everything up for minutes, were they not handed back.
      const leaving = await shop.bot({ LEASE_SECONDS: '3600' });
      const buyer = new Buyer(shop);
      const orderNo = await buyer.order('bazi-year');
      shop.control.faults.set({ deepseek: { writingMs: 120_000 } });
      await buyer.pay(orderNo);
      await until(() => buyer.modelCalls().length === 4, 'its sections are being written');
      bot = await shop.bot({ LEASE_SECONDS: '3600' });
      shop.control.faults.set({ deepseek: { writingMs: 0 } });

      const [botEnd, webhookEnd] = await Promise.all([leaving.end('SIGTERM'), webhook.end('SIGTERM')]);
      expect(botEnd).toMatchObject({ code: 0, signal: null });
      expect(webhookEnd).toMatchObject({ code: 0, signal: null });
      expect(Math.max(botEnd.ms, webhookEnd.ms)).toBeLessThan(25_000);

      await shop.untilDelivered(orderNo);
      expect(await buyer.reportAsRead(orderNo)).toEqual(await buyer.wholeReport(orderNo));
      expect(buyer.modelCalls()).toEqual([2, 2, 2, 2]);
      const takeovers = await row<{ takeovers: number }>(
        shop.db,
        'select takeovers from orders where order_no = :orderNo',
        { orderNo },
      );
      expect(takeovers).toEqual({ takeovers: 0 });
      // The one that stays also fetches what people write.
      await new Buyer(shop).choose('tarot-free');
    },
    TIMEOUT_MS,
  );
});
