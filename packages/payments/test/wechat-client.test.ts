import { createPublicKey, verify } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type CreatePayment, GatewayRefused, type PaymentClient } from '../src/index.ts';
import { readPrivateKey } from '../src/pem.ts';
import { clientParams } from '../src/providers/wechat/create.ts';
import {
  amount,
  botSettings,
  buyer,
  isSignedByUs,
  native,
  now,
  order,
  payment,
  refund,
  refunding,
  startGateway,
  transaction,
  wanted,
} from './wechat-gateway.ts';
import { merchantKeys, PUBLIC_KEY_ID, vector, webhookSettings } from './wechat-keys.ts';

let gateway: Awaited<ReturnType<typeof startGateway>>;
let client: PaymentClient;

beforeEach(async () => {
  gateway = await startGateway();
  client = gateway.clientWith({});
});
afterEach(() => gateway.close());

describe('what WeChat Pay is asked', () => {
  test('to open a payment with a code: the order in its words, signed as it travels', async () => {
    gateway.replies.push({ json: native });
    expect(await client.createPayment(wanted)).toEqual({
      providerPaymentId: null,
      paymentUrl: null,
      qrCode: native.code_url,
      shownUntil: null,
    });
    const [call] = gateway.seen;
    expect(call).toMatchObject({ method: 'POST', path: '/v3/pay/transactions/native' });
    expect(JSON.parse(call?.body ?? '')).toEqual({
      appid: 'wx8888888888888888',
      mchid: '1900000001',
      description: '八字精批',
      out_trade_no: order,
      time_expire: '2026-11-21T20:30:00+08:00',
      notify_url: 'https://pay.example.com/webhook/wechat',
      amount: { total: 1990, currency: 'CNY' },
    });
    expect(call && isSignedByUs(call)).toBe(true);
    expect(call?.headers).toMatchObject({ 'wechatpay-serial': PUBLIC_KEY_ID });
    expect(call?.headers.accept).toContain('application/json');
    expect(call?.headers['user-agent']).toBeTruthy();
  });

  test('the same twice for the same order', async () => {
    gateway.replies.push({ json: native }, { json: native });
    await client.createPayment(wanted);
    await client.createPayment({ ...wanted, buyer: { ...buyer, ip: '198.51.100.9' } });
    expect(gateway.seen[1]?.body).toBe(gateway.seen[0]?.body);
  });

  test('to open a page on a phone: with the address of the buyer, for five minutes', async () => {
    const h5_url = 'https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=wx1&package=1';
    gateway.replies.push({ json: { h5_url } });
    expect(await client.createPayment({ ...wanted, method: 'WECHAT_H5' })).toEqual({
      providerPaymentId: null,
      paymentUrl: h5_url,
      shownUntil: new Date('2026-11-21T12:05:00Z'),
    });
    expect(gateway.seen[0]?.path).toBe('/v3/pay/transactions/h5');
    expect(JSON.parse(gateway.seen[0]?.body ?? '').scene_info).toEqual({
      payer_client_ip: '203.0.113.7',
      h5_info: { type: 'Wap' },
    });
  });

  test('to open a payment inside WeChat: for the openid, in the app that it belongs to', async () => {
    gateway.replies.push({ json: { prepay_id: 'wx201410272009395522657a690389285100' } });
    client = gateway.clientWith({ appIdByMethod: { WECHAT_JSAPI: 'wx7777777777777777' } });
    const created = await client.createPayment({ ...wanted, method: 'WECHAT_JSAPI' });
    expect(JSON.parse(gateway.seen[0]?.body ?? '')).toMatchObject({
      appid: 'wx7777777777777777',
      payer: { openid: 'oUpF8uMuAJO' },
    });
    const params = created.clientParams ?? {};
    expect(params).toMatchObject({
      appId: 'wx7777777777777777',
      timeStamp: String(now.getTime() / 1000),
      package: 'prepay_id=wx201410272009395522657a690389285100',
      signType: 'RSA',
    });
    const text = `${params.appId}\n${params.timeStamp}\n${params.nonceStr}\n${params.package}\n`;
    const signature = Buffer.from(params.paySign ?? '', 'base64');
    expect(verify('sha256', Buffer.from(text), merchantKeys.publicKey, signature)).toBe(true);
  });

  test('to open a payment in an app: the bare prepay id is signed', async () => {
    gateway.replies.push({ json: { prepay_id: 'wx2014' } });
    const created = await client.createPayment({
      ...wanted,
      method: 'WECHAT_APP',
      expiresAt: new Date('2026-11-22T12:00:00Z'),
    });
    expect(created.shownUntil).toEqual(new Date('2026-11-21T14:00:00Z'));
    const params = created.clientParams ?? {};
    expect(params).toMatchObject({ partnerid: '1900000001', prepayid: 'wx2014', package: 'Sign=WXPay' });
    const text = `${params.appid}\n${params.timestamp}\n${params.noncestr}\nwx2014\n`;
    expect(verify('sha256', Buffer.from(text), merchantKeys.publicKey, Buffer.from(params.sign ?? '', 'base64'))).toBe(
      true,
    );
  });

  test('never with a query string in the notify URL, and with a life that it takes', async () => {
    gateway.replies.push({ json: native }, { json: native });
    const late = { ...wanted, notifyUrl: 'https://pay.example.com/webhook/wechat?a=1#b', expiresAt: now };
    await client.createPayment({ ...late, subject: '命'.repeat(100) });
    const body = JSON.parse(gateway.seen[0]?.body ?? '');
    expect(body).toMatchObject({
      notify_url: 'https://pay.example.com/webhook/wechat',
      time_expire: '2026-11-21T20:01:05+08:00',
      description: '命'.repeat(42),
    });
    client = gateway.clientWith({ notifyUrl: 'https://other.example.com/wx' });
    await client.createPayment(wanted);
    expect(JSON.parse(gateway.seen[1]?.body ?? '').notify_url).toBe('https://other.example.com/wx');
  });

  test('nothing that it could only refuse', async () => {
    const impossible: Partial<CreatePayment>[] = [
      { method: 'WECHAT_JSAPI', buyer: { ...buyer, openid: null } },
      { method: 'WECHAT_H5', buyer: { ...buyer, ip: null } },
      { method: 'WECHAT_MICROPAY' },
      { gatewayOrderId: 'A/../B' },
      { amount: { minor: 100, currency: 'USD' } },
    ];
    for (const change of impossible)
      await expect(client.createPayment({ ...wanted, ...change })).rejects.toThrow(GatewayRefused);
    expect(gateway.seen).toEqual([]);
  });

  test('about a payment: signed over path and query', async () => {
    gateway.replies.push({ json: transaction });
    expect(await client.queryPayment(payment)).toEqual({
      status: 'paid',
      providerStatus: 'SUCCESS',
      providerPaymentId: '4200001',
      amount,
      paidAt: new Date('2026-11-21T12:00:05Z'),
    });
    const [call] = gateway.seen;
    expect(call).toMatchObject({
      method: 'GET',
      path: `/v3/pay/transactions/out-trade-no/${order}?mchid=1900000001`,
      body: '',
    });
    expect(call && isSignedByUs(call)).toBe(true);
  });

  test('to close a payment', async () => {
    gateway.replies.push({ status: 204 });
    await client.closePayment?.(payment);
    expect(gateway.seen[0]).toMatchObject({
      method: 'POST',
      path: `/v3/pay/transactions/out-trade-no/${order}/close`,
      body: '{"mchid":"1900000001"}',
    });
    expect(gateway.seen[0] && isSignedByUs(gateway.seen[0])).toBe(true);
  });

  test('to give money back, always in the same words for the same refund', async () => {
    gateway.replies.push({ json: refunding }, { json: refunding });
    expect(await client.refund?.(refund)).toEqual({
      status: 'pending',
      providerRefundId: '5000001',
      providerStatus: 'PROCESSING',
    });
    expect(JSON.parse(gateway.seen[0]?.body ?? '')).toEqual({
      out_trade_no: order,
      out_refund_no: 'R7d1',
      reason: '不想要了',
      notify_url: 'https://pay.example.com/webhook/wechat/refund',
      amount: { refund: 990, total: 1990, currency: 'CNY' },
    });
    await client.refund?.({ ...refund, providerPaymentId: null });
    expect(gateway.seen[1]?.body).toBe(gateway.seen[0]?.body);
  });

  test('about a refund', async () => {
    gateway.replies.push({ json: { ...refunding, status: 'SUCCESS' } });
    const asked = { ...payment, refundId: 'R7d1', providerRefundId: null };
    expect(await client.queryRefund?.(asked)).toMatchObject({ status: 'succeeded', providerStatus: 'SUCCESS' });
    expect(gateway.seen[0]).toMatchObject({ method: 'GET', path: '/v3/refund/domestic/refunds/R7d1' });
  });
});

describe('what is kept of a call', () => {
  test('is one log line without key, signature, openid or address', async () => {
    gateway.replies.push(
      { json: { prepay_id: 'wx2014' } },
      { status: 401, json: { code: 'SIGN_ERROR' } },
      { hangUp: true },
      { hangUp: true },
    );
    const jsapi = { ...wanted, method: 'WECHAT_JSAPI' };
    await client.createPayment(jsapi);
    const refused = await client.createPayment(jsapi).catch((error: unknown) => error);
    const broken = await client.createPayment(jsapi).catch((error: unknown) => error);
    expect(gateway.lines).toHaveLength(3);
    expect(JSON.parse(gateway.lines[0] ?? '')).toMatchObject({
      provider: 'wechat',
      call: 'create',
      order_no: order,
      status: 200,
    });
    const said = `${gateway.lines.join()}${[refused, broken].map((error) => (error instanceof Error ? `${error.message}${error.stack}${String(error.cause)}` : '')).join()}`;
    for (const secret of [
      webhookSettings.apiV3Key,
      'signature=',
      'oUpF8uMuAJO',
      '203.0.113.7',
      'PRIVATE KEY',
      'wx2014',
    ])
      expect(said).not.toContain(secret);
  });
});

describe('the vectors of our own signatures', () => {
  const privateKey = readPrivateKey(vector('wechat-sign-source').private_key_pem);
  if (!privateKey) throw new Error('the key of the vector cannot be read');

  test('hold what a page inside WeChat is given', () => {
    const settings = botSettings({ privateKey });
    const params = clientParams(settings, 'WECHAT_JSAPI', 'wx201410272009395522657a690389285100', {
      seconds: '1700000000',
      nonce: 'abc',
    });
    expect(params.paySign).toBe(vector('wechat-jsapi-paysign').signature_base64);
  });

  test.each(['wechat-sign-source', 'wechat-request-sign'])('hold %s under the published key', (id) => {
    const { message_utf8, signature_base64 } = vector(id);
    const signature = Buffer.from(signature_base64, 'base64');
    expect(verify('sha256', Buffer.from(message_utf8), createPublicKey(privateKey), signature)).toBe(true);
  });
});
