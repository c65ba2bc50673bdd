import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { changed, row } from '@mingdan/db';
import type { Order } from '@mingdan/orders';
import { anUnpaidOrder } from '@mingdan/orders/testing';
import { signPingpongBody } from '@mingdan/payments/testing';
import { Buyer } from '../support/buyer.ts';
import type { Running } from '../support/processes.ts';
import { noticeSettings, OPERATOR, openShop, type Shop } from '../support/shop.ts';
import { until } from '../support/until.ts';

const TIMEOUT_MS = 120_000;
let shop: Shop;
let webhook: Running;
let bot: Running;
beforeAll(async () => {
  shop = await openShop({ proxied: true });
  [webhook, bot] = await Promise.all([shop.webhook(), shop.bot()]);
}, TIMEOUT_MS);
afterAll(() => shop?.close(), TIMEOUT_MS);
afterEach(() => shop.control.faults.reset());

const operatorsHeard = (text: string): number =>
  shop.control.telegram.botMessages(OPERATOR).filter((message) => message.text?.includes(text)).length;

describe('DeepSeek', () => {
  test(
    'dead: 1 + 3 calls, the order fails, its money goes back once, and its buyer is told of both',
    async () => {
      shop.control.faults.set({ deepseek: { fail: { status: 500 } } });
      const buyer = new Buyer(shop);
      const orderNo = await buyer.order('bazi-basic');
      await buyer.pay(orderNo);
      await buyer.hears('✅ 退款成功');
      expect(await shop.moves(orderNo)).toEqual(['pending_payment', 'paid', 'generating', 'failed']);
      expect(buyer.modelCalls()).toEqual([4]);
      expect(buyer.count('没能完成')).toBe(1);
      expect(buyer.count('✅ 退款成功')).toBe(1);
      expect(shop.control.calls({ service: 'pingpong', name: 'POST /v1/refunds' })).toHaveLength(1);
      expect(shop.control.pingpong.refunds()).toMatchObject([{ orderId: orderNo, status: 'succeeded' }]);
    },
    TIMEOUT_MS,
  );

  test(
    'refuses the key: everything waits with one alarm, and goes on by itself when the key works again',
    async () => {
      shop.control.faults.set({ deepseek: { fail: { status: 401 } } });
      const buyers = [new Buyer(shop), new Buyer(shop)];
      const orderNos = await Promise.all(buyers.map((buyer) => buyer.order('bazi-basic')));
      await Promise.all(buyers.map((buyer, index) => buyer.pay(orderNos[index] ?? '')));
      await until(() => operatorsHeard('报告撰写已暂停'), 'the operators hear of the pause');
      await until(async () => {
        const resting = await row<{ count: number }>(
          shop.db,
          `select count(*) as count from orders where status = 'generating' and lease_owner is null and due_at > now()`,
        );
        return resting?.count === buyers.length;
      }, 'both orders rest');
      shop.control.faults.reset();
      // Half a minute passes until the next order may try.
      await changed(shop.db, 'update fulfilment_health set probe_at = now()');
      await changed(shop.db, `update orders set due_at = now() where status = 'generating' and lease_owner is null`);
      for (const orderNo of orderNos) await shop.untilDelivered(orderNo);
      await until(() => operatorsHeard('报告撰写已恢复'), 'the operators hear of the end');
      expect(operatorsHeard('报告撰写已暂停')).toBe(1);
      expect(operatorsHeard('报告撰写已恢复')).toBe(1);
      expect(shop.control.pingpong.refunds().filter(({ orderId }) => orderNos.includes(orderId))).toEqual([]);
    },
    TIMEOUT_MS,
  );
});

describe('Telegram', () => {
  test(
    'slows us down, fails and drops calls: every part arrives, in order and once',
    async () => {
      const buyer = new Buyer(shop);
      const orderNo = await buyer.order('bazi-year');
      const only = 'sendMessage';
      shop.control.faults.set({
        telegram: {
          fail: { status: 429, retryAfter: 1, times: 1, only },
          drop: { when: 'before', times: 1, skip: 2, only },
        },
      });
      await buyer.pay(orderNo);
      await until(() => shop.control.faults.read().telegram.drop === null, 'a call was dropped');
      shop.control.faults.set({ telegram: { fail: { status: 502, times: 1, only } } });
      await shop.untilDelivered(orderNo);
      expect(shop.control.faults.read().telegram).toMatchObject({ fail: null, drop: null });
      expect(await buyer.reportAsRead(orderNo)).toEqual(await buyer.wholeReport(orderNo));
    },
    TIMEOUT_MS,
  );

  test(
    'loses one of its answers: the part that it was about comes at most once more, and everything in order',
    async () => {
      const buyer = new Buyer(shop);
      // The operators' own notices would be among the calls that are counted below.
      await changed(
        shop.db,
        `insert into settings (key, value) values ('operator_notices', '[]') on conflict (key) do nothing`,
      );
      const orderNo = await buyer.order('bazi-basic');
      // paid, title, then the first part: done, but the answer never arrives
      shop.control.faults.set({ telegram: { drop: { when: 'after', times: 1, skip: 2, only: 'sendMessage' } } });
      await buyer.pay(orderNo);
      await shop.untilDelivered(orderNo);
      expect(await buyer.reportAsRead(orderNo)).toEqual((await buyer.wholeReport(orderNo)).toSpliced(1, 0, '0'));
    },
    TIMEOUT_MS,
  );

  test(
    'wants nobody to write for ten minutes: the bot stops in time all the same, and the next one goes on',
    async () => {
      const buyers = [new Buyer(shop), new Buyer(shop), new Buyer(shop)];
      const orderNos = await Promise.all(buyers.map((buyer) => buyer.order('bazi-basic')));
      shop.control.faults.set({ telegram: { fail: { status: 429, retryAfter: 600, times: 1, only: 'sendMessage' } } });
      await Promise.all(buyers.map((buyer, place) => buyer.pay(orderNos[place] ?? '')));
      // One was refused, the others stand in line for the end of the pause.
      await until(() => bot.logged('"seconds":600').length, 'Telegram refuses a message');
      for (const orderNo of orderNos) {
        await shop.untilOrder(orderNo, ({ delivery }) => delivery === 'sending', 'is to be sent');
      }
      const ended = await bot.end('SIGTERM');
      expect(ended).toMatchObject({ code: 0, signal: null });
      expect(ended.ms).toBeLessThan(20_000);

      await changed(shop.db, 'delete from telegram_limits');
      await changed(shop.db, `update outbox set due_at = now() where status = 'pending'`);
      bot = await shop.bot();
      for (const [place, buyer] of buyers.entries()) {
        const orderNo = orderNos[place] ?? '';
        await shop.untilDelivered(orderNo);
        expect(await buyer.reportAsRead(orderNo)).toEqual(await buyer.wholeReport(orderNo));
      }
    },
    TIMEOUT_MS,
  );
});

describe('PostgreSQL', () => {
  test(
    'gone for some seconds: gateways are told to come again, and both processes go on by themselves',
    async () => {
      const [working, paying, writing] = [new Buyer(shop), new Buyer(shop), new Buyer(shop)];
      const workingNo = await working.order('bazi-year');
      const payingNo = await paying.order('bazi-basic');
      shop.control.faults.set({ deepseek: { writingMs: 1_000 } });
      await working.pay(workingNo);
      await until(() => working.modelCalls().length > 0, 'a report is being written');

      await shop.proxy?.cut();
      await paying.pay(payingNo);
      expect(shop.control.pingpong.notices().find(({ body }) => body.order_id === payingNo)?.answers[0]).toBe(503);
      shop.control.telegram.start(writing.id);
      await until(async () => (await bot.readiness()) === 503 && (await webhook.readiness()) === 503, 'both say so');
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      await shop.proxy?.mend();

      await until(async () => (await bot.readiness()) === 200 && (await webhook.readiness()) === 200, 'both are back');
      for (const [buyer, orderNo] of [
        [working, workingNo],
        [paying, payingNo],
      ] as const) {
        await shop.untilDelivered(orderNo);
        expect(await buyer.reportAsRead(orderNo)).toEqual(await buyer.wholeReport(orderNo));
        expect(await shop.moves(orderNo)).toEqual(['pending_payment', 'paid', 'generating', 'completed']);
      }
      // LEASE_SECONDS is over long before the database is back: what was written meanwhile is kept in hand.
      expect(working.modelCalls()).toEqual([1, 1, 1, 1]);
      await writing.hears(/./);
      expect(writing.said()).toHaveLength(1);
      expect([bot.hasEnded, webhook.hasEnded]).toEqual([false, false]);
    },
    TIMEOUT_MS,
  );

  test(
    'gone without a word: no notice is acknowledged that is not written, and the webhook goes on by itself',
    async () => {
      const silent = await openShop({ proxied: true });
      try {
        const { url } = await silent.webhook();
        const orders = await Promise.all([1, 2, 3, 4, 5, 6].map(() => anUnpaidOrder(silent.db)));
        const notify = async ({ orderNo }: Order): Promise<number> => {
          const { headers, body } = signPingpongBody(
            noticeSettings,
            JSON.stringify({ order_id: orderNo, status: 'paid' }),
          );
          const request = { method: 'POST', headers: headers as Record<string, string>, body: new Uint8Array(body) };
          return (await fetch(`${url}/webhook/pingpong`, request)).status;
        };
        const [first, ...others] = orders as [Order, ...Order[]];
        expect(await notify(first)).toBe(200);

        silent.proxy?.freeze();
        // One after the other, so that some come while a connection is being tried.
        const refused = others.map(async (order, place) => {
          await new Promise((resolve) => setTimeout(resolve, 400 * place));
          return notify(order);
        });
        expect(await Promise.all(refused)).toEqual(others.map(() => 503));
        await silent.proxy?.mend();
        for (const order of others) {
          await until(async () => (await notify(order)) === 200, 'the notice is taken');
          expect((await silent.order(order.orderNo)).status).toBe('paid');
        }
      } finally {
        await silent.close();
      }
    },
    TIMEOUT_MS,
  );
});
