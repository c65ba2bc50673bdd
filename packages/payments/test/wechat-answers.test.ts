import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { GatewayRefused, GatewayUnreachable, OrderIdUsed, type PaymentClient } from '../src/index.ts';
import { keyId } from '../src/providers/wechat/wire.ts';
import {
  amount,
  native,
  order,
  payment,
  type Reply,
  refund,
  refunding,
  startGateway,
  transaction,
  wanted,
} from './wechat-gateway.ts';
import { CERTIFICATE_SERIAL, merchantKeys, secondPlatformKeys, signer } from './wechat-keys.ts';

let gateway: Awaited<ReturnType<typeof startGateway>>;
let client: PaymentClient;

beforeEach(async () => {
  gateway = await startGateway();
  client = gateway.clientWith({});
});
afterEach(() => gateway.close());

describe('an answer of WeChat Pay', () => {
  test.each([
    ['SUCCESS', 'paid'],
    ['REFUND', 'paid'],
    ['NOTPAY', 'pending'],
    ['USERPAYING', 'pending'],
    ['ACCEPT', 'pending'],
    ['CLOSED', 'closed'],
    ['REVOKED', 'closed'],
    ['PAYERROR', 'failed'],
    ['SOMETHING_NEW', 'unknown'],
    ['constructor', 'unknown'],
  ])('that says %s means %s', async (trade_state, status) => {
    gateway.replies.push({ json: { ...transaction, trade_state } });
    expect((await client.queryPayment(payment)).status).toBe(status);
  });

  test.each([
    ['SUCCESS', undefined],
    ['REFUND', true],
  ])('that says %s tells whether money went back: %s', async (trade_state, givenBack) => {
    gateway.replies.push({ json: { ...transaction, trade_state } });
    expect((await client.queryPayment(payment)).givenBack).toBe(givenBack);
  });

  test.each([
    ['SUCCESS', 'succeeded'],
    ['PROCESSING', 'pending'],
    ['ABNORMAL', 'failed'],
    ['CLOSED', 'failed'],
    ['SOMETHING_NEW', 'unknown'],
  ])('that says %s of a refund means %s', async (status, ours) => {
    gateway.replies.push({ json: { ...refunding, status } });
    expect((await client.refund?.(refund))?.status).toBe(ours);
  });

  test('about an unpaid payment names no payment id', async () => {
    const { transaction_id: _, success_time: __, ...unpaid } = transaction;
    gateway.replies.push({ json: { ...unpaid, trade_state: 'NOTPAY', amount: { total: 1990 } } });
    expect(await client.queryPayment(payment)).toMatchObject({ providerPaymentId: null, amount, paidAt: null });
  });

  test.each(['ORDER_NOT_EXIST', 'RESOURCE_NOT_EXISTS'])('of 404 %s proves nothing', async (code) => {
    const notFound = { status: 404, json: { code, message: 'x' } };
    gateway.replies.push(notFound, notFound, notFound);
    expect(await client.queryPayment(payment)).toMatchObject({ status: 'unknown', providerStatus: code });
    const asked = { ...payment, refundId: 'R7d1', providerRefundId: null };
    expect(await client.queryRefund?.(asked)).toMatchObject({ status: 'unknown', providerStatus: code });
    await expect(client.closePayment?.(payment)).resolves.toBeUndefined();
  });

  test.each([
    [400, 'PARAM_ERROR'],
    [400, 'INVALID_REQUEST'],
    [400, 'APPID_MCHID_NOT_MATCH'],
    [401, 'SIGN_ERROR'],
    [403, 'NO_AUTH'],
    [403, 'NOT_ENOUGH'],
    [403, 'RULE_LIMIT'],
    [400, 'ORDERPAID'],
  ])('of %d %s is a no', async (status, code) => {
    gateway.replies.push({ status, json: { code, message: '…' } }, { status, json: { code, message: '…' } });
    const create = client.createPayment(wanted);
    await expect(create).rejects.toThrow(GatewayRefused);
    await expect(create).rejects.not.toThrow(OrderIdUsed);
    await expect(client.refund?.(refund)).rejects.toThrow(`wechat refund ${order} R7d1: HTTP ${status} ${code}`);
  });

  test.each(['OUT_TRADE_NO_USED', 'ORDER_CLOSED'])('of %s sends the next attempt under another id', async (code) => {
    gateway.replies.push({ status: 403, json: { code } });
    await expect(client.createPayment(wanted)).rejects.toThrow(OrderIdUsed);
  });

  test.each([
    [429, 'FREQUENCY_LIMITED'],
    [429, 'RATELIMIT_EXCEEDED'],
    [403, 'FREQUENCY_LIMITED'],
    [500, 'SYSTEM_ERROR'],
    [502, ''],
    [302, ''],
  ])('of %d %s is no answer', async (status, code) => {
    gateway.replies.push({ status, json: { code }, headers: { location: 'https://elsewhere.example.com/' } });
    await expect(client.refund?.(refund)).rejects.toThrow(GatewayUnreachable);
    expect(gateway.seen).toHaveLength(1);
  });

  test('that the payment is paid stops its closing, in words', async () => {
    gateway.replies.push({ status: 400, json: { code: 'ORDERPAID', message: '该订单已支付' } });
    const closing = client.closePayment?.(payment);
    await expect(closing).rejects.toThrow(GatewayRefused);
    await expect(closing).rejects.toMatchObject({ hint: expect.stringContaining('paid') });
  });

  test('that the payment is closed already is as good as closing it', async () => {
    gateway.replies.push({ status: 400, json: { code: 'ORDER_CLOSED' } });
    await expect(client.closePayment?.(payment)).resolves.toBeUndefined();
  });

  test('may be signed by any of the platform keys, a serial in either case of its zeros', async () => {
    const by = { platformPrivateKey: secondPlatformKeys.privateKey, platformKeyId: CERTIFICATE_SERIAL };
    gateway.replies.push({ json: native, by });
    await expect(client.createPayment(wanted)).resolves.toMatchObject({ qrCode: native.code_url });
    expect(keyId(CERTIFICATE_SERIAL)).toBe(CERTIFICATE_SERIAL.slice(1));
  });

  const strangers: [string, Reply][] = [
    ['is not signed', { by: null }],
    ['is signed with another key', { by: { ...signer, platformPrivateKey: merchantKeys.privateKey } }],
    ['names an unknown key', { by: { ...signer, platformKeyId: 'PUB_KEY_ID_02' } }],
    ['was signed long ago', { at: new Date(Date.now() - 400_000) }],
    ['was signed in the future', { at: new Date(Date.now() + 400_000) }],
    ['only tests us', { headers: { 'wechatpay-signature': 'WECHATPAY/SIGNTEST/AAAA' } }],
  ];
  test.each(strangers)('that %s counts as none', async (_, how) => {
    gateway.replies.push({ json: transaction, ...how }, { json: transaction, ...how });
    await expect(client.queryPayment(payment)).rejects.toThrow(GatewayUnreachable);
    gateway.replies.push({ status: 204, ...how }, { status: 204, ...how });
    await expect(client.closePayment?.(payment)).rejects.toThrow('not rightly signed');
  });

  test('that only tests us is followed by the right one', async () => {
    gateway.replies.push(
      { json: transaction, headers: { 'wechatpay-signature': 'WECHATPAY/SIGNTEST/AAAA' } },
      { json: transaction },
    );
    expect((await client.queryPayment(payment)).status).toBe('paid');
  });

  const nonsense: [string, Reply][] = [
    ['no JSON', { text: '<html>' }],
    ['empty', { text: '' }],
    ['a list', { json: [] }],
    ['about another order', { json: { ...transaction, out_trade_no: 'REPORT_20261121_OTHER' } }],
    ['about another merchant', { json: { ...transaction, mchid: '1900000002' } }],
    ['about another app', { json: { ...transaction, appid: 'wx0' } }],
    ['too long', { text: `{"a":"${'x'.repeat(300_000)}"}` }],
  ];
  test.each(nonsense)('that is %s is none', async (_, reply) => {
    gateway.replies.push(reply, reply);
    await expect(client.queryPayment(payment)).rejects.toThrow(GatewayUnreachable);
  });

  test.each([
    { out_refund_no: 'R8' },
    { out_trade_no: 'REPORT_20261121_OTHER' },
    { amount: { refund: 1990, currency: 'CNY' } },
    { amount: { refund: 990, currency: 'USD' } },
    { status: 1 },
  ])('about another refund than was asked is none: %j', async (change) => {
    gateway.replies.push({ json: { ...refunding, ...change } });
    await expect(client.refund?.(refund)).rejects.toThrow(GatewayUnreachable);
  });

  test('that never comes is waited for three seconds where a buyer waits', async () => {
    gateway.replies.push({ json: native, delayMs: 10_000 });
    const start = performance.now();
    await expect(client.createPayment(wanted)).rejects.toThrow('no answer within 3000 ms');
    expect(performance.now() - start).toBeLessThan(4_000);
  });

  test('on a connection that broke is asked for once more', async () => {
    gateway.replies.push({ hangUp: true }, { json: native });
    await expect(client.createPayment(wanted)).resolves.toMatchObject({ qrCode: native.code_url });
    gateway.replies.push({ hangUp: true }, { hangUp: true });
    await expect(client.createPayment(wanted)).rejects.toThrow(GatewayUnreachable);
    expect(gateway.seen).toHaveLength(4);
  });
});
