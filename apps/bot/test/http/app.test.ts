import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { changed, type Db, openDatabase } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { orderLinkToken } from '@mingdan/operations';
import { anUnpaidOrder, aPaidOrder, testDatabase } from '@mingdan/orders/testing';
import request from 'supertest';
import { isLoopback } from '../../src/http/rate-limit.ts';
import { anApp, testSettings } from './support.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());

const noDatabase = () =>
  openDatabase({ url: 'postgres://nobody@127.0.0.1:1/none', applicationName: 'test', acquireTimeoutMs: 300 });

describe('health', () => {
  test('/healthz answers without the database', async () => {
    const gone = noDatabase();
    await request(anApp(gone).app).get('/healthz').expect(200, { status: 'ok' });
    await gone.destroy();
  });

  test('/readyz is ready with the database and all migrations', async () => {
    await request(anApp(db).app).get('/readyz').expect(200, { status: 'ok' });
  });

  test('/readyz says in a word that the database is gone', async () => {
    const gone = noDatabase();
    const reply = await request(anApp(gone).app).get('/readyz').expect(503);
    expect(reply.body).toEqual({ status: 'unavailable', reason: 'the database does not answer' });
    await gone.destroy();
  });

  test('/readyz says that migrations are missing', async () => {
    const own = await testDatabase();
    await changed(own.db, `delete from knex_migrations where name like '0001%'`);
    const reply = await request(anApp(own.db).app).get('/readyz').expect(503);
    expect(reply.body.reason).toContain('mingdan migrate');
    await own.drop();
  });
});

describe('/metrics', () => {
  test('tells of open orders, messages and requests, and names no order', async () => {
    const order = await aPaidOrder(db);
    const { app } = anApp(db);
    await request(app).get(`/api/order-status/${order.orderNo}`);
    const { text } = await request(app)
      .get('/metrics')
      .expect(200)
      .expect('Content-Type', /text\/plain/);
    expect(text).toMatch(/^mingdan_orders_open\{status="paid"\} [1-9]/m);
    expect(text).toMatch(/^mingdan_oldest_paid_order_seconds \d/m);
    expect(text).toMatch(/^mingdan_outbox_messages\{status="pending"\} \d/m);
    expect(text).toMatch(/^mingdan_http_requests_total\{status="2xx"\} 1$/m);
    expect(text).toMatch(/^mingdan_database_up 1$/m);
    expect(text).toContain('nodejs_eventloop_lag_seconds');
    expect(text).not.toContain(order.orderNo);
  });

  test('are for this machine, and for who has the token', async () => {
    const { app } = anApp(db);
    const passedOn = () => request(app).get('/metrics').set('X-Forwarded-For', '203.0.113.7');
    expect((await passedOn().expect(401)).text).not.toContain('mingdan_orders_open');
    await passedOn().set('Authorization', 'Bearer wrong').expect(401);
    await passedOn().set('Authorization', `Bearer ${testSettings.adminToken}`).expect(200);
  });

  test.each(['/healthz', '/readyz', '/metrics'])('%s takes no POST', async (path) => {
    const reply = await request(anApp(db).app).post(path).expect(405);
    expect(reply.headers.allow).toBe('GET, HEAD');
  });

  test('asks the database once in five seconds', async () => {
    let now = new Date('2026-11-21T00:00:00Z');
    const asked: string[] = [];
    const { app } = anAppWithClock(() => now);
    db.on('query', ({ sql }: { sql: string }) => asked.push(sql));
    for (let scrape = 0; scrape < 5; scrape += 1) await request(app).get('/metrics').expect(200);
    expect(asked.filter((sql) => sql.includes('oldest_paid_seconds'))).toHaveLength(1);
    now = new Date('2026-11-21T00:00:05Z');
    await request(app).get('/metrics');
    expect(asked.filter((sql) => sql.includes('oldest_paid_seconds'))).toHaveLength(2);
    db.removeAllListeners('query');
  });

  test('still tells of the process when the database is gone', async () => {
    const gone = noDatabase();
    const { text } = await request(anApp(gone).app).get('/metrics').expect(200);
    expect(text).toMatch(/^mingdan_database_up 0$/m);
    expect(text).not.toMatch(/^mingdan_orders_open\{/m);
    await gone.destroy();
  });
});

function anAppWithClock(now: () => Date) {
  return anApp(db, { clock: { now } });
}

describe('errors', () => {
  test('below /api are JSON', async () => {
    const reply = await request(anApp(db).app).get('/api/nothing').set('Accept', 'text/html').expect(404);
    expect(reply.body).toEqual({ success: false, error: { code: 'not_found', message: expect.any(String) } });
  });

  test.each([
    ['zh-TW', '找不到這個頁面'],
    ['en', 'This page does not exist'],
  ])('elsewhere are a page, for %s in that language', async (language, words) => {
    const reply = await request(anApp(db).app).get('/nothing').set('Accept-Language', language).expect(404);
    expect(reply.headers['content-type']).toContain('text/html');
    expect(reply.text).toContain(words);
  });

  test('are a 405 for a method that a path does not take', async () => {
    const reply = await request(anApp(db).app).delete('/api/products').expect(405);
    expect(reply.body.error.code).toBe('method_not_allowed');
    expect(reply.headers.allow).toBe('GET, HEAD');
  });

  test('are a 400 for a path that does not decode', async () => {
    const reply = await request(anApp(db).app).get('/api/products/%E0%A4%A').expect(400);
    expect(reply.body.error.code).toBe('bad_request');
  });

  test('are a 503 while the database is gone, for pages and API', async () => {
    const gone = noDatabase();
    const { app } = anApp(gone);
    const reply = await request(app).get('/api/products').expect(503);
    expect(reply.body.error.code).toBe('unavailable');
    expect(reply.headers['retry-after']).toBe('5');
    const page = await request(app).get('/order/REPORT_20261121_7K3M9QXA').set('Accept-Language', 'en').expect(503);
    expect(page.text).toContain('Not available right now');
    await gone.destroy();
  });

  test('of our own tell the caller a reference and nothing else, and the log everything', async () => {
    const order = await completedOrder();
    const { app, log } = anApp(db, {
      readReport: async () => {
        throw new Error('secret inner state');
      },
    });
    const reply = await request(app)
      .get(`/order/${order.orderNo}?t=${orderLinkToken(testSettings, order.orderNo)}`)
      .expect(500);
    expect(reply.text).not.toMatch(/secret inner state|at .*\.ts/);
    expect(reply.text).toContain(String(reply.headers['x-request-id']));
    expect(JSON.stringify(log)).toContain('secret inner state');
  });
});

async function completedOrder() {
  const order = await aPaidOrder(db);
  await changed(db, `update orders set status = 'generating' where id = :id`, { id: order.id });
  await changed(db, `update orders set status = 'completed', delivery = 'delivered' where id = :id`, { id: order.id });
  return order;
}

describe('payment notices that come here by mistake', () => {
  test.each([
    '/webhook/pingpong',
    '/webhook/stripe/refund',
    '/oxapay-webhook',
    '/api/payment/webhook/wechat',
    '/api/payment/alipay/notify',
    '/api/v1/payments/alipay/notify',
    '/api/v1/payments/wechat/refund/notify',
  ])('are answered 421 at %s, with a hint in the log', async (path) => {
    for (const servesPages of [true, false]) {
      const { app, log } = anApp(db, { settings: { servesPages } });
      const reply = await request(app).post(path).send('{"status":"paid"}').expect(421);
      expect(reply.body).toMatchObject({ success: false, error: { code: 'misdirected_notice' } });
      expect(log).toContainEqual(
        expect.objectContaining({ level: 'warn', path, hint: expect.stringContaining('WEBHOOK_PORT') }),
      );
    }
  });

  test('are unknown paths for providers that do not exist, and for GET', async () => {
    const { app } = anApp(db);
    await request(app).post('/webhook/nobody').expect(404);
    await request(app).get('/webhook/pingpong').expect(404);
  });
});

describe('the log', () => {
  test('has one line a request, with its id, order number and time, and never the link token', async () => {
    const order = await anUnpaidOrder(db);
    const token = orderLinkToken(testSettings, order.orderNo);
    const { app, log } = anApp(db);
    const reply = await request(app).get(`/order/${order.orderNo}?t=${token}`).set('Referer', `https://x/?t=${token}`);
    expect(log).toEqual([
      expect.objectContaining({
        msg: 'request',
        method: 'GET',
        path: `/order/${order.orderNo}`,
        order_no: order.orderNo,
        status: 200,
        ms: expect.any(Number),
        request_id: reply.headers['x-request-id'],
      }),
    ]);
    expect(JSON.stringify(log)).not.toContain(token);
  });
});

describe('rate limits', () => {
  const limits = { windowMs: 60_000, reads: 3, writes: 1 };
  const proxied = () => anApp(db, { settings: { trustProxy: ['loopback'] }, limits }).app;
  const from = (app: ReturnType<typeof proxied>, address: string) =>
    request(app).get('/api/settings').set('X-Forwarded-For', address);

  test('hold per client address behind a trusted proxy', async () => {
    const app = proxied();
    for (let n = 0; n < 3; n += 1) await from(app, '203.0.113.1').expect(200);
    const refused = await from(app, '203.0.113.1').expect(429);
    expect(refused.body.error.code).toBe('too_many_requests');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    await from(app, '203.0.113.2').expect(200);
  });

  test('count an IPv6 client by its network, so that it cannot change its address on every call', async () => {
    const app = proxied();
    for (let n = 1; n <= 3; n += 1) await from(app, `2001:db8:1:1::${n}`).expect(200);
    await from(app, '2001:db8:1:1::99').expect(429);
  });

  test('do not hold on loopback, and a forwarded address counts only from a trusted proxy', async () => {
    const { app } = anApp(db, { limits });
    for (let n = 0; n < 10; n += 1) await from(app, '203.0.113.1').expect(200);
  });

  test('leave room for fifty reads a second', async () => {
    const { app } = anApp(db, { settings: { trustProxy: ['loopback'] } });
    for (let n = 0; n < 100; n += 1) await from(app, '203.0.113.7').expect(200);
  });

  test('answer pages with a page, and never hold up health checks or notices', async () => {
    const app = proxied();
    for (let n = 0; n < 3; n += 1) await from(app, '203.0.113.1');
    const page = await request(app).get('/nothing').set('X-Forwarded-For', '203.0.113.1').set('Accept-Language', 'en');
    expect(page.status).toBe(429);
    expect(page.text).toContain('Too many requests');
    await request(app).get('/healthz').set('X-Forwarded-For', '203.0.113.1').expect(200);
    await request(app).post('/webhook/pingpong').set('X-Forwarded-For', '203.0.113.1').expect(421);
  });

  test.each([
    ['127.0.0.1', true],
    ['127.9.9.9', true],
    ['::ffff:127.0.0.1', true],
    ['::1', true],
    ['10.0.0.1', false],
    ['', false],
  ])('take %s for loopback: %s', (address, expected) => {
    expect(isLoopback(address)).toBe(expected);
  });
});

describe('other sites in a browser', () => {
  const ORIGIN = 'https://shop.example';

  test('may read the catalogue, the order API and the coin API when they are named', async () => {
    const { app } = anApp(db);
    for (const path of ['/api/products/bazi-basic', '/api/settings', '/api/order-status/x', '/api/coin/packages']) {
      const reply = await request(app).get(path).set('Origin', ORIGIN);
      expect(reply.headers['access-control-allow-origin']).toBe(ORIGIN);
      expect(reply.headers.vary).toContain('Origin');
      expect(reply.headers['access-control-allow-credentials']).toBeUndefined();
    }
  });

  test('may not when they are not named', async () => {
    const { app } = anApp(db);
    for (const origin of ['https://evil.example', 'https://shop.example.evil', 'http://shop.example', 'null']) {
      const reply = await request(app).get('/api/products').set('Origin', origin);
      expect(reply.headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  test('may never read pages', async () => {
    const order = await anUnpaidOrder(db);
    const reply = await request(anApp(db).app).get(`/order/${order.orderNo}`).set('Origin', ORIGIN);
    expect(reply.headers['access-control-allow-origin']).toBeUndefined();
  });

  test('get an answer to their preflight', async () => {
    const reply = await request(anApp(db).app)
      .options('/api/products')
      .set('Origin', ORIGIN)
      .set('Access-Control-Request-Method', 'GET')
      .expect(204);
    expect(reply.headers['access-control-allow-methods']).toContain('GET');
  });
});

describe('roles', () => {
  test('a process without the http role serves health and metrics only', async () => {
    const { app } = anApp(db, { settings: { servesPages: false } });
    await request(app).get('/healthz').expect(200);
    await request(app).get('/metrics').expect(200);
    await request(app).get('/api/products').expect(404);
    await request(app).get('/order/REPORT_20261121_7K3M9QXA').expect(404);
  });

  test('Telegram’s updates go to the handler that was handed in, whatever the role', async () => {
    const { app } = anApp(db, {
      settings: { servesPages: false },
      telegramWebhook: (_req, res) => {
        res.send('taken');
      },
    });
    await request(app).post('/telegram/webhook').send('{}').expect(200, 'taken');
    await request(anApp(db).app).post('/telegram/webhook').expect(404);
  });
});

describe('assets', () => {
  test('are kept for ever under the address that the pages use', async () => {
    const { app } = anApp(db);
    const { text } = await request(app).get('/nothing');
    const address = /href="(\/assets\/[\w-]+\/mingdan\.css)"/.exec(text)?.[1];
    const reply = await request(app)
      .get(String(address))
      .expect(200)
      .expect('Content-Type', /text\/css/);
    expect(reply.headers['cache-control']).toContain('immutable');
  });

  test('are checked each time under any other', async () => {
    const reply = await request(anApp(db).app)
      .get('/assets/order.js')
      .expect(200)
      .expect('Content-Type', /javascript/);
    expect(reply.headers['cache-control']).toBe('no-cache');
  });

  test.each(['/assets/app.ts', '/assets/..%2fapp.ts', '/assets/constructor', '/assets/'])(
    'hold no %s',
    async (path) => {
      await request(anApp(db).app).get(path).expect(404);
    },
  );
});
