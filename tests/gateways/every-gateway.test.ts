import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { changed } from '@mingdan/db';
import { openShop, type Shop } from '../support/shop.ts';
import { until } from '../support/until.ts';
import { Api } from './support/api.ts';
import { balances, booksOf, matter, untilQuiet } from './support/books.ts';
import { Story, ways } from './support/story.ts';

const TIMEOUT_MS = 150_000;
let shop: Shop;
let api: Api;
let stories: Map<string, Promise<string>>;

/** Every way to pay at once, as in a shop that is open. */
beforeAll(async () => {
  shop = await openShop({ everyGateway: true, withoutLimits: true });
  await Promise.all([shop.webhook(), shop.bot()]);
  api = new Api(shop);
  const story = new Story(shop);
  stories = new Map(ways.map((way) => [way.method, story.play(way)]));
  // Each test waits for its own.
  for (const played of stories.values()) played.catch(() => undefined);
}, TIMEOUT_MS);
afterAll(() => shop?.close(), TIMEOUT_MS);

describe('an order', () => {
  test.each(ways)(
    'from $from by $method is paid, delivered, given back and booked once',
    async ({ method }) => {
      await stories.get(method);
    },
    TIMEOUT_MS,
  );

  test('of none of them has left anything behind', async () => {
    await Promise.all(stories.values());
    for (const balance of await balances(shop.db))
      expect(balance).toEqual({ ...balance, refunded: balance.cameIn, delivered: 0, inbox: 0, lost: 0 });
    expect((await balances(shop.db)).map(({ provider, currency }) => `${provider} ${currency}`)).toEqual([
      'alipay CNY',
      'mock CNY',
      'oxapay USDT',
      'pingpong CNY',
      'points COIN',
      'redpacket CNY',
      'stars XTR',
      'stripe CNY',
      'wechat CNY',
    ]);
  });
});

describe('money for an order that we do not have', () => {
  test(
    'is in the inbox, can only go back, and goes back once',
    async () => {
      const orderNo = 'REPORT_20260101_00000000';
      await openAtPingpong(orderNo);
      await shop.control.pingpong.act(orderNo, 'pay');
      const found = await matter(shop, orderNo, 'money_unmatched');
      expect(found).toMatchObject({ verdict: 'unknown_order', answers: ['refund'] });
      const resolve = (answer: string) => shop.mingdan('inbox', 'resolve', String(found.id), answer);
      expect(await resolve('--deliver')).toMatchObject({ code: 1 });
      expect(await resolve('--refund')).toMatchObject({ code: 0 });
      await resolve('--refund');
      await shop.control.pingpong.waitForRefund(orderNo);
      await untilQuiet(shop);
      const given = shop.control.pingpong.refunds().filter((refund) => refund.orderId === orderNo);
      expect(given).toMatchObject([{ status: 'succeeded', amount: { minor: 1990, currency: 'CNY' } }]);
      const pingpong = (await balances(shop.db)).find(({ provider }) => provider === 'pingpong');
      expect(pingpong).toMatchObject({ lost: 0, inbox: 0 });
    },
    TIMEOUT_MS,
  );
});

describe('a red packet', () => {
  test(
    'with too little in it flips nothing, and is delivered for where an operator says so',
    async () => {
      const story = new Story(shop);
      const { orderNo, token } = await story.api.order('alipay_redpacket');
      await story.payRedPacket(orderNo, token, '10.00');
      const found = await matter(shop, orderNo, 'money_unmatched');
      expect(found).toMatchObject({ verdict: 'amount_mismatch' });
      expect(await story.api.status(orderNo)).toMatchObject({ status: 'pending_payment' });
      expect(await shop.mingdan('inbox', 'resolve', String(found.id), '--deliver')).toMatchObject({ code: 0 });
      await shop.untilDelivered(orderNo);
      const { payments } = await booksOf(shop.db, orderNo);
      expect(payments).toMatchObject([{ status: 'captured', amountMinor: 1000 }]);
    },
    TIMEOUT_MS,
  );
});

describe('Stars', () => {
  test(
    'that come twice go back once; for an order that is over the bot says no',
    async () => {
      const { stars } = shop.control.telegram;
      const story = new Story(shop);
      const way = { provider: 'stars', method: 'STARS_INVOICE', from: 'chat', refund: 'succeeded' } as const;
      const [twice, late] = await Promise.all([story.place(way), story.place(way)]);
      const [payer, latecomer] = [twice.buyer?.id ?? 0, late.buyer?.id ?? 0];
      await Promise.all([payer, latecomer].map((id) => stars.waitForInvoice(id)));
      // Two devices, one invoice: both were asked before either paid.
      let go: (value?: unknown) => void = () => undefined;
      const afterYes = new Promise((resolve) => {
        go = resolve;
      });
      const both = [stars.pay(payer, { afterYes, again: true }), stars.pay(payer, { afterYes, again: true })];
      await until(
        () => shop.control.calls({ service: 'telegram', name: 'answerPreCheckoutQuery' }).length >= 2,
        'both are answered',
      );
      go();
      expect(await Promise.all(both)).toMatchObject([{ paid: true }, { paid: true }]);
      await shop.untilDelivered(twice.orderNo);
      await until(() => stars.moves().some(({ kind }) => kind === 'refund'), 'the second payment goes back');
      expect((await booksOf(shop.db, twice.orderNo)).refunds).toMatchObject([{ reason: 'second_payment' }]);

      await changed(shop.db, 'update orders set expires_at = now() where order_no = :orderNo', {
        orderNo: late.orderNo,
      });
      expect(await stars.pay(latecomer)).toMatchObject({ paid: false, by: 'bot' });
    },
    TIMEOUT_MS,
  );
});

describe('who comes back from a gateway', () => {
  test(
    'reads what is true of coins: waiting, seen and not expiring, paid, delivered',
    async () => {
      const { orderNo } = await api.order();
      const { track_id: trackId = '' } = await api.open('oxapay', 'OXAPAY_INVOICE', orderNo);
      expect(await api.comesBack({ track_id: trackId, status: 'Paid' })).toBe('pending_payment.waiting.none.none');
      await shop.control.gateway('oxapay').act(orderNo, 'send');
      expect(await api.status(orderNo)).toMatchObject({ status: 'pending_payment', payment_status: 'processing' });
      expect(await api.page(orderNo)).toBe('pending_payment.processing.none.none');
      await outlives(orderNo);
      expect(await api.page(orderNo)).toBe('pending_payment.processing.none.none');
      await shop.control.gateway('oxapay').act(orderNo, 'pay');
      await shop.untilDelivered(orderNo);
      expect(await api.comesBack({ track_id: trackId })).toBe('completed.paid.none.delivered');
    },
    TIMEOUT_MS,
  );

  test.each([
    ['alipay', 'ALIPAY_WEB', (orderNo: string) => ({ out_trade_no: orderNo, trade_no: '2026112122001' })],
    ['stripe', 'STRIPE_CHECKOUT', (orderNo: string) => ({ order_no: orderNo })],
    ['wechat', 'WECHAT_H5', (orderNo: string) => ({ order_no: orderNo })],
    ['pingpong', 'PINGPONG_CHECKOUT', (orderNo: string) => ({ order_id: orderNo })],
  ] as const)(
    'from %s finds the payment whose notice was lost, and no payment that is only claimed',
    async (provider, method, fields) => {
      const [paid, claimed] = await Promise.all([api.order(), api.order()]);
      await Promise.all([paid, claimed].map(({ orderNo }) => api.open(provider, method, orderNo)));
      shop.control.faults.set({ [provider]: { notices: { lose: null } } });
      // Alipay knows no payment before a buyer has seen its page.
      const page = shop.control.gateway(provider);
      if (provider === 'alipay') await scan(paid.orderNo);
      await page.act(paid.orderNo, 'pay');
      shop.control.faults.set({ [provider]: { notices: { lose: 0 } } });
      expect(await api.status(paid.orderNo)).toMatchObject({ payment_status: 'waiting' });
      expect(await api.comesBack({ ...fields(paid.orderNo), status: 'paid' })).toMatch(
        /^(paid|generating|completed)\.paid\./,
      );
      expect(await api.comesBack({ ...fields(claimed.orderNo), status: 'paid' })).toBe(
        'pending_payment.waiting.none.none',
      );
      await shop.untilDelivered(paid.orderNo);
      const booked = await api.call('GET', `/api/v1/payments/${provider}/query/${paid.orderNo}`);
      expect(booked.body).toMatchObject({ success: true, data: { status: 'paid', amount: 19.9, currency: 'CNY' } });
    },
    TIMEOUT_MS,
  );
});

test('all of it together leaves no money that nobody looks at', async () => {
  await untilQuiet(shop);
  for (const balance of await balances(shop.db))
    expect(balance).toMatchObject({ cameIn: balance.delivered + balance.refunded + balance.inbox, lost: 0 });
});

/** A payment that somebody else opened in our name: by the published protocol, without our code. */
async function openAtPingpong(orderNo: string): Promise<void> {
  const body = JSON.stringify({
    merchant_id: shop.setting('PINGPONG_MERCHANT_ID'),
    order_id: orderNo,
    amount: '19.90',
    currency: 'CNY',
    subject: 'a report of old',
    notify_url: `http://127.0.0.1:${shop.webhookPort}/webhook/pingpong`,
    return_url: shop.url,
    expires_in: 1_800,
  });
  const signature = createHmac('sha256', shop.setting('PINGPONG_API_SECRET')).update(body).digest('hex');
  const answer = await fetch(`${shop.setting('PINGPONG_API_BASE')}/v1/payments`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-signature': signature,
      'x-timestamp': String(Math.floor(Date.now() / 1000)),
    },
    body,
  });
  expect(answer.status).toBeLessThan(300);
}

/** The order's time is over, and its gateway has been asked about it since. */
async function outlives(orderNo: string): Promise<void> {
  const asked = () => shop.control.calls({ service: 'oxapay' }).filter(({ name }) => name.startsWith('GET')).length;
  const before = asked();
  await changed(shop.db, `update orders set expires_at = now() - interval '1 minute' where order_no = :orderNo`, {
    orderNo,
  });
  await until(() => asked() > before, `the gateway is asked about ${orderNo}`);
}

async function scan(orderNo: string): Promise<void> {
  const { payment_url: link = '' } = await api.open('alipay', 'ALIPAY_WEB', orderNo);
  await (await fetch(link)).arrayBuffer();
}
