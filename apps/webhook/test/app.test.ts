import { generateKeyPairSync } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { signPingpongBody } from '@mingdan/payments/testing';
import request from 'supertest';
import { createSealer, openNotice } from '../src/seal.ts';
import { DatabaseAway } from '../src/store.ts';
import { fakeStore, givenApp, orderNo, post, settings } from './given.ts';

const paid = { order_id: orderNo, status: 'paid', payment_id: 'P1', amount: '19.90', currency: 'CNY' };

describe('a notice', () => {
  test('is verified, recorded and acknowledged in the words of the gateway, and the workers are woken', async () => {
    const { store, recorded } = fakeStore();
    const { app, woken } = givenApp(store);
    const reply = await post(app, paid).expect(200);
    expect(reply.text).toBe('OK');
    expect(recorded).toHaveLength(1);
    expect(recorded[0]?.[0]).toMatchObject({
      provider: 'pingpong',
      kind: 'paid',
      gatewayOrderId: orderNo,
      eventId: 'paid:P1',
    });
    expect(woken()).toBe(1);
  });

  test.each([
    '/webhook/pingpong',
    '/webhook/pingpong/refund',
    '/webhook/PingPong',
    '/webhook/pingpong/',
    '/webhook/pingpong?from=console',
    '/api/payment/webhook/pingpong',
    '/api/payment/pingpong/notify',
    '/api/v1/payments/pingpong/notify',
    '/api/v1/payments/pingpong/refund/notify',
  ])('is taken at %s', async (path) => {
    const { store, recorded } = fakeStore();
    await post(givenApp(store).app, paid, path).expect(200, 'OK');
    expect(recorded).toHaveLength(1);
  });

  test('at /oxapay-webhook is judged by OxaPay', async () => {
    const { store, recorded } = fakeStore();
    await post(givenApp(store).app, paid, '/oxapay-webhook').expect(404);
    expect(recorded).toHaveLength(0);
  });

  test('with a wrong signature is answered 401, touches nothing and is kept with its reason', async () => {
    const { store, recorded, refused } = fakeStore();
    const { app, settled } = givenApp(store);
    const { body } = signPingpongBody(settings, JSON.stringify(paid));
    await request(app).post('/webhook/pingpong').set('x-signature', '0'.repeat(64)).send(body.toString()).expect(401);
    await settled();
    expect(recorded).toHaveLength(0);
    expect(refused).toMatchObject([
      { provider: 'pingpong', why: expect.stringContaining('does not match'), size: body.length },
    ]);
  });

  test('with its signature in two headers is answered 401', async () => {
    const { store, recorded } = fakeStore();
    const { app } = givenApp(store);
    const { headers, body } = signPingpongBody(settings, JSON.stringify(paid));
    const signature = String(headers['x-signature']);
    expect(await rawPost(app, { 'x-signature': [signature, signature] }, body)).toBe(401);
    expect(await rawPost(app, { 'X-SIGNATURE': signature }, body)).toBe(200);
    expect(recorded).toHaveLength(1);
  });

  test('that is signed but no JSON object is answered 400', async () => {
    const { store, refused } = fakeStore();
    const { app, settled } = givenApp(store);
    await post(app, 'order_id=1').expect(400);
    await settled();
    expect(refused).toMatchObject([{ why: 'the body is no JSON object' }]);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=gbk', 'nonsense'])(
    'is taken as bytes, whatever its type says: %s',
    async (type) => {
      const { store, recorded } = fakeStore();
      await post(givenApp(store).app, paid).set('content-type', type).expect(200);
      expect(recorded).toHaveLength(1);
    },
  );

  test('that says it is compressed is not inflated: the signature is over the bytes that came', async () => {
    const { store, recorded } = fakeStore();
    const { app } = givenApp(store);
    const zipped = gzipSync(JSON.stringify(paid));
    const overPlain = signPingpongBody(settings, JSON.stringify(paid)).headers;
    const overZipped = signPingpongBody(settings, zipped).headers;
    expect(await rawPost(app, { ...overPlain, 'content-encoding': 'gzip' }, zipped)).toBe(401);
    expect(await rawPost(app, { ...overZipped, 'content-encoding': 'gzip' }, zipped)).toBe(400);
    expect(recorded).toHaveLength(0);
  });

  test('of 64 KiB is taken, one byte more is answered 413, said or streamed', async () => {
    const { store, recorded } = fakeStore();
    const { app } = givenApp(store);
    const bare = JSON.stringify({ ...paid, filler: '' });
    const whole = JSON.stringify({ ...paid, filler: 'x'.repeat(65_536 - bare.length) });
    await post(app, whole).expect(200);
    await post(app, `${whole} `).expect(413);
    const { headers, body } = signPingpongBody(settings, `${whole} `);
    expect(await rawPost(app, { ...headers, 'transfer-encoding': 'chunked' }, body)).toBe(413);
    expect(await rawPost(app, headers, Buffer.alloc(5_000_000))).toBe(413);
    expect(recorded).toHaveLength(1);
  });

  test('is sealed for the private key where there is a public one', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('x25519');
    const { store, recorded } = fakeStore();
    await post(givenApp(store, { sealer: createSealer(publicKey) }).app, paid).expect(200);
    const raw = recorded[0]?.[1];
    expect(raw?.digest).toHaveLength(32);
    expect(JSON.parse(openNotice(privateKey, raw?.sealed ?? Buffer.alloc(0)).toString())).toEqual(paid);
  });

  test('leaves one log line with provider, order, kind, verdict and duration, and nothing of its body', async () => {
    const { app, lines } = givenApp(fakeStore().store);
    await post(app, { ...paid, email: 'someone@example.com' }).expect(200);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      level: 'info',
      msg: 'notice',
      provider: 'pingpong',
      order_no: orderNo,
      kind: 'paid',
      verdict: 'paid',
      duration_ms: expect.any(Number),
    });
    expect(JSON.stringify(lines)).not.toContain('someone');
  });
});

describe('a database', () => {
  test('that is away makes the gateway send it again', async () => {
    const { app, woken } = givenApp(fakeStore(new DatabaseAway(new Error('connect ECONNREFUSED'))).store);
    await post(app, paid).expect(503);
    expect(woken()).toBe(0);
  });

  test('that fails in any other way is an alarm in the log, and the notice is acknowledged', async () => {
    const { app, lines } = givenApp(fakeStore(Object.assign(new Error('check constraint'), { code: '23514' })).store);
    await post(app, paid).expect(200, 'OK');
    expect(lines).toMatchObject([{ level: 'error', alarm: true, verdict: 'not_recorded', event_id: 'paid:P1' }]);
  });
});

test('a flood of forgeries is answered 401 each, and five of them a second are kept and logged', async () => {
  const { store, refused } = fakeStore();
  const { app, lines, settled } = givenApp(store, {});
  const replies = await Promise.all(
    Array.from({ length: 30 }, () => request(app).post('/webhook/pingpong').send({ forged: true })),
  );
  await settled();
  expect(replies.map((reply) => reply.status)).toEqual(Array.from({ length: 30 }, () => 401));
  // the second may turn over in between
  expect(refused.length).toBeLessThanOrEqual(10);
  expect(lines).toHaveLength(refused.length);
});

describe('what else can be reached', () => {
  const { app } = givenApp(fakeStore().store);

  test('is /healthz and /readyz', async () => {
    await request(app).get('/healthz').expect(200);
    await request(app).get('/readyz').expect(200);
    await request(givenApp(fakeStore().store, { ready: async () => false }).app)
      .get('/readyz')
      .expect(503);
  });

  test.each([
    ['get', '/'],
    ['get', '/webhook/pingpong'],
    ['put', '/webhook/pingpong'],
    ['post', '/webhook'],
    ['post', '/webhook/stripe'],
    ['post', '/webhook/__proto__'],
    ['post', '/webhook/pingpong/other'],
    ['post', '/api/v1/payments/pingpong/create'],
    ['post', '/healthz'],
    ['get', '/metrics'],
  ] as const)('is not %s %s', async (method, path) => {
    const reply = await request(app)[method](path);
    expect(reply.status).toBe(404);
    expect(reply.headers['x-powered-by']).toBeUndefined();
  });

  test('is not a path that cannot be decoded', async () => {
    await request(app).post('/webhook/%E0%A4%A').expect(400);
  });
});

test('a sender that hangs up in the middle is nobody to answer and no error', async () => {
  const { store, recorded } = fakeStore();
  const { app, lines } = givenApp(store);
  const server = app.listen(0);
  const socket = connect((server.address() as AddressInfo).port);
  socket.write('POST /webhook/pingpong HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"order');
  await new Promise((resolve) => setTimeout(resolve, 50));
  socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 50));
  await new Promise((resolve) => server.close(resolve));
  expect(recorded).toHaveLength(0);
  expect(lines).toEqual([]);
});

/** As a client that sends exactly these headers and bytes. */
function rawPost(
  app: Parameters<typeof request>[0],
  headers: Record<string, unknown>,
  body: Buffer,
): Promise<number | undefined> {
  const server = (app as ReturnType<typeof givenApp>['app']).listen(0);
  const { port } = server.address() as AddressInfo;
  return new Promise<number | undefined>((resolve, reject) => {
    const call = httpRequest(
      { port, method: 'POST', path: '/webhook/pingpong', headers: headers as Record<string, string> },
      (reply) => {
        reply.resume();
        resolve(reply.statusCode);
      },
    );
    call.once('error', reject);
    call.end(body);
  }).finally(() => server.closeAllConnections() ?? server.close());
}
