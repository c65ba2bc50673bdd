import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger, systemClock } from '@mingdan/kernel';
import { createClients, GatewayRefused, type PaymentClient, type PaymentNotice } from '@mingdan/payments/clients';
import { providerSettings } from '@mingdan/payments/settings';
import { createVerifiers, type NoticeVerifier } from '@mingdan/payments/verifiers';
import { pingpong } from '../src/gateways/pingpong/gateway.ts';
import type { GatewayControl, Sandbox } from '../src/index.ts';
import { eventually, listener, sandbox } from './harness.ts';

const keys = pingpong.makeKeys();
const orderNo = 'REPORT_20261121_7K3M9QXA';
const amount = { minor: 1990, currency: 'CNY' } as const;

let world: Sandbox;
let shop: Awaited<ReturnType<typeof listener>>;
let gateway: GatewayControl;
let client: PaymentClient;
let verifier: NoticeVerifier;
let answer: number;

beforeEach(async () => {
  answer = 200;
  shop = await listener(() => answer);
  world = await sandbox({ pingpong: keys.sandbox });
  gateway = world.control.gateway('pingpong');
  client = clientOf({ PINGPONG_PROTOCOL: 'v4' });
  const settings = providerSettings.find(({ provider }) => provider === 'pingpong');
  const found = createVerifiers(new Map([['pingpong', settings?.webhook.parse(keys.environment)]])).get('pingpong');
  if (!found) throw new Error('pingpong is missing');
  verifier = found;
});
afterEach(async () => {
  await world.close();
  await shop.close();
});

function clientOf(changes: Record<string, string>): PaymentClient {
  const addresses = pingpong.addresses(world.gatewayBases.pingpong, world.url);
  const settings = providerSettings.find(({ provider }) => provider === 'pingpong');
  const parsed = settings?.bot.parse({ ...keys.environment, ...addresses, ...changes });
  const tools = { clock: systemClock, log: createLogger({ process: 'test', level: 'silent' }) };
  const found = createClients(new Map([['pingpong', parsed]]), tools).get('pingpong');
  if (!found) throw new Error('pingpong is missing');
  return found;
}

const wanted = {
  gatewayOrderId: orderNo,
  amount,
  subject: '八字精批 <2026>',
  returnUrl: 'https://shop.example.com/order/1?t=x',
  expiresAt: new Date(Date.now() + 30 * 60_000),
  method: 'PINGPONG_CHECKOUT',
  buyer: { userId: 1, telegramId: null, language: 'en', openid: null, ip: null },
};
async function open(changes: Partial<Omit<typeof wanted, 'amount'>> = {}, from = client) {
  const asked = { ...wanted, notifyUrl: shop.url, ...changes };
  const created = await from.createPayment(asked);
  return { gatewayOrderId: asked.gatewayOrderId, ...created };
}
const refundOf = (payment: Awaited<ReturnType<typeof open>>, refundId: string, minor: number) => ({
  ...payment,
  refundId,
  providerRefundId: null,
  amount: { ...amount, minor },
  paymentAmount: amount,
  reason: 'asked for by the buyer (in chat)',
  notifyUrl: shop.url,
  buyer: { userId: 1, telegramId: null },
});
const heard = (): PaymentNotice[] =>
  shop.heard.map(({ headers, body }) => verifier.verify({ headers, body: Buffer.from(body) }, new Date()));

describe("a payment of v4, with the project's own client and verifier", () => {
  test('is opened, paid, told, given back and told again', async () => {
    const payment = await open();
    expect(payment.paymentUrl).toContain('/pingpong/checkout/');
    expect(await client.queryPayment(payment)).toMatchObject({ status: 'pending', providerStatus: 'INIT', amount });
    await gateway.act(orderNo, 'pay');
    expect(heard()).toMatchObject([
      { kind: 'paid', amount, problem: null, merchantMatches: true, providerPaymentId: payment.providerPaymentId },
    ]);
    expect(await client.queryPayment(payment)).toMatchObject({ status: 'paid', amount, paidAt: expect.any(Date) });

    expect(await client.refund?.(refundOf(payment, 'R1', 500))).toMatchObject({ status: 'succeeded' });
    await eventually(() => shop.heard.length === 2);
    expect(heard()[1]).toMatchObject({ kind: 'refunded', refundId: 'R1', amount: { minor: 500 }, problem: null });
    expect(await client.queryRefund?.(refundOf(payment, 'R1', 500))).toMatchObject({ status: 'succeeded' });
  });

  test('that fails once may be paid after all', async () => {
    const payment = await open();
    await gateway.act(orderNo, 'fail');
    expect(heard()).toMatchObject([{ kind: 'pending' }]);
    expect(await client.queryPayment(payment)).toMatchObject({ status: 'pending', providerStatus: 'FAILED' });
    await gateway.act(orderNo, 'pay');
    expect(heard()[1]).toMatchObject({ kind: 'paid' });
  });

  test('closes by its time, which is told, and money may come later still', async () => {
    const payment = await open({ expiresAt: new Date(Date.now() + 1_000) });
    await gateway.act(orderNo, 'pay-late');
    await eventually(() => shop.heard.length === 2);
    expect(heard().map(({ kind }) => kind)).toEqual(['expired', 'paid']);
    expect(await client.queryPayment(payment)).toMatchObject({ status: 'paid' });
  });

  test('is the same one where it is asked for again, and none where it is paid', async () => {
    expect((await open()).providerPaymentId).toBe((await open()).providerPaymentId);
    await gateway.act(orderNo, 'pay');
    await expect(open()).rejects.toMatchObject({ name: 'OrderIdUsed' });
  });

  test('gives the same refund for the same id, and another amount under it is refused', async () => {
    const payment = await open();
    await gateway.act(orderNo, 'pay');
    world.control.faults.set({ pingpong: { refunds: 'stay_pending' } });
    expect(await client.refund?.(refundOf(payment, 'R1', 500))).toMatchObject({ status: 'pending' });
    expect(await client.refund?.(refundOf(payment, 'R1', 500))).toMatchObject({ status: 'pending' });
    expect(gateway.refunds()).toHaveLength(1);
    await gateway.settleRefund('R1', 'failed');
    expect(heard().at(-1)).toMatchObject({ kind: 'refund_failed', refundId: 'R1' });
    expect(await client.queryRefund?.(refundOf(payment, 'R1', 500))).toMatchObject({ status: 'failed' });
    await expect(client.refund?.(refundOf(payment, 'R2', 5_000))).rejects.toThrow(GatewayRefused);
  });

  test('that is disputed, or given back in the console, is told with their ids', async () => {
    const payment = await open();
    await gateway.act(orderNo, 'pay');
    const refund = await gateway.refundInConsole(orderNo, 100);
    await gateway.act(orderNo, 'charge-back');
    expect(heard().slice(1)).toMatchObject([
      { kind: 'refunded', refundId: refund.gatewayRefundId, amount: { minor: 100 } },
      {
        kind: 'disputed',
        gatewayOrderId: orderNo,
        providerPaymentId: payment.providerPaymentId,
        merchantMatches: true,
      },
    ]);
  });

  test('that nobody knows proves nothing', async () => {
    const unknown = { gatewayOrderId: 'NOBODY', providerPaymentId: null };
    expect(await client.queryPayment(unknown)).toMatchObject({ status: 'unknown' });
    expect(await client.queryRefund?.({ ...unknown, refundId: 'R9', providerRefundId: null })).toMatchObject({
      status: 'unknown',
    });
  });
});

describe('the stand-in of v4', () => {
  test.each([
    ['another salt', { PINGPONG_SALT: 'another-salt' }],
    ['another shop', { PINGPONG_ACC_ID: '2018092714313010016292' }],
  ])('refuses calls with %s', async (_, changes) => {
    await expect(open({}, clientOf({ PINGPONG_PROTOCOL: 'v4', ...changes }))).rejects.toMatchObject({
      hint: expect.stringContaining('PINGPONG_SALT'),
    });
    expect(gateway.payments()).toEqual([]);
  });

  test('refuses a notify address with parameters', async () => {
    const asked = { ...wanted, notifyUrl: `${shop.url}?a=1` };
    await expect(client.createPayment(asked)).rejects.toThrow('102000');
  });

  test('runs beside the plain protocol: each payment stays in its own', async () => {
    const plain = clientOf({ PINGPONG_PROTOCOL: 'plain' });
    await open({ gatewayOrderId: 'V4' });
    await open({ gatewayOrderId: 'PLAIN' }, plain);
    await gateway.act('V4', 'pay');
    await gateway.act('PLAIN', 'pay');
    expect(shop.heard.map(({ headers }) => 'x-signature' in headers)).toEqual([false, true]);
    expect(heard()).toMatchObject([
      { kind: 'paid', gatewayOrderId: 'V4' },
      { kind: 'paid', gatewayOrderId: 'PLAIN' },
    ]);
    expect(await client.queryPayment({ gatewayOrderId: 'PLAIN', providerPaymentId: null })).toMatchObject({
      status: 'unknown',
    });
  });

  test('repeats a notice to the byte until it is taken, and FAIL is no taking', async () => {
    answer = 500;
    await open();
    await gateway.act(orderNo, 'pay');
    await eventually(() => shop.heard.length >= 2);
    expect(shop.heard[1]?.body).toBe(shop.heard[0]?.body);
    expect(pingpong.accepts({ status: 200, body: 'FAIL' })).toBe(false);
    expect(pingpong.accepts({ status: 204, body: '' })).toBe(true);
  });
});
