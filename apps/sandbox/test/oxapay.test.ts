import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger, systemClock } from '@mingdan/kernel';
import { createClients, type PaymentClient, type PaymentNotice } from '@mingdan/payments/clients';
import { providerSettings } from '@mingdan/payments/settings';
import { createVerifiers, type NoticeVerifier } from '@mingdan/payments/verifiers';
import { oxapay } from '../src/gateways/oxapay/gateway.ts';
import type { GatewayControl, Sandbox } from '../src/index.ts';
import { eventually, listener, sandbox } from './harness.ts';

const keys = oxapay.makeKeys();
const orderNo = 'REPORT_20261121_7K3M9QXA';
const usdt = (minor: number) => ({ minor, currency: 'USDT' }) as const;

let world: Sandbox;
let shop: Awaited<ReturnType<typeof listener>>;
let gateway: GatewayControl;
let client: PaymentClient;
let verifier: NoticeVerifier;
let shopStatus: number;

beforeEach(async () => {
  shopStatus = 200;
  shop = await listener(() => shopStatus, 'ok');
  world = await sandbox({ gateways: { oxapay: keys.sandbox } });
  gateway = world.control.gateway('oxapay');
  client = newClient();
  const settings = providerSettings.find(({ provider }) => provider === 'oxapay');
  const found = createVerifiers(new Map([['oxapay', settings?.webhook.parse(keys.environment)]])).get('oxapay');
  if (!found) throw new Error('oxapay is missing');
  verifier = found;
});
afterEach(async () => {
  await world.close();
  await shop.close();
});

function newClient(environment: Record<string, string> = {}): PaymentClient {
  const all = { ...keys.environment, ...oxapay.addresses(world.gatewayBases.oxapay, world.url), ...environment };
  const settings = providerSettings.find(({ provider }) => provider === 'oxapay');
  const tools = { clock: systemClock, log: createLogger({ process: 'test', level: 'silent' }) };
  const found = createClients(new Map([['oxapay', settings?.bot.parse(all)]]), tools).get('oxapay');
  if (!found) throw new Error('oxapay is missing');
  return found;
}

async function open(gatewayOrderId = orderNo) {
  const created = await client.createPayment({
    gatewayOrderId,
    amount: usdt(2_770_000),
    subject: '八字精批',
    notifyUrl: shop.url,
    returnUrl: 'https://shop.example.com/order/1',
    expiresAt: new Date(Date.now() + 30 * 60_000),
    method: 'OXAPAY_INVOICE',
    buyer: { userId: 1, telegramId: null, language: 'en', openid: null, ip: null },
  });
  return { gatewayOrderId, ...created };
}

const heard = (): PaymentNotice[] =>
  shop.heard.map(({ headers, body }) => verifier.verify({ headers, body: Buffer.from(body) }, new Date()));
const kinds = (): string[] => heard().map(({ kind }) => kind);

describe("an invoice of OxaPay, with the project's own client and verifier", () => {
  test('is paid: seen, told as processing, then as paid, and the query says the same', async () => {
    const payment = await open();
    expect(await client.queryPayment(payment)).toMatchObject({ status: 'pending', providerStatus: 'new' });
    await gateway.act(orderNo, 'pay');
    expect(heard()).toMatchObject([
      { kind: 'processing', gatewayOrderId: orderNo, providerPaymentId: payment.providerPaymentId },
      { kind: 'paid', amount: usdt(2_770_000), problem: null, providerPaymentId: payment.providerPaymentId },
    ]);
    expect(await client.queryPayment(payment)).toMatchObject({ status: 'paid', amount: usdt(2_770_000) });
  });

  test.each(['trx', 'btc', 'eth'])('in %s comes to the same', async (coin) => {
    const payment = await open();
    await gateway.act(orderNo, `choose-${coin}`);
    expect(await client.queryPayment(payment)).toMatchObject({ status: 'pending', providerStatus: 'waiting' });
    await gateway.act(orderNo, 'pay');
    expect(heard().at(-1)).toMatchObject({ kind: 'paid', amount: usdt(2_770_000) });
    expect(await client.queryPayment(payment)).toMatchObject({ status: 'paid', amount: usdt(2_770_000) });
  });

  test('waits for its confirmations', async () => {
    const payment = await open();
    await gateway.act(orderNo, 'send');
    expect(kinds()).toEqual(['processing']);
    expect(await client.queryPayment(payment)).toMatchObject({ status: 'processing' });
    await gateway.act(orderNo, 'pay');
    expect(kinds()).toEqual(['processing', 'paid']);
  });

  test('that is paid in part waits, and the rest completes it', async () => {
    const payment = await open();
    await gateway.act(orderNo, 'send-part');
    expect(await client.queryPayment(payment)).toMatchObject({ status: 'processing', providerStatus: 'paying' });
    await gateway.act(orderNo, 'pay');
    expect(heard().at(-1)).toMatchObject({ kind: 'paid', amount: usdt(2_770_000) });
  });

  test('that ends with a part of its money is underpaid, which only a query tells', async () => {
    const payment = await open();
    await gateway.act(orderNo, 'send-part');
    await gateway.act(orderNo, 'run-out');
    expect(kinds()).toEqual(['processing']);
    expect(await client.queryPayment(payment)).toMatchObject({
      status: 'paid',
      providerStatus: 'underpaid',
      amount: usdt(1_385_000),
    });
  });

  test('that the merchant accepts by hand after all counts as the whole', async () => {
    const payment = await open();
    await gateway.act(orderNo, 'send-part');
    await gateway.act(orderNo, 'run-out');
    await gateway.act(orderNo, 'accept');
    expect(heard().at(-1)).toMatchObject({ kind: 'paid', amount: usdt(2_770_000) });
    expect(await client.queryPayment(payment)).toMatchObject({ status: 'paid', amount: usdt(2_770_000) });
  });

  test('that is paid too much says so', async () => {
    const payment = await open();
    await gateway.act(orderNo, 'pay-too-much');
    expect(heard().at(-1)).toMatchObject({ kind: 'paid', amount: usdt(4_155_000) });
    expect(await client.queryPayment(payment)).toMatchObject({ amount: usdt(4_155_000) });
  });

  test('that ends without a cent is closed, and money that comes late is found by asking', async () => {
    const payment = await open();
    await gateway.act(orderNo, 'run-out');
    expect(await client.queryPayment(payment)).toMatchObject({ status: 'closed', providerStatus: 'expired' });
    await gateway.act(orderNo, 'pay-late');
    expect(heard()).toEqual([]);
    expect(await client.queryPayment(payment)).toMatchObject({
      status: 'paid',
      providerStatus: 'expired',
      amount: usdt(2_770_000),
    });
  });

  test('is given back by hand, in its dashboard', async () => {
    const payment = await open();
    await gateway.act(orderNo, 'pay');
    await gateway.refundInConsole(orderNo);
    expect(await client.queryPayment(payment)).toMatchObject({ status: 'paid', providerStatus: 'refunded' });
    const day = [new Date(Date.now() - 3_600_000), new Date(Date.now() + 3_600_000)] as const;
    expect(await client.listPayments?.(...day)).toMatchObject([
      { gatewayOrderId: orderNo, amount: usdt(2_770_000), refundedMinor: 2_770_000 },
    ]);
  });

  test('is found by its order number, and the same one is made only once', async () => {
    const first = await open();
    expect(await open()).toEqual(first);
    expect(gateway.payments()).toHaveLength(1);
    expect(await client.queryPayment({ gatewayOrderId: orderNo, providerPaymentId: null })).toMatchObject({
      providerPaymentId: first.providerPaymentId,
    });
  });

  test('whose creation was answered by nobody is found again, not made again', async () => {
    await open('ANOTHER');
    world.control.faults.set({ oxapay: { drop: { times: 1, when: 'after', only: 'POST /v1/payment/invoice' } } });
    await expect(open()).rejects.toThrow();
    world.control.faults.reset();
    await open();
    expect(gateway.payments().map(({ orderId }) => orderId)).toEqual(['ANOTHER', orderNo]);
  });
});

describe('the stand-in of OxaPay', () => {
  const post = (body: unknown, key = keys.sandbox.merchantKey) =>
    fetch(`${world.gatewayBases.oxapay}/v1/payment/invoice`, {
      method: 'POST',
      headers: { merchant_api_key: key, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }).then(async (answer) => ({ status: answer.status, body: await answer.json() }));
  const invoice = { amount: 1.5, currency: 'USDT', lifetime: 30, callback_url: 'http://127.0.0.1:9/x', order_id: 'T1' };

  test('refuses another key, and the client says which one to compare', async () => {
    expect(await post(invoice, 'WRONG')).toMatchObject({ status: 401, body: { status: 401, data: {} } });
    client = newClient({ OXAPAY_SECRET_KEY: 'WRONG' });
    await expect(open()).rejects.toMatchObject({ hint: expect.stringContaining('OXAPAY_SECRET_KEY') });
  });

  test.each([
    [{ lifetime: 14 }],
    [{ lifetime: 2_881 }],
    [{ amount: '1.5' }],
    [{ amount: 0 }],
    [{ currency: 'DOGE' }],
    [{ under_paid_coverage: 61 }],
  ])('refuses %j', async (change) => {
    expect((await post({ ...invoice, ...change })).status).toBe(400);
  });

  test('makes another invoice for the same order id: there is no idempotency', async () => {
    await post(invoice);
    await post(invoice);
    expect(gateway.payments()).toHaveLength(2);
  });

  test('signs the bytes with the merchant key, and repeats itself to the byte until it hears "ok"', async () => {
    shopStatus = 500;
    await open();
    await gateway.act(orderNo, 'send');
    await eventually(() => shop.heard.length >= 2);
    shopStatus = 200;
    const [first, second] = shop.heard;
    expect(second).toMatchObject({ body: first?.body });
    const hmac = createHmac('sha512', keys.sandbox.merchantKey)
      .update(first?.body ?? '')
      .digest('hex');
    expect(first?.headers.hmac).toBe(hmac);
    await eventually(() => gateway.notices().every(({ state }) => state === 'taken'));
  });

  test('is told "OK" in any case, but no other word counts', () => {
    expect(oxapay.accepts({ status: 200, body: 'OK' })).toBe(true);
    expect(oxapay.accepts({ status: 200, body: 'success' })).toBe(false);
    expect(oxapay.accepts({ status: 204, body: 'ok' })).toBe(false);
  });

  test('shows a page with coins, an address and confirmations', async () => {
    const { paymentUrl } = await open();
    const page = async () => (await fetch(paymentUrl ?? '')).text();
    expect(await page()).toContain('data-testid="choose-btc"');
    expect(await page()).not.toContain('coin-address');
    await fetch(`${paymentUrl}/choose-btc`, { method: 'POST', redirect: 'manual' });
    expect(await page()).toContain('bc1q');
    await gateway.act(orderNo, 'send');
    expect(await page()).toContain('0/1 ');
    await gateway.act(orderNo, 'pay');
    expect(await page()).toContain('1/1 ');
  });
});
