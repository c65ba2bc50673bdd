import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Db } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { anUnpaidOrder, testDatabase } from '@mingdan/orders/testing';
import request from 'supertest';
import { callSignature } from '../../src/http/auth/signed-calls.ts';
import { GatewayInMemory, operationsWith } from './gateways.ts';
import { signedIn } from './signed-in.ts';
import { anApp, type Changes, testSettings } from './support.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());

const KEY = { Authorization: `Bearer ${testSettings.apiKey}` };
const required: Changes = { settings: { requireSignature: true } };
const app = (changes: Changes = {}) =>
  anApp(db, { operations: operationsWith(db, [new GatewayInMemory('alipay')]), ...changes }).app;
const now = (offset = 0) => String(Math.floor(Date.now() / 1000) + offset);

function signed(method: string, path: string, body = '', timestamp = now(), key = testSettings.apiKey) {
  const signature = callSignature(key, { timestamp, method, path, body }).toString('hex');
  return { ...KEY, 'X-Timestamp': timestamp, 'X-Signature': signature };
}

describe('a signed call', () => {
  const path = '/api/v1/payments/alipay/create';
  const create = async () => {
    const { orderNo } = await anUnpaidOrder(db);
    // spaces, as they came: the bytes are what is signed
    return `{ "orderId": "${orderNo}",  "amount": 19.90, "method": "ALIPAY_WEB" }`;
  };
  const post = (headers: Record<string, string>, body: string, changes: Changes = required) =>
    request(app(changes)).post(path).set('Content-Type', 'application/json').set(headers).send(body);

  test('has its body read as any other', async () => {
    const body = await create();
    const reply = await post(signed('POST', path, body), body).expect(200);
    expect(reply.body.data.payment_url).toContain('alipay.example');
  });

  test('without a body covers the path and its query', async () => {
    const { user } = await signedIn(db);
    const balance = `/api/coin/balance?user_id=${user.id}`;
    await request(app(required)).get(balance).set(signed('GET', balance)).expect(200);
    await request(app(required)).get(`${balance}0`).set(signed('GET', balance)).expect(401);
  });

  test.each([
    ['another body', (body: string) => signed('POST', path, `${body} `)],
    ['another method', (body: string) => signed('GET', path, body)],
    ['another path', (body: string) => signed('POST', '/api/v1/payments/wechat/create', body)],
    ['another key', (body: string) => signed('POST', path, body, now(), 'another')],
    ['a time too long ago', (body: string) => signed('POST', path, body, now(-302))],
    ['a time too far ahead', (body: string) => signed('POST', path, body, now(302))],
    ['no time', (body: string) => ({ ...signed('POST', path, body), 'X-Timestamp': '' })],
    ['no hex', (body: string) => ({ ...signed('POST', path, body), 'X-Signature': 'x'.repeat(64) })],
    ['nothing signed at all', () => KEY],
  ])('for %s is refused', async (_what, headers) => {
    const body = await create();
    const reply = await post({ ...headers(body) }, body).expect(401);
    expect(reply.body.error.code).toBe('bad_signature');
  });

  test('is checked where it is sent, though it need not be', async () => {
    const body = await create();
    await post(KEY, body, {}).expect(200);
    await post(signed('POST', path, 'x'), body, {}).expect(401);
  });

  test('with a broken body, or too much of it, is told so', async () => {
    await post(signed('POST', path, '{'), '{').expect(400);
    const much = JSON.stringify({ text: 'x'.repeat(70_000) });
    await post(signed('POST', path, much), much).expect(413);
  });

  test('is asked of nobody without the API key', async () => {
    const { bearer } = await signedIn(db);
    await request(app(required)).get('/api/coin/balance').set('Authorization', bearer).expect(200);
    await request(app(required)).get('/api/products').expect(200);
  });
});

describe('POST /api/test-telegram', () => {
  const done = { sent: true, bot: 'mingdan_bot', chatId: -100, problems: [] };
  const ask = (token: string | undefined, changes: Changes = { testTelegram: async () => done }) =>
    request(app(changes))
      .post('/api/test-telegram')
      .set(token === undefined ? {} : { Authorization: `Bearer ${token}` });

  test('tells what came of it', async () => {
    const reply = await ask(testSettings.adminToken).expect(200);
    expect(reply.body).toEqual({
      success: true,
      data: { sent: true, bot: 'mingdan_bot', chat_id: -100, problems: [] },
    });
  });

  test.each([undefined, 'wrong', testSettings.apiKey])('is for operators alone (%s)', async (token) => {
    const { body } = await ask(token).expect(401);
    expect(body.error).toEqual({ code: 'unauthorized', message: expect.stringContaining('ADMIN_TOKEN') });
  });

  test('says where there is no bot', async () => {
    expect((await ask(testSettings.adminToken, {}).expect(503)).body.error.code).toBe('unavailable');
  });
});
