import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { changed } from '@mingdan/db';
import { openShop, type Shop } from '../support/shop.ts';
import { until } from '../support/until.ts';
import { Api } from './support/api.ts';
import { balances } from './support/books.ts';
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
      await passExpiry(orderNo);
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

/** The order's time is over, and its gateway has been asked about it since. */
async function passExpiry(orderNo: string): Promise<void> {
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
