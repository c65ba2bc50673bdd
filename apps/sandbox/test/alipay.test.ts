import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger } from '@mingdan/kernel';
import { createClients, GatewayRefused, GatewayUnreachable, type PaymentClient } from '@mingdan/payments/clients';
import { providerSettings } from '@mingdan/payments/settings';
import { createVerifiers, type NoticeVerifier, type PaymentNotice } from '@mingdan/payments/verifiers';
import { alipay } from '../src/gateways/alipay/gateway.ts';
import type { Sandbox } from '../src/index.ts';
import { eventually, listener, sandbox } from './harness.ts';

const keys = alipay.makeKeys();
const amount = { minor: 1990, currency: 'CNY' } as const;
const buyer = { userId: 1, telegramId: 1, language: 'zh-CN', openid: null, ip: null };

let gateway: Sandbox;
let shop: Awaited<ReturnType<typeof listener>>;
let client: PaymentClient;
let verifier: NoticeVerifier;
let number = 0;
let orderId = '';
let takes = true;

beforeAll(async () => {
  gateway = await sandbox({ gateways: { alipay: keys.sandbox } });
  shop = await listener(() => (takes ? 200 : 503), 'success');
  const environment = { ...keys.environment, ...alipay.addresses(`${gateway.url}/alipay`, gateway.url) };
  const settings = providerSettings.find(({ provider }) => provider === 'alipay');
  const tools = { clock: { now: () => new Date() }, log: createLogger({ process: 'test', level: 'silent' }) };
  const [made] = createClients(new Map([['alipay', settings?.bot.parse(environment)]]), tools).values();
  const [verifying] = createVerifiers(new Map([['alipay', settings?.webhook.parse(environment)]])).values();
  if (!made || !verifying) throw new Error('alipay is not there');
  client = made;
  verifier = verifying;
});
beforeEach(() => {
  orderId = `REPORT_20261121_TEST${String(++number).padStart(4, '0')}`;
  shop.heard.length = 0;
  takes = true;
});
afterEach(() => gateway.control.faults.reset());
afterAll(async () => {
  await gateway.close();
  await shop.close();
});

const create = (method = 'ALIPAY_QR', changes = {}) =>
  client.createPayment({
    gatewayOrderId: orderId,
    amount,
    subject: '八字精批',
    notifyUrl: shop.url,
    returnUrl: 'https://shop.example.com/payment/success',
    expiresAt: new Date(Date.now() + 1_800_000),
    method,
    buyer,
    ...changes,
  });
const query = () => client.queryPayment({ gatewayOrderId: orderId, providerPaymentId: null });
const close = async () => client.closePayment?.({ gatewayOrderId: orderId, providerPaymentId: null });
const refund = (refundId: string, minor: number) =>
  client.refund?.({
    refundId,
    gatewayOrderId: orderId,
    providerPaymentId: null,
    amount: { ...amount, minor },
    paymentAmount: amount,
    reason: 'test',
    notifyUrl: shop.url,
    buyer,
  });
const queryRefund = (refundId: string) =>
  client.queryRefund?.({ gatewayOrderId: orderId, providerPaymentId: null, refundId, providerRefundId: null });
const act = (action: string) => gateway.control.gateway('alipay').act(orderId, action);
const notices = (): PaymentNotice[] =>
  shop.heard.map(({ headers, body }) => verifier.verify({ headers, body: Buffer.from(body) }, new Date()));

describe('one order, from the code to the refund', () => {
  test('is opened, paid, told, given back and told again, all signed by both sides', async () => {
    const { qrCode } = await create();
    expect(await query()).toMatchObject({ status: 'pending', providerStatus: 'ACQ.TRADE_NOT_EXIST' });
    const page = await fetch(`${gateway.url}/scan?text=${encodeURIComponent(qrCode ?? '')}`);
    expect(await page.text()).toContain('支付宝收银台');
    expect(await query()).toMatchObject({ status: 'pending', providerStatus: 'WAIT_BUYER_PAY' });

    await act('pay');
    const state = await query();
    expect(state).toMatchObject({ status: 'paid', amount });
    expect(notices()).toMatchObject([
      {
        kind: 'paid',
        gatewayOrderId: orderId,
        providerPaymentId: state.providerPaymentId,
        amount,
        merchantMatches: true,
        problem: null,
      },
    ]);

    expect(await refund('R1', 490)).toMatchObject({ status: 'succeeded' });
    expect(await refund('R1', 490)).toMatchObject({ status: 'pending', providerStatus: 'fund_change=N' });
    expect(await queryRefund('R1')).toMatchObject({ status: 'succeeded' });
    expect(await queryRefund('R2')).toMatchObject({ status: 'unknown' });
    expect(await refund('R2', 1500)).toMatchObject({ status: 'succeeded' });
    expect(await query()).toMatchObject({ status: 'paid', providerStatus: 'TRADE_CLOSED' });
    await eventually(() => shop.heard.length === 3);
    expect(notices().slice(1)).toMatchObject([
      { kind: 'refunded', refundId: 'R1', refundedTotal: { minor: 490 }, amount: null },
      { kind: 'refunded', refundId: 'R2', refundedTotal: amount, amount: null },
    ]);
    expect(await refund('R2', 1500)).toMatchObject({ status: 'pending' });
    await expect(refund('R3', 1)).rejects.toThrow('ACQ.TRADE_HAS_CLOSE');
  });
});

describe('what opens a trade', () => {
  test.each(['ALIPAY_WEB', 'ALIPAY_WAP'])('is the page of %s, when the buyer looks at it', async (method) => {
    const { paymentUrl } = await create(method);
    expect(gateway.control.gateway('alipay').payment(orderId)).toBeUndefined();
    const page = await fetch(paymentUrl ?? '');
    expect(await page.text()).toContain('data-status="pending"');
    expect(page.url).toContain('/alipay/checkout/');
    await fetch(`${page.url}/pay`, { method: 'POST' });
    expect(notices()).toMatchObject([{ kind: 'paid', gatewayOrderId: orderId }]);
  });

  test('is the app with the text that it is called with', async () => {
    const { clientParams } = await create('ALIPAY_APP');
    const scanned = await fetch(`${gateway.url}/scan?text=${encodeURIComponent(clientParams?.orderString ?? '')}`);
    expect(await scanned.text()).toContain(orderId);
    await act('pay');
    expect(await query()).toMatchObject({ status: 'paid' });
  });

  test('is no page whose address was changed, or whose time is over', async () => {
    const { paymentUrl } = await create('ALIPAY_WEB');
    const changed = await fetch((paymentUrl ?? '').replace('19.90', '0.01'));
    expect(changed.status).toBe(400);
    expect(await changed.text()).toContain('isv.invalid-signature');
    const late = await create('ALIPAY_WEB', { expiresAt: new Date(Date.now() - 60_000) });
    expect(await (await fetch(late.paymentUrl ?? '')).text()).toContain('ACQ.TRADE_HAS_CLOSE');
    expect(gateway.control.gateway('alipay').payment(orderId)).toBeUndefined();
  });

  test('is the same for the same number, and refused with another amount', async () => {
    const first = await create();
    expect((await create()).qrCode).toBe(first.qrCode);
    await expect(create('ALIPAY_QR', { amount: { minor: 1, currency: 'CNY' } })).rejects.toThrow(
      'ACQ.CONTEXT_INCONSISTENT',
    );
    await act('pay');
    await expect(create()).rejects.toThrow('ACQ.TRADE_HAS_SUCCESS');
  });
});

describe('closing', () => {
  test('is done for what was never opened, and for what waits', async () => {
    await close();
    await create();
    await close();
    await act('fail');
    await close();
    await close();
    expect(await query()).toMatchObject({ status: 'closed' });
    await eventually(() => shop.heard.length > 0);
    expect(notices()).toMatchObject([{ kind: 'expired' }]);
  });

  test('is refused for what is paid', async () => {
    await create();
    await act('pay');
    await expect(close()).rejects.toThrow('it is paid already');
  });
});

describe('refunds', () => {
  beforeEach(async () => {
    await create();
    await act('pay');
  });

  test('never give back more than came in, nor two amounts under one number', async () => {
    await expect(refund(`${orderId}-0`, 1991)).rejects.toThrow('ACQ.REFUND_AMT_NOT_EQUAL_TOTAL');
    await refund(`${orderId}-1`, 1000);
    await expect(refund(`${orderId}-1`, 500)).rejects.toThrow('ACQ.DISCORDANT_REPEAT_REQUEST');
  });

  test('that are not done yet are asked about', async () => {
    gateway.control.faults.set({ alipay: { refunds: 'stay_pending' } });
    expect(await refund(`${orderId}-2`, 1990)).toMatchObject({ status: 'pending' });
    expect(await queryRefund(`${orderId}-2`)).toMatchObject({ status: 'unknown' });
    await gateway.control.gateway('alipay').settleRefund(`${orderId}-2`, 'succeeded');
    expect(await queryRefund(`${orderId}-2`)).toMatchObject({ status: 'succeeded' });
  });

  test('that fail for want of money go through once there is some', async () => {
    gateway.control.faults.set({ alipay: { refunds: 'fail' } });
    await expect(refund(`${orderId}-3`, 1990)).rejects.toThrow(GatewayRefused);
    gateway.control.faults.set({ alipay: { refunds: 'succeed' } });
    expect(await refund(`${orderId}-3`, 1990)).toMatchObject({ status: 'succeeded' });
  });

  test('that were made in the console are told with its own number', async () => {
    const { refundId } = await gateway.control.gateway('alipay').refundInConsole(orderId, 100);
    expect(notices().at(-1)).toMatchObject({ kind: 'refunded', refundId, refundedTotal: { minor: 100 } });
  });
});

describe('notices', () => {
  beforeEach(() => create());

  test('come again, the same to the byte, until they are answered with success', async () => {
    takes = false;
    await act('pay');
    await eventually(() => shop.heard.length >= 2);
    takes = true;
    await eventually(() => gateway.control.gateway('alipay').notices().at(-1)?.state === 'taken');
    expect(new Set(shop.heard.map(({ body }) => body)).size).toBe(1);
    expect(new Set(notices().map(({ eventId }) => eventId)).size).toBe(1);
  });

  test('with a changed byte are refused', async () => {
    gateway.control.faults.set({ alipay: { notices: { corrupt: null } } });
    await act('pay');
    expect(() => notices()).toThrow();
  });

  test('out of order end nothing', async () => {
    gateway.control.faults.set({ alipay: { notices: { outOfOrder: true } } });
    await act('pay');
    expect(notices().map(({ kind }) => kind)).toEqual(['paid', 'pending']);
  });

  test('name what came in, and another app where a test says so', async () => {
    await act('pay-wrong-amount');
    await gateway.control.gateway('alipay').sendNotice(orderId, { app_id: '2021000000000000' });
    expect(notices()).toMatchObject([{ amount: { minor: 995 } }, { merchantMatches: false }]);
    expect(await query()).toMatchObject({ status: 'paid', amount: { minor: 995 } });
  });
});

test('a gateway that fails, or knows another key of the app, is told apart', async () => {
  gateway.control.faults.set({ alipay: { fail: { status: 500, times: 1 } } });
  await expect(query()).rejects.toThrow(GatewayUnreachable);
  const environment = { ...alipay.makeKeys().environment, ...alipay.addresses(`${gateway.url}/alipay`, gateway.url) };
  const settings = providerSettings.find(({ provider }) => provider === 'alipay');
  const mixed = {
    ...environment,
    ALIPAY_APP_ID: keys.sandbox.appId,
    ALIPAY_PUBLIC_KEY: keys.environment.ALIPAY_PUBLIC_KEY,
  };
  const tools = { clock: { now: () => new Date() }, log: createLogger({ process: 'test', level: 'silent' }) };
  const [stranger] = createClients(new Map([['alipay', settings?.bot.parse(mixed)]]), tools).values();
  const asked = stranger?.queryPayment({ gatewayOrderId: orderId, providerPaymentId: null });
  await expect(asked).rejects.toThrow('isv.invalid-signature');
});
