import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { GatewayRefused, GatewayUnreachable, OrderIdUsed, type PaymentClient } from '../src/index.ts';
import { appId, FakeAlipay, isSignedByApp, no, ok, order, wanted } from './alipay-gateway.ts';

let gateway: FakeAlipay;
let client: PaymentClient;

beforeEach(async () => {
  gateway = new FakeAlipay();
  await gateway.open();
  client = gateway.client();
});
afterEach(() => gateway.close());

const fieldsOf = (address: string | null | undefined) => new Map(new URL(address ?? '').searchParams);
const businessOf = (fields: ReadonlyMap<string, string>) => JSON.parse(fields.get('biz_content') ?? '');

describe('a page of Alipay', () => {
  test.each([
    ['ALIPAY_WEB', 'alipay.trade.page.pay', { product_code: 'FAST_INSTANT_TRADE_PAY' }],
    ['ALIPAY_WAP', 'alipay.trade.wap.pay', { product_code: 'QUICK_WAP_WAY', quit_url: wanted.returnUrl }],
  ])('for %s is an address with everything signed in it, and nobody is called', async (method, name, more) => {
    const created = await client.createPayment({ ...wanted, method });
    expect(created.providerPaymentId).toBeNull();
    expect(created.paymentUrl?.startsWith(`${gateway.gatewayUrl}?`)).toBe(true);
    const fields = fieldsOf(created.paymentUrl);
    expect(Object.fromEntries(fields)).toMatchObject({
      method: name,
      app_id: appId,
      charset: 'utf-8',
      version: '1.0',
      sign_type: 'RSA2',
      timestamp: '2026-11-21 20:00:00',
      notify_url: wanted.notifyUrl,
      return_url: wanted.returnUrl,
    });
    expect(businessOf(fields)).toEqual({
      out_trade_no: order,
      total_amount: '19.90',
      subject: '八字精批',
      time_expire: '2026-11-21 20:30:00',
      ...more,
    });
    expect(isSignedByApp(fields)).toBe(true);
    expect(gateway.seen).toEqual([]);
  });

  test('comes back to the address that is set for it', async () => {
    const own = gateway.client({ returnUrl: 'https://other.example.com/done' });
    const fields = fieldsOf((await own.createPayment({ ...wanted, method: 'ALIPAY_WAP' })).paymentUrl);
    expect(fields.get('return_url')).toBe('https://other.example.com/done');
    expect(businessOf(fields).quit_url).toBe('https://other.example.com/done');
  });

  test('has a subject without the signs that Alipay refuses, and no longer than it takes', async () => {
    const subject = `a/b=c&d\n${'报'.repeat(400)}`;
    const created = await client.createPayment({ ...wanted, method: 'ALIPAY_WEB', subject });
    const { subject: sent } = businessOf(fieldsOf(created.paymentUrl));
    expect(sent).toMatch(/^a／b＝c＆d 报+$/);
    expect([...sent]).toHaveLength(256);
  });

  test('for the app is a text for its script, signed as a whole', async () => {
    const created = await client.createPayment({ ...wanted, method: 'ALIPAY_APP' });
    expect(created).toMatchObject({ providerPaymentId: null, paymentUrl: null });
    const fields = new Map(new URLSearchParams(created.clientParams?.orderString));
    expect(fields.get('method')).toBe('alipay.trade.app.pay');
    expect(fields.get('notify_url')).toBe(wanted.notifyUrl);
    expect(businessOf(fields)).toMatchObject({ product_code: 'QUICK_MSECURITY_PAY', total_amount: '19.90' });
    expect(isSignedByApp(fields)).toBe(true);
  });

  test('says the time of China in whatever zone the process runs', () => {
    const script = `
      import { generateKeyPairSync } from 'node:crypto';
      import { createClient } from ${JSON.stringify(join(import.meta.dirname, '../src/providers/alipay/client.ts'))};
      const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const settings = { appId: '1', privateKey, publicKeys: [publicKey], gatewayUrl: 'https://gateway.example.com/gateway.do', returnUrl: null };
      const clock = { now: () => new Date('2026-11-21T12:00:00Z') };
      const request = { ...${JSON.stringify(wanted)}, expiresAt: new Date('2026-11-21T12:30:00Z') };
      const told = [new Date(clock.now()).getHours()];
      for (const method of ['ALIPAY_WEB', 'ALIPAY_APP']) {
        const made = await createClient(settings, { clock }).createPayment({ ...request, method });
        const fields = made.paymentUrl ? new URL(made.paymentUrl).searchParams : new URLSearchParams(made.clientParams.orderString);
        told.push(fields.get('timestamp'), JSON.parse(fields.get('biz_content')).time_expire);
      }
      console.log(JSON.stringify(told));`;
    const run = (TZ: string) =>
      JSON.parse(
        execFileSync(process.execPath, ['--input-type=module', '-e', script], {
          encoding: 'utf8',
          env: { ...process.env, TZ },
        }),
      );
    const china = ['2026-11-21 20:00:00', '2026-11-21 20:30:00'];
    expect(run('UTC')).toEqual([12, ...china, ...china]);
    expect(run('America/New_York')).toEqual([7, ...china, ...china]);
  });
});

describe('a code of Alipay', () => {
  const created = { part: { ...ok, out_trade_no: order, qr_code: 'https://qr.alipay.com/bax0' } };

  test('is asked for in the words of the vendor, signed, the business in the body', async () => {
    gateway.replies.push(created);
    expect(await client.createPayment(wanted)).toEqual({
      providerPaymentId: null,
      paymentUrl: null,
      qrCode: 'https://qr.alipay.com/bax0',
      shownUntil: new Date('2026-11-21T14:00:00Z'),
    });
    const [call] = gateway.seen;
    expect(call?.verb).toBe('POST');
    expect([...(call?.inBody.keys() ?? [])]).toEqual(['biz_content']);
    expect(Object.fromEntries(call?.inAddress ?? [])).toMatchObject({
      method: 'alipay.trade.precreate',
      app_id: appId,
      notify_url: wanted.notifyUrl,
      timestamp: '2026-11-21 20:00:00',
    });
    expect(call?.business).toEqual({
      out_trade_no: order,
      total_amount: '19.90',
      subject: '八字精批',
      time_expire: '2026-11-21 20:30:00',
      product_code: 'FACE_TO_FACE_PAYMENT',
    });
    expect(isSignedByApp(call?.fields ?? new Map())).toBe(true);
  });

  test.each(['ACQ.CONTEXT_INCONSISTENT', 'ACQ.TRADE_HAS_CLOSE'])(
    'refused with %s wants another number',
    async (code) => {
      gateway.replies.push(no(code));
      await expect(client.createPayment(wanted)).rejects.toThrow(OrderIdUsed);
    },
  );

  test('for an order that is paid already is refused, and no other number is wanted for it', async () => {
    gateway.replies.push(no('ACQ.TRADE_HAS_SUCCESS'));
    const refusal = await client.createPayment(wanted).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(GatewayRefused);
    expect(refusal).not.toBeInstanceOf(OrderIdUsed);
  });

  test('for another order is no answer', async () => {
    gateway.replies.push({ part: { ...created.part, out_trade_no: 'OTHER' } });
    await expect(client.createPayment(wanted)).rejects.toThrow(GatewayUnreachable);
  });

  test('is not asked for in another currency or by another method', async () => {
    const dollars = { ...wanted, amount: { minor: 1990, currency: 'USD' } } as const;
    await expect(client.createPayment(dollars)).rejects.toThrow(GatewayRefused);
    await expect(client.createPayment({ ...wanted, method: 'ALIPAY_FACE' })).rejects.toThrow(GatewayRefused);
    expect(gateway.seen).toEqual([]);
  });
});
