import { X509Certificate } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger, systemClock } from '@mingdan/kernel';
import {
  type ClientTools,
  type CreatePayment,
  createClients,
  ForgedNotice,
  GatewayRefused,
  GatewayUnreachable,
  OrderIdUsed,
  type PaymentClient,
  type PaymentNotice,
} from '@mingdan/payments/clients';
import { diagnose } from '@mingdan/payments/doctor';
import { providerSettings } from '@mingdan/payments/settings';
import { createVerifiers } from '@mingdan/payments/verifiers';
import { fetchPlatformCertificates, merchantSettings } from '@mingdan/payments/wechat';
import { wechat } from '../src/gateways/wechat/gateway.ts';
import type { Sandbox } from '../src/index.ts';
import { eventually, type Heard, listener, sandbox } from './harness.ts';

const keys = wechat.makeKeys();
const settings = providerSettings.find(({ provider }) => provider === 'wechat');
if (!settings) throw new Error('the product has no wechat');
const tools: ClientTools = { clock: systemClock, log: createLogger({ process: 'test', level: 'silent' }) };
const verifier = createVerifiers(new Map([['wechat', settings.webhook.parse(keys.environment)]])).get('wechat');

let gateway: Sandbox;
let shop: Awaited<ReturnType<typeof listener>>;
let shopStatus = 200;
let client: PaymentClient;
let number = 0;
let orderId = '';

beforeAll(async () => {
  gateway = await sandbox({ gateways: { wechat: keys.sandbox } });
  shop = await listener(() => shopStatus);
  client = clientFor(keys.environment);
});
beforeEach(() => {
  orderId = `REPORT_20261121_WX${String(++number).padStart(6, '0')}`;
  shop.heard.length = 0;
  shopStatus = 200;
});
afterEach(async () => {
  gateway.control.faults.reset();
  // Refunds end a second later: their notices belong to the test that made them.
  await eventually(() =>
    wallet()
      .refunds()
      .every(({ status }) => status !== 'pending'),
  );
  await eventually(() =>
    wallet()
      .notices()
      .every(({ state }) => state !== 'sending'),
  );
});
afterAll(async () => {
  await gateway.close();
  await shop.close();
});

function base(): string {
  return `${gateway.url}/wechat`;
}

function clientFor(environment: Readonly<Record<string, string>>): PaymentClient {
  const ours = { ...environment, ...wechat.addresses(base(), gateway.url) };
  const found = createClients(new Map([['wechat', settings?.bot.parse(ours)]]), tools).get('wechat');
  if (!found) throw new Error('no client');
  return found;
}

const create = (more: Partial<CreatePayment> = {}) =>
  client.createPayment({
    gatewayOrderId: orderId,
    amount: { minor: 1990, currency: 'CNY' },
    subject: '八字精批',
    notifyUrl: shop.url,
    returnUrl: 'https://t.me/some_bot',
    expiresAt: expiry,
    method: 'WECHAT_NATIVE',
    buyer: { userId: 1, telegramId: 1001, language: 'zh-CN', openid: 'oBuyer', ip: '203.0.113.7' },
    ...more,
  });
const expiry = new Date(Date.now() + 1_800_000);
const reference = () => ({ gatewayOrderId: orderId, providerPaymentId: null });
const wallet = () => gateway.control.gateway('wechat');
const refund = (refundId: string, minor: number) =>
  client.refund?.({
    refundId,
    gatewayOrderId: orderId,
    providerPaymentId: null,
    amount: { minor, currency: 'CNY' },
    paymentAmount: { minor: 1990, currency: 'CNY' },
    reason: '不想要了',
    notifyUrl: `${shop.url}/refund`,
    buyer: { userId: 1, telegramId: 1001 },
  });

/** What the product's own verifier makes of what was heard. */
function read(heard: Heard | undefined, now = new Date()): PaymentNotice | undefined {
  return heard && verifier?.verify({ headers: heard.headers, body: Buffer.from(heard.body) }, now);
}
const said = () => shop.heard.map((heard) => read(heard));

describe('a payment at the stand-in of WeChat Pay, through the product’s own client and verifier', () => {
  test('goes from its code to the page, the notice, a refund and the notice of that', async () => {
    const { qrCode } = await create();
    expect(qrCode).toMatch(/^weixin:\/\/wxpay\/bizpayurl\?pr=/);
    expect((await client.queryPayment(reference())).status).toBe('pending');

    const scanned = await fetch(`${gateway.url}/scan?text=${encodeURIComponent(qrCode ?? '')}`);
    expect(new URL(scanned.url).pathname).toMatch(/^\/wechat\/checkout\/wx/);
    expect(await scanned.text()).toContain('微信支付');

    await wallet().act(orderId, 'pay');
    const [paid] = said();
    expect(paid).toMatchObject({
      kind: 'paid',
      gatewayOrderId: orderId,
      amount: { minor: 1990, currency: 'CNY' },
      merchantMatches: true,
      problem: null,
    });
    expect(await client.queryPayment(reference())).toMatchObject({
      status: 'paid',
      providerPaymentId: paid?.providerPaymentId,
      amount: { minor: 1990, currency: 'CNY' },
    });

    expect(await refund('R1', 990)).toMatchObject({ status: 'pending', providerStatus: 'PROCESSING' });
    await eventually(() => shop.heard.length === 2);
    expect(said()[1]).toMatchObject({
      kind: 'refunded',
      refundId: 'R1',
      gatewayOrderId: orderId,
      providerPaymentId: paid?.providerPaymentId,
      amount: { minor: 990, currency: 'CNY' },
      merchantMatches: true,
      problem: null,
    });
    const asked = { ...reference(), refundId: 'R1', providerRefundId: null };
    expect(await client.queryRefund?.(asked)).toMatchObject({ status: 'succeeded' });
    expect(await client.queryPayment(reference())).toMatchObject({ status: 'paid', providerStatus: 'REFUND' });
  });

  test.each([
    ['WECHAT_JSAPI', (created: Awaited<ReturnType<typeof create>>) => JSON.stringify(created.clientParams)],
    ['WECHAT_APP', (created: Awaited<ReturnType<typeof create>>) => created.clientParams?.['prepayid']],
  ])('by %s is found by what the buyer’s device is given', async (method, text) => {
    const created = await create({ method });
    const scanned = await fetch(`${gateway.url}/scan?text=${encodeURIComponent(text(created) ?? '')}`);
    expect(scanned.status).toBe(200);
    expect(await scanned.text()).toContain(orderId);
  });

  test('by WECHAT_H5 has a page of its own', async () => {
    const { paymentUrl } = await create({ method: 'WECHAT_H5' });
    const page = await (await fetch(paymentUrl ?? '')).text();
    expect(page).toContain('手机网页支付');
    expect(page).toContain('19.90');
  });

  test('is the same for the same content, and refused for other content', async () => {
    const first = await create();
    expect((await create()).qrCode).toBe(first.qrCode);
    await expect(create({ amount: { minor: 1, currency: 'CNY' } })).rejects.toThrow(OrderIdUsed);
  });

  test('is told to be paid, not to be used up, when it is opened again', async () => {
    await create();
    await wallet().act(orderId, 'pay');
    const opened = create();
    await expect(opened).rejects.toThrow('ORDERPAID');
    await expect(opened).rejects.not.toThrow(OrderIdUsed);
  });

  test('with a coupon counts as what was asked for', async () => {
    await create();
    await wallet().act(orderId, 'pay-with-coupon');
    expect(said()[0]).toMatchObject({ kind: 'paid', amount: { minor: 1990 } });
    expect(wallet().notices().at(-1)?.body).toMatchObject({ amount: { total: 1990, payer_total: 1890 } });
  });

  test('that the bank declines stays open, and nothing is told of it', async () => {
    await create();
    await wallet().act(orderId, 'fail');
    expect(shop.heard).toHaveLength(0);
    expect(await client.queryPayment(reference())).toMatchObject({ status: 'pending', providerStatus: 'NOTPAY' });
    await wallet().act(orderId, 'pay');
    expect(said()).toMatchObject([{ kind: 'paid' }]);
  });

  test('is closed once, and not when it is paid', async () => {
    await create();
    await client.closePayment?.(reference());
    await expect(client.closePayment?.(reference())).resolves.toBeUndefined();
    expect((await client.queryPayment(reference())).status).toBe('closed');
    await expect(create()).rejects.toThrow(OrderIdUsed);
    orderId += '-2';
    await create();
    await wallet().act(orderId, 'pay');
    await expect(client.closePayment?.(reference())).rejects.toThrow(GatewayRefused);
  });

  test('nobody has opened is unknown', async () => {
    expect(await client.queryPayment(reference())).toMatchObject({
      status: 'unknown',
      providerStatus: 'ORDER_NOT_EXIST',
    });
    await expect(client.closePayment?.(reference())).resolves.toBeUndefined();
  });
});

describe('refunds at the stand-in of WeChat Pay', () => {
  beforeEach(async () => {
    await create();
    await wallet().act(orderId, 'pay');
  });

  test('are the same for the same id, and no more than was paid', async () => {
    const first = await refund('R2', 1000);
    expect(await refund('R2', 1000)).toMatchObject({ providerRefundId: first?.providerRefundId });
    await expect(refund('R2', 500)).rejects.toThrow(GatewayRefused);
    await expect(refund('R3', 1000)).rejects.toThrow('INVALID_REQUEST');
  });

  test('that the bank does not take are abnormal', async () => {
    gateway.control.faults.set({ wechat: { refunds: 'fail' } });
    await refund('R4', 1990);
    await eventually(() => shop.heard.length === 2);
    expect(said()[1]).toMatchObject({ kind: 'refund_failed', refundId: 'R4' });
  });

  test('of the console come with an id of its own', async () => {
    const made = await wallet().refundInConsole(orderId, 500);
    expect(said()[1]).toMatchObject({ kind: 'refunded', refundId: made.refundId, amount: { minor: 500 } });
  });

  test('nobody has asked for are unknown', async () => {
    const asked = { ...reference(), refundId: 'NOBODY', providerRefundId: null };
    expect(await client.queryRefund?.(asked)).toMatchObject({ status: 'unknown' });
  });
});

describe('the notices of the stand-in', () => {
  test('are signed by public key and by certificate, as while a merchant changes over', async () => {
    await create();
    await wallet().act(orderId, 'pay');
    await wallet().refundInConsole(orderId);
    const serials = shop.heard.map(({ headers }) => headers['wechatpay-serial']);
    expect(serials).toEqual([keys.sandbox.byPublicKey.id, keys.sandbox.byCertificate.id]);
  });

  test('come again until they are taken, signed anew, as the same event', async () => {
    shopStatus = 500;
    await create();
    await wallet().act(orderId, 'pay');
    shopStatus = 204;
    await eventually(() => wallet().notices().at(-1)?.state === 'taken');
    const [first, second] = shop.heard;
    expect(second?.body).toBe(first?.body);
    expect(second?.headers['wechatpay-nonce']).not.toBe(first?.headers['wechatpay-nonce']);
    expect(read(second)?.eventId).toBe(read(first)?.eventId);
  });

  test('with another byte, or signed a day ago, are refused by the product', async () => {
    gateway.control.faults.set({ wechat: { notices: { corrupt: 1 } } });
    await create();
    await wallet().act(orderId, 'pay');
    expect(() => read(shop.heard[0])).toThrow(ForgedNotice);
    gateway.control.faults.set({ wechat: { notices: { corrupt: 0, stale: 1 } } });
    orderId += '-2';
    await create();
    await wallet().act(orderId, 'pay');
    expect(() => read(shop.heard[1])).toThrow('away from our time');
  });

  test('of a test’s own making name another merchant, amount or order', async () => {
    await create();
    await wallet().sendNotice(orderId, { mchid: '1900000999' });
    await wallet().sendNotice(orderId, { amount: { total: 1, currency: 'CNY' }, transaction_id: '42' });
    await wallet().sendNotice(orderId, { refund_status: 'SUCCESS', out_refund_no: 'R9', amount: { refund: 5 } });
    expect(said()).toMatchObject([
      { merchantMatches: false },
      { amount: { minor: 1 }, providerPaymentId: '42' },
      { kind: 'refunded', refundId: 'R9', amount: { minor: 5 } },
    ]);
  });
});

describe('what the stand-in refuses', () => {
  test('calls that are signed with another key, or by another merchant', async () => {
    const stranger = wechat.makeKeys().environment;
    const { WECHAT_API_CLIENT_KEY: key = '' } = stranger;
    for (const other of [{ WECHAT_API_CLIENT_KEY: key }, { WECHAT_API_SERIAL_NO: 'ABC' }, { WECHAT_MCH_ID: '19' }]) {
      client = clientFor({ ...keys.environment, ...other });
      await expect(create()).rejects.toThrow('SIGN_ERROR');
    }
    client = clientFor({ ...keys.environment, WECHAT_APP_ID: 'wx0000000000000000' });
    await expect(create()).rejects.toThrow('APPID_MCHID_NOT_MATCH');
    client = clientFor(keys.environment);
  });

  test('calls without a signature', async () => {
    const answer = await fetch(`${base()}/v3/pay/transactions/native`, { method: 'POST', body: '{}' });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ code: 'SIGN_ERROR' });
    expect(answer.headers.get('wechatpay-signature')).toBeTruthy();
  });

  test('to work where the panel says so', async () => {
    gateway.control.faults.set({ wechat: { fail: { times: 1, status: 500 } } });
    await expect(create()).rejects.toThrow(GatewayUnreachable);
    await expect(create()).resolves.toMatchObject({ qrCode: expect.any(String) });
  });
});

describe('the keys of the stand-in', () => {
  test('fit each other and the product: certificates, serials, ids', () => {
    const { environment } = keys;
    const own = new X509Certificate(environment['WECHAT_API_CLIENT_CERT'] ?? '');
    expect(own.serialNumber).toBe(environment['WECHAT_API_SERIAL_NO']);
    expect(own.verify(own.publicKey)).toBe(true);
    expect(own.publicKey.export({ type: 'spki', format: 'pem' })).toBe(keys.sandbox.merchant.publicKey);
    expect(own.validToDate.getTime()).toBeGreaterThan(Date.now() + 4 * 365 * 86_400_000);
    expect(own.validFromDate.getTime()).toBeLessThan(Date.now());
    expect(diagnose('wechat', settings?.bot.parse(environment))).toEqual([]);
    expect(wechat.keys.parse(JSON.parse(JSON.stringify(keys.sandbox)))).toEqual(keys.sandbox);
  });

  test('are all that a merchant needs who has a platform certificate only', async () => {
    const { WECHAT_PLATFORM_PUBLIC_KEY: _, WECHAT_PLATFORM_KEY_ID: __, ...ours } = keys.environment;
    const addresses = wechat.addresses(base(), gateway.url);
    const [fetched] = await fetchPlatformCertificates(merchantSettings.parse({ ...ours, ...addresses }), tools);
    expect(fetched?.serial).toBe(keys.sandbox.byCertificate.id);
    const older = clientFor({
      ...ours,
      WECHAT_PLATFORM_PUBLIC_KEY: fetched?.certificate ?? '',
      WECHAT_PLATFORM_KEY_ID: fetched?.serial ?? '',
    });
    const asked = { gatewayOrderId: 'REPORT_20261121_NOBODYS', providerPaymentId: null };
    expect(await older.queryPayment(asked)).toMatchObject({ status: 'unknown' });
    client = older;
    await expect(create()).resolves.toMatchObject({ qrCode: expect.any(String) });
    client = clientFor(keys.environment);
  });
});
