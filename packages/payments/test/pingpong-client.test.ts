import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger } from '@mingdan/kernel';
import { createClients } from '../src/clients.ts';
import { GatewayRefused, GatewayUnreachable, type PaymentClient } from '../src/index.ts';

interface Seen {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
}
interface Reply {
  status?: number;
  json?: unknown;
  text?: string;
  headers?: Record<string, string>;
  delayMs?: number;
  hangUp?: boolean;
}

const now = new Date('2026-11-21T12:00:00Z');
const order = 'REPORT_20261121_7K3M9QXA';
const amount = { minor: 1990, currency: 'CNY' } as const;
const wanted = {
  gatewayOrderId: order,
  amount,
  subject: '八字精批',
  notifyUrl: 'https://pay.example.com/webhook/pingpong',
  returnUrl: 'https://shop.example.com/order/1',
  expiresAt: new Date('2026-11-21T12:30:00Z'),
  method: 'PINGPONG_CHECKOUT',
  buyer: { userId: 1, telegramId: null, language: 'zh-CN', openid: null, ip: null },
};
const payment = { gatewayOrderId: order, providerPaymentId: 'P1' };
const reference = { ...payment, refundId: 'R7d1', providerRefundId: null };
const refund = {
  refundId: 'R7d1',
  gatewayOrderId: order,
  providerPaymentId: 'P1',
  amount,
  paymentAmount: amount,
  reason: 'failed',
  notifyUrl: wanted.notifyUrl,
  buyer: { userId: 1, telegramId: null },
};
const created = { payment_id: 'P1', payment_url: 'https://pay.example.com/c/P1' };

let server: Server;
let seen: Seen[];
let replies: Reply[];
let lines: string[];
let client: PaymentClient;

beforeEach(async () => {
  seen = [];
  replies = [];
  lines = [];
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    seen.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body });
    const reply = replies.shift() ?? { status: 500 };
    if (reply.hangUp) return void request.socket.destroy();
    if (reply.delayMs) await new Promise((resolve) => setTimeout(resolve, reply.delayMs).unref());
    response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers });
    response.end(reply.text ?? JSON.stringify(reply.json ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  client = clientAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function clientAt(apiBase: string): PaymentClient {
  const settings = { apiBase, merchantId: 'M-1', apiSecret: 'an-api-secret' };
  const log = createLogger({ process: 'test', destination: { write: (line) => lines.push(line) } });
  const found = createClients(new Map([['pingpong', settings]]), { clock: { now: () => now }, log }).get('pingpong');
  if (!found) throw new Error('no client');
  return found;
}

const hmac = (text: string) => createHmac('sha256', 'an-api-secret').update(text).digest('hex');

describe('what PingPong is asked', () => {
  test('to open a payment: the order in its words, signed over the raw body', async () => {
    replies.push({ json: created });
    expect(await client.createPayment(wanted)).toEqual({ providerPaymentId: 'P1', paymentUrl: created.payment_url });
    const [call] = seen;
    expect(call).toMatchObject({ method: 'POST', path: '/v1/payments' });
    expect(JSON.parse(call?.body ?? '')).toEqual({
      merchant_id: 'M-1',
      order_id: order,
      amount: '19.90',
      currency: 'CNY',
      subject: '八字精批',
      notify_url: wanted.notifyUrl,
      return_url: wanted.returnUrl,
      expires_in: 1800,
    });
    expect(call?.headers).toMatchObject({
      'content-type': 'application/json',
      'x-signature': hmac(call?.body ?? ''),
      'x-timestamp': String(now.getTime() / 1000),
    });
  });

  test('about a payment: signed over the path, since there is no body', async () => {
    replies.push({ json: { payment_id: 'P1', order_id: order, status: 'paid', amount: '19.9', currency: 'CNY' } });
    expect(await client.queryPayment(payment)).toEqual({
      status: 'paid',
      providerStatus: 'paid',
      providerPaymentId: 'P1',
      amount,
      paidAt: null,
    });
    expect(seen[0]).toMatchObject({ method: 'GET', path: `/v1/payments/${order}`, body: '' });
    expect(seen[0]?.headers['x-signature']).toBe(hmac(`/v1/payments/${order}`));
  });

  test('to close a payment', async () => {
    replies.push({ json: { payment_id: 'P1', order_id: order, status: 'closed' } }, { text: '{}' });
    await client.closePayment?.(payment);
    expect(seen[0]).toMatchObject({ method: 'POST', path: `/v1/payments/${order}/close`, body: '' });
    expect(seen[0]?.headers['x-signature']).toBe(hmac(`/v1/payments/${order}/close`));
  });

  test('to give money back, under our own refund id', async () => {
    replies.push({ json: { refund_id: 'R7d1', status: 'pending' } });
    expect(await client.refund?.(refund)).toEqual({
      status: 'pending',
      providerRefundId: 'R7d1',
      providerStatus: 'pending',
    });
    expect(JSON.parse(seen[0]?.body ?? '')).toEqual({
      refund_id: 'R7d1',
      order_id: order,
      amount: '19.90',
      currency: 'CNY',
      reason: 'failed',
    });
  });

  test('about a refund', async () => {
    replies.push({ json: { refund_id: 'R7d1', status: 'succeeded' } });
    expect(await client.queryRefund?.(reference)).toMatchObject({ status: 'succeeded' });
    expect(seen[0]).toMatchObject({ method: 'GET', path: '/v1/refunds/R7d1' });
  });
});

describe('an answer of PingPong', () => {
  const query = () => client.queryPayment(payment);
  const state = { payment_id: 'P1', order_id: order, status: 'paid', amount: '19.90', currency: 'CNY' };

  test('with a status that we have never seen is unknown, not an end', async () => {
    replies.push({ json: { ...state, status: 'under_review' } }, { json: { refund_id: 'R7d1', status: 'queued' } });
    expect(await query()).toMatchObject({ status: 'unknown', providerStatus: 'under_review' });
    expect(await client.refund?.(refund)).toMatchObject({ status: 'unknown', providerStatus: 'queued' });
  });

  test('that names another amount is passed on, for the order to be compared with', async () => {
    replies.push({ json: { ...state, amount: '0.01' } });
    expect(await query()).toMatchObject({ amount: { minor: 1, currency: 'CNY' } });
  });

  test.each([
    ['no amount', { amount: undefined }],
    ['no currency', { currency: undefined }],
    ['an amount that nobody can read', { amount: '19,90' }],
  ])('with %s names no amount', async (_, changes) => {
    replies.push({ json: { ...state, ...changes } });
    expect((await query()).amount).toBeNull();
  });

  test('that it does not know the payment proves nothing', async () => {
    replies.push({ status: 404 }, { status: 404 }, { status: 404 });
    expect(await query()).toMatchObject({ status: 'unknown', providerStatus: 'not_found' });
    await client.closePayment?.(payment);
    expect(await client.queryRefund?.(reference)).toMatchObject({ status: 'unknown' });
  });

  test.each([
    ['another order', { order_id: 'REPORT_20261121_OTHER000' }],
    ['no order', { order_id: undefined }],
    ['no status', { status: undefined }],
  ])('about %s is no answer', async (_, changes) => {
    replies.push({ json: { ...state, ...changes } });
    await expect(query()).rejects.toThrow(GatewayUnreachable);
  });

  test.each([
    ['another amount', { ...created, amount: '1.00', currency: 'CNY' }],
    ['another currency', { ...created, amount: '19.90', currency: 'USD' }],
    ['another order', { ...created, order_id: 'X' }],
    ['no address', { payment_id: 'P1' }],
    ['an address that is none', { ...created, payment_url: 'javascript:alert(1)' }],
  ])('to a new payment with %s is no answer', async (_, json) => {
    replies.push({ json });
    await expect(client.createPayment(wanted)).rejects.toThrow(GatewayUnreachable);
  });

  test('to a refund about another refund is no answer', async () => {
    replies.push({ json: { refund_id: 'R-OTHER', status: 'succeeded' } });
    await expect(client.refund?.(refund)).rejects.toThrow(GatewayUnreachable);
  });

  test('that a payment is paid refuses its closing', async () => {
    replies.push({ json: { order_id: order, status: 'paid' } });
    await expect(client.closePayment?.(payment)).rejects.toThrow(GatewayRefused);
  });

  test.each([400, 401, 403, 409, 422])('of %d is a refusal that says what to do', async (status) => {
    replies.push({ status, json: { error: { code: 'not_allowed' } } });
    const refusal = await client.refund?.(refund).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(GatewayRefused);
    expect(refusal).toMatchObject({
      message: expect.stringContaining(`HTTP ${status} not_allowed`),
      hint: expect.any(String),
    });
  });

  test.each<Reply>([
    { status: 500 },
    { status: 503 },
    { status: 429 },
    { status: 408 },
    { status: 302, headers: { location: 'http://127.0.0.1:1/' } },
    { text: '<html>' },
    { text: '' },
    { text: '[]' },
    { text: JSON.stringify({ ...state, filler: 'x'.repeat(300_000) }) },
  ])('like %# is none: the work may have been done', async (reply) => {
    replies.push(reply);
    await expect(query()).rejects.toThrow(GatewayUnreachable);
    expect(seen).toHaveLength(1);
  });
});

describe('a connection to PingPong', () => {
  test('that breaks is tried once more, and the same payment comes back', async () => {
    replies.push({ hangUp: true }, { json: created });
    expect(await client.createPayment(wanted)).toMatchObject({ providerPaymentId: 'P1' });
    expect(seen.map(({ body }) => body)).toEqual([seen[0]?.body, seen[0]?.body]);
  });

  test('that breaks twice is unreachable', async () => {
    replies.push({ hangUp: true }, { hangUp: true }, { json: created });
    await expect(client.createPayment(wanted)).rejects.toThrow(GatewayUnreachable);
    expect(seen).toHaveLength(2);
  });

  test('that is refused is unreachable', async () => {
    await expect(clientAt('http://127.0.0.1:1').queryPayment(payment)).rejects.toThrow(GatewayUnreachable);
  });

  test('that says nothing is given up after three seconds where a buyer waits', async () => {
    replies.push({ delayMs: 8_000, json: created });
    const start = performance.now();
    await expect(client.createPayment(wanted)).rejects.toThrow('no answer within 3000 ms');
    expect(performance.now() - start).toBeLessThan(4_000);
  });

  test('leaves one log line for each call, with its duration and no secret', async () => {
    replies.push({ json: created }, { status: 500 });
    await client.createPayment(wanted);
    await client.queryPayment(payment).catch(() => undefined);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      {
        level: 'info',
        msg: 'outside call',
        provider: 'pingpong',
        call: 'create',
        order_no: order,
        status: 200,
        duration_ms: expect.any(Number),
      },
      { msg: 'outside call', call: 'query', order_no: order, problem: expect.stringContaining('HTTP 500') },
    ]);
    expect(lines.join()).not.toContain('an-api-secret');
    expect(lines.join()).not.toContain(hmac(''));
  });
});
