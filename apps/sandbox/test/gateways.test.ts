import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createLogger } from '@mingdan/kernel';
import { gateways, type Sandbox, startSandbox } from '../src/index.ts';
import { API_SECRET, BOT_TOKEN, hmac, listener, sandbox } from './harness.ts';

const log = createLogger({ process: 'sandbox', level: 'silent' });
const ORDER = 'REPORT_20261121_SCAN0001';
let world: Sandbox;
let shop: Awaited<ReturnType<typeof listener>>;

beforeAll(async () => {
  world = await sandbox();
  shop = await listener();
  const body = JSON.stringify({
    merchant_id: 'test-merchant',
    order_id: ORDER,
    amount: '19.90',
    currency: 'CNY',
    notify_url: shop.url,
  });
  await fetch(`${world.pingpongApiBase}/v1/payments`, {
    method: 'POST',
    headers: { 'x-signature': hmac(API_SECRET, body), 'x-timestamp': String(Math.floor(Date.now() / 1_000)) },
    body,
  });
});
afterAll(async () => {
  await world.close();
  await shop.close();
});

const panel = (path: string, body?: unknown) =>
  fetch(`${world.url}/panel/api/${path}`, {
    ...(body !== undefined && {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });
const scan = (text: string) => fetch(`${world.url}/scan?text=${encodeURIComponent(text)}`, { redirect: 'manual' });

describe('every gateway in the list', () => {
  test.each(gateways.map((gateway) => [gateway.name, gateway] as const))(
    '%s makes keys that it can read back, and names only settings of its own',
    (name, gateway) => {
      const { sandbox: keys, environment } = gateway.makeKeys();
      expect(gateway.keys.parse(JSON.parse(JSON.stringify(keys)))).toEqual(keys);
      const names = Object.keys({ ...environment, ...gateway.addresses('http://s/x', 'http://s') });
      expect(names.filter((each) => !each.startsWith(`${name.toUpperCase()}_`))).toEqual([]);
      expect(Object.values(environment).every((value) => value !== '')).toBe(true);
    },
  );

  test('has a page with colours of its own', async () => {
    const all = await sandbox({
      gateways: Object.fromEntries(gateways.map(({ name, makeKeys }) => [name, makeKeys().sandbox])),
    });
    for (const { name } of gateways) {
      const theme = await fetch(`${all.url}/assets/gateways/${name}/theme.css`);
      expect([name, theme.status]).toEqual([name, 200]);
      expect(await theme.text()).toContain('--brand');
      expect((await fetch(`${all.url}/${name}/checkout/unknown`)).status).toBe(404);
    }
    await all.close();
  });

  test('answers only where it was given keys', async () => {
    const none = await startSandbox({ port: 0, botToken: BOT_TOKEN, deepseekApiKey: 'sk', yuanfenjuApiKey: 'y', log });
    expect((await fetch(`${none.url}/pingpong/v1/payments/x`)).status).toBe(404);
    expect(() => none.control.gateway('pingpong')).toThrow('without keys');
    await none.close();
  });
});

describe('the scan page', () => {
  test('leads from an order number or what a code holds to the page where it is paid', async () => {
    const payment = world.control.pingpong.payment(ORDER);
    const page = `/pingpong/checkout/${payment?.paymentId}`;
    expect((await scan(ORDER)).headers.get('location')).toBe(page);
    payment?.codes.push('epay://pay?code=1');
    expect((await scan(' epay://pay?code=1\n')).headers.get('location')).toBe(page);
  });

  test('says what it does not know, and shows it as text', async () => {
    const answer = await scan('<script>alert(1)</script>');
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain('&lt;script&gt;');
  });
});

describe('the panel', () => {
  test('acts on an order whose gateway the caller does not know', async () => {
    expect((await panel('orders/REPORT_20261121_NOBODY00/pay', {})).status).toBe(404);
    expect((await panel(`orders/${ORDER}/fly`, {})).status).toBe(404);
    expect((await panel(`orders/${ORDER}/fail`, {})).status).toBe(200);
    expect(world.control.pingpong.payment(ORDER)?.status).toBe('failed');
    shop.heard.length = 0;
  });

  test('refunds in the console, repeats notices, and lists all with the payment', async () => {
    await world.control.pingpong.act(ORDER, 'pay');
    expect((await panel(`pingpong/${ORDER}/console-refund`, { minor: 500 })).status).toBe(200);
    expect((await panel(`pingpong/${ORDER}/console-refund`, { minor: 5_000 })).status).toBe(409);
    const { gateways: listed } = JSON.parse(await (await panel('gateways')).text());
    const [pingpong] = listed;
    expect(pingpong).toMatchObject({
      name: 'pingpong',
      payments: [{ orderId: ORDER, text: '19.90 CNY', refundable: true, disputable: false }],
      refunds: [{ madeIn: 'console', text: '5.00 CNY' }],
      notices: [{ says: 'refunded' }, { says: 'paid' }, { says: 'failed' }],
    });
    expect((await panel(`pingpong/notices/${pingpong.notices[0].id}/again`, {})).status).toBe(200);
    expect(shop.heard).toHaveLength(3);
    expect((await panel('pingpong/notices/4711/again', {})).status).toBe(404);
  });

  test('has no disputes where the gateway has none', async () => {
    expect((await panel(`pingpong/${ORDER}/dispute`, {})).status).toBe(404);
  });
});
