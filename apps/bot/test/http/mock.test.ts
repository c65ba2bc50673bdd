import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Db } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { orderLinkToken } from '@mingdan/operations';
import type { Order } from '@mingdan/orders';
import { anUnpaidOrder, testDatabase } from '@mingdan/orders/testing';
import request from 'supertest';
import type { MockGate } from '../../src/http/deps.ts';
import { mockGate } from '../../src/http/mock/gate.ts';
import { GatewayInMemory, operationsWith } from './gateways.ts';
import { anApp, testSettings } from './support.ts';

const SECRET = 'mock-secret';

interface Call {
  readonly path: string;
  readonly signature: unknown;
  readonly body: Buffer;
}

let database: TestDatabase;
let db: Db;
let server: Server;
let base: string;
/** what the webhook process, or the sandbox, was asked */
let calls: Call[] = [];
let answer = 200;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
  server = createServer(async (req, res) => {
    const body = Buffer.concat(await req.toArray());
    calls.push({ path: req.url ?? '', signature: req.headers['x-mock-signature'], body });
    res.writeHead(answer).end('{}');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  base = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
});
afterAll(async () => {
  server.close();
  await database.drop();
});
beforeEach(() => {
  calls = [];
  answer = 200;
});

function anAppWith(gate: Partial<MockGate> | null = {}) {
  const operations = operationsWith(db, [new GatewayInMemory('alipay')], { offered: ['mock', 'alipay'] });
  const mock = gate && { webhookUrl: base, notices: { webhookSecret: SECRET }, sandboxUrl: null, ...gate };
  return anApp(db, { operations, settings: { mock } }).app;
}

async function anOrderAt(provider: 'mock' | 'alipay'): Promise<{ order: Order; paymentUrl: string }> {
  const order = await anUnpaidOrder(db, { paymentId: null });
  const token = orderLinkToken(testSettings, order.orderNo);
  const reply = await request(anAppWith()).get(`/order/${order.orderNo}/pay/${provider}?t=${token}`).expect(303);
  return { order, paymentUrl: String(reply.headers.location) };
}

describe('playing a payment', () => {
  test.each([
    ['success', 'paid'],
    ['failure', 'failed'],
  ])('as %s sends the webhook process a signed notice', async (outcome, status) => {
    const { order, paymentUrl } = await anOrderAt('mock');
    const id = paymentUrl.split('/').at(-1);
    const { body } = await request(anAppWith()).post(`/api/payment/mock/${outcome}/${id}`).expect(200);
    expect(body).toMatchObject({ success: true, data: { order_no: order.orderNo, payment_status: 'waiting' } });
    const [call] = calls;
    expect(call?.path).toBe('/webhook/mock');
    expect(call?.signature).toBe(
      createHmac('sha256', SECRET)
        .update(call?.body ?? '')
        .digest('hex'),
    );
    expect(JSON.parse(String(call?.body))).toMatchObject({
      order_id: order.orderNo,
      status,
      amount: '19.90',
      currency: 'CNY',
    });
  });

  test('takes the order number too', async () => {
    const { order } = await anOrderAt('mock');
    await request(anAppWith()).post(`/api/payment/mock/success/${order.orderNo}`).expect(200);
    expect(JSON.parse(String(calls[0]?.body)).payment_id).toBe(`MOCK-${order.orderNo}`);
  });

  test('of another gateway tells its stand-in in the sandbox', async () => {
    const { order } = await anOrderAt('alipay');
    const app = anAppWith({ sandboxUrl: base });
    await request(app).post(`/api/payment/mock/success/${order.orderNo}`).expect(200);
    const { body } = await request(app).post(`/api/payment/mock/failure/alipay-${order.orderNo}`).expect(200);
    expect(body.data.payment_status).toBe('expired');
    await request(app).post(`/api/payment/mock/failure/${order.orderNo}`).expect(200);
    expect(calls.map(({ path }) => path)).toEqual([
      `/panel/api/alipay/${order.orderNo}/pay`,
      `/panel/api/alipay/${order.orderNo}/end`,
    ]);
  });

  test('of another gateway cannot be done without a sandbox', async () => {
    const { order } = await anOrderAt('alipay');
    const { body } = await request(anAppWith()).post(`/api/payment/mock/success/${order.orderNo}`).expect(409);
    expect(body.error.code).toBe('no_sandbox');
    expect(calls).toEqual([]);
  });

  test('says what the others answer', async () => {
    const { order } = await anOrderAt('mock');
    const path = `/api/payment/mock/success/${order.orderNo}`;
    answer = 401;
    expect((await request(anAppWith()).post(path).expect(502)).body.error.code).toBe('notice_refused');
    const gone = anAppWith({ webhookUrl: 'http://127.0.0.1:1' });
    expect((await request(gone).post(path).expect(502)).body.error.code).toBe('unreachable');
    const bare = anAppWith({ notices: null });
    expect((await request(bare).post(path).expect(409)).body.error.code).toBe('mock_not_set_up');
    const other = await anOrderAt('alipay');
    answer = 404;
    const reply = await request(anAppWith({ sandboxUrl: base })).post(
      `/api/payment/mock/success/${other.order.orderNo}`,
    );
    expect(reply.body.error.code).toBe('not_at_gateway');
  });

  test.each(['/success/nobody', '/success/%00abcd', '/maybe/REPORT_20261121_ZZZZZZZZ', "/success/'--x"])(
    'answers 404 for %s',
    async (path) => {
      await request(anAppWith()).post(`/api/payment/mock${path}`).expect(404);
    },
  );

  test('is a POST', async () => {
    expect((await request(anAppWith()).get('/api/payment/mock/success/x').expect(405)).headers.allow).toBe('POST');
  });
});

describe('the page of a mock payment', () => {
  test('has two buttons that work without scripts, and leads back to the order', async () => {
    const { order, paymentUrl } = await anOrderAt('mock');
    expect(paymentUrl).toBe(`https://mingdan.example/payment/mock/MOCK-${order.orderNo}`);
    const path = new URL(paymentUrl).pathname;
    const { text } = await request(anAppWith()).get(`${path}?lang=en`).expect(200);
    expect(text).toContain('CN¥19.90');
    expect(text).toContain('value="success">Pay (success)');
    expect(text).toContain('value="failure">Fail');
    expect(text).not.toContain('<script');
    const reply = await request(anAppWith()).post(path).type('form').send({ outcome: 'success' }).expect(303);
    expect(reply.headers.location).toBe(`/payment/success?order_no=${order.orderNo}`);
    expect(calls).toHaveLength(1);
    await request(anAppWith()).post(path).type('form').send({ outcome: 'x' }).expect(404);
    await request(anAppWith()).get('/payment/mock/MOCK-nothing').expect(404);
  });
});

describe('in production', () => {
  test('nothing of it is there', async () => {
    const { order } = await anOrderAt('mock');
    const app = anAppWith(null);
    await request(app).post(`/api/payment/mock/success/${order.orderNo}`).expect(404);
    await request(app).get(`/api/payment/mock/success/${order.orderNo}`).expect(404);
    await request(app).get(`/payment/mock/MOCK-${order.orderNo}`).expect(404);
    await request(app).post(`/payment/mock/MOCK-${order.orderNo}`).send('outcome=success').expect(404);
    expect(calls).toEqual([]);
  });

  test('is decided by the settings, whatever else is set', () => {
    const config = {
      urls: { public: 'https://a.example', webhook: 'https://b.example' },
      http: {
        trustProxy: null,
        corsOrigins: [],
        returnUrlHosts: [],
        initDataMaxAgeSeconds: 1,
        requireSignature: false,
        sandboxUrl: base,
      },
      providers: new Map([['mock' as const, { webhookSecret: SECRET }]]),
    };
    expect(mockGate({ ...config, production: true })).toBeNull();
    expect(mockGate({ ...config, production: false })).toEqual({
      webhookUrl: 'https://b.example',
      notices: { webhookSecret: SECRET },
      sandboxUrl: base,
    });
    expect(mockGate({ ...config, production: false, providers: new Map() })?.notices).toBeNull();
  });
});
