import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { changed, row, rows } from '@mingdan/db';
import { signPingpongBody } from '@mingdan/payments/testing';
import { z } from 'zod';
import { Buyer } from '../support/buyer.ts';
import { noticeSettings, OPERATOR, openShop, type Shop } from '../support/shop.ts';
import { PATIENCE_MS, until } from '../support/until.ts';

/** What operators read of a verdict. */
const { verdicts } = z
  .object({ verdicts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, '../../apps/bot/locales/zh-CN/operator.json'), 'utf8')));
const TIMEOUT_MS = 120_000;
let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ withoutLimits: true, env: { LEASE_SECONDS: '30' } });
  await Promise.all([shop.webhook(), shop.bot(), shop.bot()]);
}, TIMEOUT_MS);
afterAll(() => shop?.close(), TIMEOUT_MS);

/** A signed notice, as anybody could send it who has the secret. */
function send(fields: Record<string, unknown>, headers: Record<string, string> = {}): Promise<Response> {
  const signed = signPingpongBody(noticeSettings, JSON.stringify(fields));
  return fetch(`http://127.0.0.1:${shop.webhookPort}/webhook/pingpong`, {
    method: 'POST',
    headers: { ...(signed.headers as Record<string, string>), ...headers },
    body: new Uint8Array(signed.body),
  });
}

function transactionsOf(orderNo: string) {
  return rows<{ status: string }>(
    shop.db,
    'select t.status from payment_transactions t join orders o on o.id = t.order_id where order_no = :orderNo order by t.id',
    { orderNo },
  );
}

describe('two bot processes at once', () => {
  test(
    'answer everybody once and make each of twelve reports once, without a conflict at getUpdates',
    async () => {
      const slugs = ['bazi-basic', 'bazi-basic', 'bazi-basic', 'bazi-year', 'tarot-free', 'bazi-basic'];
      const buyers = [...slugs, ...slugs].map((slug) => ({ slug, buyer: new Buyer(shop) }));
      const greeted = new Buyer(shop);
      shop.control.telegram.start(greeted.id);
      const bought = await Promise.all(
        buyers.map(async ({ slug, buyer }) => {
          await buyer.choose(slug);
          // Two quick taps: still one order.
          buyer.confirm();
          buyer.confirm();
          if (slug === 'tarot-free') return { buyer, sections: 1, orderNo: await freeOrderOf(buyer) };
          const orderNo = await buyer.payable();
          await buyer.pay(orderNo);
          return { buyer, sections: slug === 'bazi-year' ? 4 : 1, orderNo };
        }),
      );
      for (const { buyer, orderNo, sections } of bought) {
        await shop.untilDelivered(orderNo);
        expect(await buyer.reportAsRead(orderNo)).toEqual(await buyer.wholeReport(orderNo));
        if (sections === 4 || buyer.modelCalls().length > 0)
          expect(buyer.modelCalls()).toEqual(Array(sections).fill(1));
      }
      const orders = await row<{ count: number }>(shop.db, 'select count(*) as count from orders');
      expect(orders?.count).toBe(buyers.length);
      expect(greeted.said()).toHaveLength(1);
      const polls = shop.control.calls({ service: 'telegram', name: 'getUpdates' });
      expect(polls.filter(({ status }) => status === 409)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  async function freeOrderOf(buyer: Buyer): Promise<string> {
    const { orderNo } = await until(
      () =>
        row<{ orderNo: string }>(
          shop.db,
          'select order_no as "orderNo" from orders o join users u on u.id = o.user_id where telegram_id = :id',
          { id: buyer.id },
        ),
      'the free order is made',
    );
    return orderNo;
  }

  test(
    'find a paid order by the poll when no notification tells of it',
    async () => {
      const buyer = new Buyer(shop);
      const orderNo = await buyer.order('bazi-basic');
      await changed(shop.db, `update orders set status = 'paid', paid_at = now() where order_no = :orderNo`, {
        orderNo,
      });
      await shop.untilDelivered(orderNo);
      const waited = await row<{ seconds: number }>(
        shop.db,
        `select extract(epoch from e.created_at - o.paid_at)::float8 as seconds from orders o join order_events e on e.order_id = o.id
          where order_no = :orderNo and e.status = 'generating'`,
        { orderNo },
      );
      // ORDER_POLL_SECONDS is 1; the rest is a busy machine.
      expect(waited?.seconds).toBeLessThan(5);
    },
    TIMEOUT_MS,
  );
});

describe('notices', () => {
  test(
    'twenty times at once are one payment and one report',
    async () => {
      const buyer = new Buyer(shop);
      const orderNo = await buyer.order('bazi-basic');
      const payment = shop.control.pingpong.payment(orderNo);
      const body = {
        order_id: orderNo,
        status: 'paid',
        payment_id: payment?.paymentId,
        amount: '19.90',
        currency: 'CNY',
      };
      const answers = await Promise.all(Array.from({ length: 20 }, () => send(body)));
      expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
      await shop.untilDelivered(orderNo);
      expect(await shop.moves(orderNo)).toEqual(['pending_payment', 'paid', 'generating', 'completed']);
      expect(await transactionsOf(orderNo)).toEqual([{ status: 'captured' }]);
      expect(await buyer.reportAsRead(orderNo)).toEqual(await buyer.wholeReport(orderNo));
      expect(buyer.modelCalls()).toEqual([1]);
      expect(buyer.count('收到付款')).toBe(1);
    },
    TIMEOUT_MS,
  );

  test(
    'that are forged are refused, and those that do not fit are acknowledged, flagged and book nothing',
    async () => {
      const buyer = new Buyer(shop);
      const orderNo = await buyer.order('bazi-basic');
      const paid = { order_id: orderNo, status: 'paid', amount: '19.90', currency: 'CNY' };
      expect((await send(paid, { 'x-signature': '0'.repeat(64) })).status).toBe(401);
      expect((await send(paid, { 'x-signature': '' })).status).toBe(401);
      expect((await send({ ...paid, amount: '1.99', payment_id: 'WRONG-AMOUNT' })).status).toBe(200);
      expect((await send({ ...paid, currency: 'USD', payment_id: 'WRONG-CURRENCY' })).status).toBe(200);
      expect((await send({ ...paid, merchant_id: 'somebody-else', payment_id: 'WRONG-MERCHANT' })).status).toBe(200);
      const { telegram } = shop.control;
      for (const verdict of ['amount_mismatch', 'currency_mismatch', 'other_merchant']) {
        const words = verdicts[verdict] ?? verdict;
        await telegram.waitForMessage(
          OPERATOR,
          (message) => `${message.text}`.includes(orderNo) && `${message.text}`.includes(words),
          {
            timeoutMs: PATIENCE_MS,
          },
        );
      }
      expect((await shop.order(orderNo)).status).toBe('pending_payment');
      expect(await transactionsOf(orderNo)).toEqual([]);
      expect(await shop.moves(orderNo)).toEqual(['pending_payment']);
      await buyer.pay(orderNo);
      await shop.untilDelivered(orderNo);
    },
    TIMEOUT_MS,
  );
});

describe('money and people that come late', () => {
  test(
    'a payment of an expired order revives it, and of two payments one goes back',
    async () => {
      const late = new Buyer(shop);
      const lateNo = await late.order('bazi-basic');
      const twice = new Buyer(shop);
      const twiceNo = await twice.order('bazi-basic');
      await changed(shop.db, 'update orders set expires_at = now() where order_no = :lateNo', { lateNo });
      // The sandbox pays as soon as the payment is closed, which is what the expiry does first.
      await shop.control.pingpong.act(lateNo, 'pay-late');
      await shop.control.pingpong.act(twiceNo, 'pay-twice');

      await Promise.all([shop.untilDelivered(lateNo), shop.untilDelivered(twiceNo)]);
      expect(await late.reportAsRead(lateNo)).toEqual(await late.wholeReport(lateNo));
      expect(await twice.reportAsRead(twiceNo)).toEqual(await twice.wholeReport(twiceNo));
      await twice.hears('✅ 退款成功');
      expect(twice.count('多付了一次')).toBe(1);
      expect(shop.control.pingpong.refunds().filter(({ orderId }) => orderId === twiceNo)).toMatchObject([
        { status: 'succeeded', amount: { minor: 1990, currency: 'CNY' } },
      ]);
      expect((await transactionsOf(twiceNo)).map(({ status }) => status).sort()).toEqual(['captured', 'refunded']);
      expect(shop.control.pingpong.refunds().filter(({ orderId }) => orderId === lateNo)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    'a buyer who blocked the bot finds the whole report on coming back',
    async () => {
      const buyer = new Buyer(shop);
      const orderNo = await buyer.order('bazi-basic');
      shop.control.telegram.block(buyer.id, true);
      await buyer.pay(orderNo);
      await until(
        () =>
          row(
            shop.db,
            `select 1 from outbox x join orders o on o.id = x.order_id where order_no = :orderNo and delivers group by o.id
             having bool_and(x.status = 'parked')`,
            { orderNo },
          ),
        'the report waits',
      );
      expect((await shop.order(orderNo)).status).toBe('generating');
      shop.control.telegram.block(buyer.id, false);
      await shop.untilDelivered(orderNo);
      expect(await buyer.reportAsRead(orderNo)).toEqual(await buyer.wholeReport(orderNo));
      expect(shop.control.pingpong.refunds().filter(({ orderId }) => orderId === orderNo)).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
