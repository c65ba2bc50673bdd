import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger, type Money, systemClock } from '@mingdan/kernel';
import { createClients, type PaymentClient, type PaymentNotice } from '@mingdan/payments/clients';
import { providerSettings } from '@mingdan/payments/settings';
import { createVerifiers, type NoticeVerifier } from '@mingdan/payments/verifiers';
import { stripe } from '../src/gateways/stripe/gateway.ts';
import type { GatewayControl, Sandbox } from '../src/index.ts';
import { eventually, listener, sandbox } from './harness.ts';

const keys = stripe.makeKeys();
const orderNo = 'REPORT_20261121_7K3M9QXA';
const amount: Money = { minor: 1990, currency: 'CNY' };

let world: Sandbox;
let shop: Awaited<ReturnType<typeof listener>>;
let gateway: GatewayControl;
let client: PaymentClient;
let verifier: NoticeVerifier;
let shopStatus: number;

beforeEach(async () => {
  shopStatus = 200;
  shop = await listener(() => shopStatus);
  world = await sandbox({ gateways: { stripe: keys.sandbox }, webhookUrl: shop.url });
  gateway = world.control.gateway('stripe');
  const environment = { ...keys.environment, ...stripe.addresses(world.gatewayBases.stripe, world.url) };
  const settings = providerSettings.find(({ provider }) => provider === 'stripe');
  const tools = { clock: systemClock, log: createLogger({ process: 'test', level: 'silent' }) };
  const foundClient = createClients(new Map([['stripe', settings?.bot.parse(environment)]]), tools).get('stripe');
  const foundVerifier = createVerifiers(new Map([['stripe', settings?.webhook.parse(environment)]])).get('stripe');
  if (!foundClient || !foundVerifier) throw new Error('stripe is missing');
  client = foundClient;
  verifier = foundVerifier;
});
afterEach(async () => {
  await world.close();
  await shop.close();
});

const wanted = {
  gatewayOrderId: orderNo,
  amount,
  subject: '八字精批',
  notifyUrl: '',
  returnUrl: 'https://shop.example.com/order/1?t=x',
  expiresAt: new Date(Date.now() + 30 * 60_000),
  method: 'STRIPE_CHECKOUT',
  buyer: { userId: 1, telegramId: null, language: 'en', openid: null, ip: null },
};
async function open(changes: Partial<typeof wanted> = {}) {
  const { gatewayOrderId } = { ...wanted, ...changes };
  const created = await client.createPayment({ ...wanted, ...changes });
  return { gatewayOrderId, providerPaymentId: created.providerPaymentId, paymentUrl: created.paymentUrl ?? '' };
}
const giveBack = (payment: Awaited<ReturnType<typeof open>>, refundId: string, minor: number) =>
  client.refund?.({
    ...payment,
    refundId,
    amount: { ...amount, minor },
    paymentAmount: amount,
    reason: 'asked',
    notifyUrl: '',
    buyer: { userId: 1, telegramId: null },
  });

/** What the product's own verifier makes of everything that was sent. */
function notices(): PaymentNotice[] {
  return shop.heard.map(({ headers, body }) => verifier.verify({ headers, body: Buffer.from(body) }, new Date()));
}

test('a payment is opened, paid, told, given back and told again', async () => {
  const payment = await open();
  expect(await client.queryPayment(payment)).toMatchObject({
    status: 'pending',
    providerStatus: 'open/unpaid',
    amount,
  });
  await gateway.act(orderNo, 'pay');
  expect(notices()).toMatchObject([
    {
      kind: 'paid',
      gatewayOrderId: orderNo,
      providerPaymentId: payment.providerPaymentId,
      amount,
      problem: null,
      merchantMatches: true,
    },
  ]);
  expect(await client.queryPayment(payment)).toMatchObject({ status: 'paid', amount, paidAt: expect.any(Date) });

  const refunded = await giveBack(payment, 'R7d1', 500);
  expect(refunded).toMatchObject({ status: 'succeeded', providerStatus: 'succeeded' });
  await eventually(() => shop.heard.length === 3);
  expect(notices().slice(1)).toMatchObject([
    { kind: 'refunded', gatewayOrderId: orderNo, refundId: 'R7d1', amount: { minor: 500 } },
    {
      kind: 'refunded',
      gatewayOrderId: orderNo,
      refundId: null,
      amount: null,
      refundedTotal: { minor: 500, currency: 'CNY' },
    },
  ]);
  const { providerRefundId = null } = refunded ?? {};
  for (const id of [providerRefundId, null])
    expect(await client.queryRefund?.({ ...payment, refundId: 'R7d1', providerRefundId: id })).toEqual(refunded);
});

describe('a Checkout Session', () => {
  test('is the same for the same order, and refused where something else is wanted under its key', async () => {
    const first = await open();
    expect(await open()).toEqual(first);
    await expect(open({ amount: { ...amount, minor: 2000 } })).rejects.toMatchObject({ code: 'order_id_used' });
    expect((await open({ gatewayOrderId: `${orderNo}-2` })).providerPaymentId).not.toBe(first.providerPaymentId);
  });

  test('may not be for a sum that is too small, nor be asked for with a wrong key', async () => {
    await expect(open({ amount: { ...amount, minor: 100 } })).rejects.toThrow('amount_too_small');
    const request = { method: 'POST', headers: { authorization: 'Bearer sk_test_wrong' } };
    const answer = await fetch(`${world.gatewayBases.stripe}/v1/checkout/sessions`, request);
    expect([answer.status, await answer.json()]).toMatchObject([401, { error: { type: 'invalid_request_error' } }]);
  });

  test('takes no parameter that Stripe does not know', async () => {
    const answer = await fetch(`${world.gatewayBases.stripe}/v1/checkout/sessions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${keys.sandbox.secretKey}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'mode=payment&notify_url=x&line_items[0][price_data][currency]=cny&success_url=https://a.example',
    });
    expect(answer.status).toBe(400);
  });

  test('is closed once, and told as expired', async () => {
    const payment = await open();
    await client.closePayment?.(payment);
    await client.closePayment?.(payment);
    await eventually(() => shop.heard.length > 0);
    expect(notices()).toMatchObject([{ kind: 'expired', providerPaymentId: payment.providerPaymentId }]);
    expect(await client.queryPayment(payment)).toMatchObject({ status: 'closed' });
    await expect(gateway.act(orderNo, 'pay')).rejects.toThrow('closed');
  });

  test('that is paid is not closed', async () => {
    const payment = await open();
    await gateway.act(orderNo, 'pay-alipay');
    await expect(client.closePayment?.(payment)).rejects.toThrow('it is paid already');
  });

  test('whose card was declined is still open, and may be paid by another way', async () => {
    const payment = await open();
    await gateway.act(orderNo, 'fail');
    expect(await client.queryPayment(payment)).toMatchObject({ status: 'pending' });
    await gateway.act(orderNo, 'pay-wechat');
    expect(notices().map(({ kind }) => kind)).toEqual(['pending', 'paid']);
  });

  test('paid with another sum says so in event and query', async () => {
    const payment = await open();
    await gateway.act(orderNo, 'pay-wrong-amount');
    expect(notices()).toMatchObject([{ kind: 'paid', amount: { minor: 995 } }]);
    expect(await client.queryPayment(payment)).toMatchObject({ amount: { minor: 995 } });
  });
});

describe('a delayed method', () => {
  test('is under way first, and paid when the money came', async () => {
    const payment = await open();
    await gateway.act(orderNo, 'pay-delayed');
    expect(await client.queryPayment(payment)).toMatchObject({
      status: 'processing',
      providerStatus: 'complete/unpaid',
    });
    await expect(client.closePayment?.(payment)).rejects.toThrow('under way');
    await gateway.act(orderNo, 'pay');
    expect(notices().map(({ kind, eventId }) => [kind, eventId.split(':')[0]])).toEqual([
      ['processing', 'checkout.session.completed'],
      ['paid', 'checkout.session.async_payment_succeeded'],
    ]);
    expect(await client.queryPayment(payment)).toMatchObject({ status: 'paid', amount });
  });

  test('may fail days later, and its session takes no money then', async () => {
    const payment = await open();
    await gateway.act(orderNo, 'pay-delayed');
    await gateway.act(orderNo, 'fail');
    expect(notices().map(({ kind }) => kind)).toEqual(['processing', 'failed']);
    expect(await client.queryPayment(payment)).toMatchObject({ status: 'failed' });
    await expect(gateway.act(orderNo, 'pay')).rejects.toThrow('closed');
  });
});

describe('money that goes back', () => {
  test('goes back once for each refund id, and never more than came in', async () => {
    const payment = await open();
    await gateway.act(orderNo, 'pay');
    const first = await giveBack(payment, 'R1', 1000);
    expect(await giveBack(payment, 'R1', 1000)).toEqual(first);
    await expect(giveBack(payment, 'R2', 1000)).rejects.toMatchObject({ code: 'gateway_refused' });
    expect(await giveBack(payment, 'R3', 990)).toMatchObject({ status: 'succeeded' });
    expect(await giveBack(payment, 'R4', 1)).toMatchObject({ providerStatus: 'charge_already_refunded' });
    expect(gateway.refunds()).toHaveLength(2);
  });

  test('is told when it fails later', async () => {
    world.control.faults.set({ stripe: { refunds: 'stay_pending' } });
    const payment = await open();
    await gateway.act(orderNo, 'pay');
    const refund = await giveBack(payment, 'R1', 1990);
    expect(refund).toMatchObject({ status: 'pending' });
    await gateway.settleRefund('R1', 'failed');
    expect(await client.queryRefund?.({ ...payment, refundId: 'R1', providerRefundId: null })).toMatchObject({
      status: 'failed',
    });
    expect(notices().at(-1)).toMatchObject({ kind: 'refund_failed', refundId: 'R1', gatewayOrderId: orderNo });
  });

  test('from the dashboard is told without an order, and by the charge with its total', async () => {
    await open();
    await gateway.act(orderNo, 'pay');
    await gateway.refundInConsole(orderNo, 700);
    expect(notices().slice(1)).toMatchObject([
      { kind: 'refunded', gatewayOrderId: '', refundId: expect.stringMatching(/^re_/) },
      { kind: 'refunded', gatewayOrderId: orderNo, refundedTotal: { minor: 700 } },
    ]);
  });

  test('by force of the bank is told as disputed', async () => {
    await open();
    await gateway.act(orderNo, 'pay');
    const { disputeId } = await gateway.dispute(orderNo);
    await gateway.settleDispute(disputeId, 'lost');
    expect(notices().slice(1)).toMatchObject([{ kind: 'disputed', amount }, { kind: 'pending' }]);
  });
});

test('what was paid in a time is listed over all pages, with what went back', async () => {
  const from = new Date(Date.now() - 1_000);
  for (let number = 10; number < 32; number += 1) {
    const gatewayOrderId = `REPORT_20261121_0000${number}AA`;
    await open({ gatewayOrderId });
    if (number !== 20) await gateway.act(gatewayOrderId, 'pay');
  }
  await gateway.refundInConsole('REPORT_20261121_000010AA', 700);
  const listed = (await client.listPayments?.(from, new Date(Date.now() + 1_000))) ?? [];
  expect(listed).toHaveLength(21);
  expect(listed.at(-1)).toMatchObject({ gatewayOrderId: 'REPORT_20261121_000010AA', amount, refundedMinor: 700 });
  expect(await client.listPayments?.(new Date(0), from)).toEqual([]);
});

describe('an event', () => {
  test('is signed over its bytes with the whole secret, each try with its own time', async () => {
    await open();
    shopStatus = 500;
    await gateway.act(orderNo, 'pay');
    await eventually(() => shop.heard.length >= 2);
    for (const { headers, body } of shop.heard) {
      const [, t, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['stripe-signature'])) ?? [];
      expect(createHmac('sha256', keys.sandbox.webhookSecret).update(`${t}.${body}`).digest('hex')).toBe(v1);
    }
    expect(new Set(shop.heard.map(({ body }) => body)).size).toBe(1);
    expect(new Set(notices().map(({ eventId }) => eventId)).size).toBe(1);
  });

  test.each(['stale', 'corrupt'] as const)('that is %s is refused, and the next try is taken', async (fault) => {
    await open();
    world.control.faults.set({ stripe: { notices: { [fault]: 1 } } });
    shopStatus = 401;
    await gateway.act(orderNo, 'pay');
    shopStatus = 200;
    const [first] = shop.heard;
    const read = ({ headers, body }: NonNullable<typeof first>) =>
      verifier.verify({ headers, body: Buffer.from(body) }, new Date());
    expect(() => first && read(first)).toThrow(expect.objectContaining({ code: 'forged_notice' }));
    const second = await eventually(() => shop.heard[1]);
    expect(read(second)).toMatchObject({ kind: 'paid' });
  });

  test('of a test may say anything', async () => {
    await open();
    await gateway.sendNotice(orderNo, { payment_status: 'paid', currency: 'usd' });
    expect(notices()).toMatchObject([{ kind: 'paid', amount: { minor: 1990, currency: 'USD' } }]);
  });
});

test('the page shows what is bought and how it can be paid, and leads back with the session', async () => {
  const { paymentUrl, providerPaymentId } = await open({ subject: '<b>八字</b>' });
  const page = await (await fetch(paymentUrl)).text();
  expect(page).toContain('&lt;b&gt;八字&lt;/b&gt;');
  expect(page).toContain('支付宝');
  expect(page).toContain(`session_id=${providerPaymentId}`);
  for (const action of ['pay', 'fail', 'pay-alipay', 'pay-wechat', 'pay-delayed'])
    expect(page).toContain(`data-testid="${action}"`);
  const paid = await fetch(`${paymentUrl}/pay`, { method: 'POST' });
  expect(await paid.text()).toContain('data-status="paid"');
  expect(notices()).toMatchObject([{ kind: 'paid' }]);
});
