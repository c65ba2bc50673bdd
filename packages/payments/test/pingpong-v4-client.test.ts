import { describe, expect, test } from '@jest/globals';
import { GatewayRefused, GatewayUnreachable, OrderIdUsed } from '../src/index.ts';
import {
  about,
  client,
  clientWith,
  created,
  keys,
  lines,
  order,
  payment,
  type Reply,
  refund,
  replies,
  seen,
  wanted,
} from './pingpong-v4-gateway.ts';

describe('what v4 is asked', () => {
  test('to open a payment: a signed envelope, the order in its words', async () => {
    replies.push({ code: '000000', content: created });
    expect(await client.createPayment(wanted)).toEqual({
      providerPaymentId: '2023092050004591',
      paymentUrl: created.paymentUrl,
    });
    expect(seen[0]).toMatchObject({
      path: 'POST /v4/payment/prePay',
      envelope: { accId: keys.accId, clientId: keys.clientId, signType: 'SHA256', version: '1.0' },
    });
    expect(seen[0]?.content).toEqual({
      captureDelayHours: '0',
      amount: '19.90',
      currency: 'CNY',
      merchantTransactionId: order,
      shopperIP: '203.0.113.9',
      payResultUrl: wanted.returnUrl,
      payCancelUrl: wanted.returnUrl,
      notificationUrl: wanted.notifyUrl,
      closeNotificationUrl: wanted.notifyUrl,
      timeExpire: String(wanted.expiresAt.getTime() / 1000),
      // Without the signs that the vendor refuses.
      goods: [{ name: '八字精批 2026 1', unitPrice: '19.90', number: '1' }],
      merchantUserId: '7',
    });
  });

  test.each([
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['2001:db8::1', '2001:db8::1'],
    [null, '127.0.0.1'],
  ])('names a buyer at %s as %s', async (ip, shopperIP) => {
    replies.push({ code: '000000', content: created });
    await client.createPayment({ ...wanted, buyer: { ...wanted.buyer, ip } });
    expect(seen[0]?.content).toMatchObject({ shopperIP });
  });

  test('about a payment', async () => {
    replies.push({ content: { ...about, status: 'SUCCESS', transactionTime: '1693290395000' } });
    expect(await client.queryPayment(payment)).toEqual({
      status: 'paid',
      providerStatus: 'SUCCESS',
      providerPaymentId: '2023092050004591',
      amount: { minor: 1990, currency: 'CNY' },
      paidAt: new Date(1_693_290_395_000),
    });
    expect(seen[0]).toMatchObject({ path: 'POST /v4/payment/query', content: { merchantTransactionId: order } });
  });

  test('to give money back, under our own refund id', async () => {
    replies.push({
      code: '002000',
      content: { ...about, status: 'PROCESSING', refundId: 'PPR1', merchantRefundId: 'R7d1' },
    });
    expect(await client.refund?.(refund)).toEqual({
      status: 'pending',
      providerRefundId: 'PPR1',
      providerStatus: 'PROCESSING',
    });
    expect(seen[0]).toMatchObject({
      path: 'POST /v4/payment/refund',
      content: {
        merchantTransactionId: order,
        merchantRefundId: 'R7d1',
        amount: '19.90',
        currency: 'CNY',
        notificationUrl: wanted.notifyUrl,
        remark: 'failed twice sorry more than thi',
      },
    });
  });

  test('about a refund', async () => {
    replies.push({ content: { ...about, status: 'SUCCESS' } });
    expect(await client.queryRefund?.({ ...payment, refundId: 'R7d1', providerRefundId: null })).toMatchObject({
      status: 'succeeded',
    });
    expect(seen[0]).toMatchObject({
      path: 'POST /v4/refund/query',
      content: { merchantRefundId: 'R7d1', merchantTransactionId: order },
    });
  });

  test('never is to close a payment: it closes by its time', () => {
    expect(client.closePayment).toBeUndefined();
  });
});

describe('a status in an answer of v4', () => {
  test.each([
    ['INIT', 'pending'],
    ['PROCESSING', 'pending'],
    ['FAILED', 'pending'],
    ['AUTH_SUCCESS', 'pending'],
    ['SUCCESS', 'paid'],
    ['CLOSED', 'closed'],
    ['CANCEL', 'closed'],
    ['UNDER_REVIEW', 'unknown'],
    ['toString', 'unknown'],
  ])('%s of a payment is %s', async (status, state) => {
    replies.push({ content: { ...about, status } });
    expect((await client.queryPayment(payment)).status).toBe(state);
  });

  test.each([
    ['SUCCESS', 'succeeded'],
    ['PROCESSING', 'pending'],
    ['FAILED', 'failed'],
    ['LATER', 'unknown'],
  ])('%s of a refund is %s', async (status, state) => {
    replies.push({ content: { ...about, status, merchantRefundId: 'R7d1' } });
    expect((await client.refund?.(refund))?.status).toBe(state);
  });
});

describe('a code of v4', () => {
  test.each(['101000', '102000', '106001', '200000', '303000', '400000', '999999'])(
    '%s refuses a payment',
    async (code) => {
      replies.push({ code });
      await expect(client.createPayment(wanted)).rejects.toThrow(GatewayRefused);
    },
  );

  test.each(['107000', '105000'])('%s asks for another order number', async (code) => {
    replies.push({ code });
    await expect(client.createPayment(wanted)).rejects.toThrow(OrderIdUsed);
  });

  test.each(['500000', '600001'])('%s is their own trouble: it may have been done', async (code) => {
    replies.push({ code });
    await expect(client.createPayment(wanted)).rejects.toThrow(GatewayUnreachable);
  });

  test.each(['107001', '107002'])('%s to a query proves nothing', async (code) => {
    replies.push({ code }, { code });
    expect(await client.queryPayment(payment)).toMatchObject({ status: 'unknown', providerStatus: 'not_found' });
    expect(await client.queryRefund?.({ ...payment, refundId: 'R7d1', providerRefundId: null })).toMatchObject({
      status: 'unknown',
    });
  });

  test('107000 to a refund means that it was asked for before: it is asked about', async () => {
    replies.push({ code: '107000' }, { content: { ...about, status: 'SUCCESS', merchantRefundId: 'R7d1' } });
    expect(await client.refund?.(refund)).toMatchObject({ status: 'succeeded' });
    expect(seen.map(({ path }) => path)).toEqual(['POST /v4/payment/refund', 'POST /v4/refund/query']);
  });

  test.each(['108000', '108003'])('%s refuses a refund', async (code) => {
    replies.push({ code });
    await expect(client.refund?.(refund)).rejects.toThrow(GatewayRefused);
  });

  test('104000 names the keys to compare, signed or not', async () => {
    const refusal = await clientWith({ salt: 'WRONG' })
      .createPayment(wanted)
      .catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(GatewayRefused);
    expect(refusal).toMatchObject({ hint: expect.stringContaining('PINGPONG_SALT') });
  });
});

describe('an answer of v4', () => {
  test.each<[string, Reply]>([
    ['without a signature', { unsigned: true }],
    ['with another signature', { forged: { sign: 'A'.repeat(64) } }],
    ['with an empty signature', { forged: { sign: '' } }],
    ['signed by MD5', { forged: { signType: 'MD5' } }],
    ['whose code was changed', { code: '102000', forged: { code: '000000' } }],
    [
      'whose content was changed',
      { forged: { bizContent: JSON.stringify({ ...created, paymentUrl: 'https://evil.example' }) } },
    ],
    ['for another shop', { forged: { accId: '1' } }],
    ['without content', { content: {} }],
    ['about another order', { content: { ...created, merchantTransactionId: 'X' } }],
    ['with an address that is none', { content: { ...created, paymentUrl: 'javascript:alert(1)' } }],
    ['that is a page', { text: '<html>' }],
    ['of 500', { status: 500 }],
    ['of 429', { status: 429 }],
  ])('%s has not answered', async (_, reply) => {
    replies.push({ code: '000000', content: created, ...reply });
    await expect(client.createPayment(wanted)).rejects.toThrow(GatewayUnreachable);
  });

  test('that names another price means that the number was used before: a repeat changes nothing there', async () => {
    replies.push({ code: '000000', content: { ...created, amount: '9.90' } });
    await expect(client.createPayment(wanted)).rejects.toThrow(OrderIdUsed);
  });

  test.each([
    ['another refund', { merchantRefundId: 'R-OTHER' }],
    ['another order', { merchantTransactionId: 'X' }],
    ['another amount', { amount: '1.00' }],
  ])('about %s is no answer to a refund', async (_, change) => {
    replies.push({ content: { ...about, status: 'SUCCESS', merchantRefundId: 'R7d1', ...change } });
    await expect(client.refund?.(refund)).rejects.toThrow(GatewayUnreachable);
  });

  test('leaves one log line and no salt in it', async () => {
    replies.push({ code: '000000', content: created });
    await client.createPayment(wanted);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { provider: 'pingpong', call: 'create', order_no: order },
    ]);
    expect(lines.join()).not.toContain(keys.salt);
  });
});
