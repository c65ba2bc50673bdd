import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Db } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { orderLinkToken } from '@mingdan/operations';
import { findOrder, grantCoins, newGiftToken, type Order, openGift } from '@mingdan/orders';
import { anOrder, aPaidOrder, testDatabase, testVault } from '@mingdan/orders/testing';
import type { Express } from 'express';
import request, { type Response } from 'supertest';
import { z } from 'zod';
import { calls } from '../../src/http/openapi/calls/index.ts';
import { miniAppError, plainError } from '../../src/http/openapi/shapes.ts';
import { GatewayInMemory, operationsWith } from './gateways.ts';
import { initDataFor, type SignedIn, signedIn } from './signed-in.ts';
import { anApp, completed, testSettings } from './support.ts';

let database: TestDatabase;
let db: Db;
let app: Express;
let alipay: GatewayInMemory;
let buyer: SignedIn;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
  alipay = new GatewayInMemory('alipay');
  const gateways = [alipay, new GatewayInMemory('oxapay')];
  const operations = operationsWith(db, gateways, { offered: ['alipay', 'oxapay', 'redpacket', 'points'] });
  app = anApp(db, {
    operations,
    settings: { mock: { webhookUrl: 'http://127.0.0.1:1', notices: { webhookSecret: 's' }, sandboxUrl: null } },
    readReport: async () => ({ title: '命书', markdown: '# 命', chart: { pillars: {} } }),
    testTelegram: async () => ({ sent: true, bot: 'a_bot', chatId: -100, problems: [] }),
  }).app;
  buyer = await signedIn(db);
});
afterAll(() => database.drop());

const KEY = `Bearer ${testSettings.apiKey}`;
/** What calls have answered by now, by operationId. */
const answered = new Set<string>();

/** The document knows every field of the answer, and each is as it says. */
function fits(id: string, reply: Response): Record<string, unknown> {
  const schema = calls.find((call) => call.id === id)?.answer.schema;
  if (!schema) throw new Error(`${id} has no described answer`);
  expect({ status: reply.status, body: reply.body }).toEqual({ status: 200, body: schema.parse(reply.body) });
  answered.add(id);
  return z.looseObject({ data: z.record(z.string(), z.unknown()).catch({}) }).parse(reply.body).data;
}

const get = (path: string, key = '') => request(app).get(path).set('Authorization', key);
const post = (path: string, body: object, key = '') => request(app).post(path).set('Authorization', key).send(body);

const BIRTH = { name: '张三', date: '1990-05-15', time: '14:30', gender: 'male', place: '北京' };
const WISH = { product_slug: 'bazi-basic', email: 'zhang@example.com', input: BIRTH };

test('the catalogue answers as the document says', async () => {
  fits('listProducts', await get('/api/products', buyer.bearer));
  fits('findProduct', await get('/api/products/bazi-full'));
  fits('readSettings', await get('/api/settings'));
  fits('previewPrice', await post('/api/price', { product_slug: 'consult', quantity: 2 }));
  fits('previewChart', await post('/api/chart-preview', { input: BIRTH }));
});

test('an order answers as the document says, from its making to the wish for a refund', async () => {
  const made = fits('createOrder', await post('/api/create-order', { ...WISH, payment_method: 'alipay' }));
  const orderNo = String(made.order_no);
  const token = orderLinkToken(testSettings, orderNo);
  fits('payInUsdt', await post('/api/oxapay-payment', { order_no: orderNo }));
  fits('readOrderStatus', await get(`/api/order-status/${orderNo}`));
  fits('enterRedPacketCode', await post(`/api/order/${orderNo}/redpacket?t=${token}`, { code: '恭喜发财88' }));
  await grantCoins(db, { userId: buyer.user.id, amount: 5, reason: 'test', actor: 'test' });
  const part = await anOrder(db, { userId: buyer.user.id });
  fits('payPartWithCoins', await post(`/api/order/${part.orderNo}/coins`, {}, buyer.bearer));
  fits('readOrderStatus', await get(`/api/order-status/${part.orderNo}`));
  const paid = await completed(db, await aPaidOrder(db));
  fits('readOrderStatus', await get(`/api/order-status/${paid.orderNo}`));
  const link = orderLinkToken(testSettings, paid.orderNo);
  fits('askForRefund', await post(`/api/order/${paid.orderNo}/refund-request?t=${link}`, { reason: 'no' }));
});

test('a gift answers as the document says', async () => {
  const wish = { product_slug: 'member-month', email: 'zhang@example.com', gift: true };
  const { order_no: orderNo } = fits('createOrder', await post('/api/create-order', wish));
  const link = `?t=${orderLinkToken(testSettings, String(orderNo))}`;
  fits('readGift', await get(`/api/order/${orderNo}/gift${link}`));
  const order = (await findOrder(db, String(orderNo))) as Order;
  await openGift(db, order, newGiftToken(testVault));
  fits('readGift', await get(`/api/order/${orderNo}/gift${link}`));
  fits('renewGiftLink', await post(`/api/order/${orderNo}/gift-link${link}`, {}));
});

test('a payment answers as the document says', async () => {
  const { order_no: orderNo } = fits('createOrder', await post('/api/create-order', WISH));
  const base = '/api/v1/payments/alipay';
  const wish = { orderId: orderNo, amount: 19.9, method: 'ALIPAY_QR' };
  fits('createPayment', await post(`${base}/create`, wish, KEY));
  fits('queryPayment', await get(`${base}/query/${orderNo}`, KEY));
  fits('closePayment', await post(`${base}/close/${orderNo}`, {}, KEY));
  const paid = await aPaidOrder(db);
  fits('refundPayment', await post('/api/v1/payments/pingpong/refund', { orderId: paid.orderNo, amount: 1 }, KEY));
});

test('coins answer as the document says', async () => {
  fits('listCoinPackages', await get('/api/coin/packages'));
  const wish = { package_id: 1, payment_method: 'alipay' };
  const { order_no: orderNo } = fits('orderCoins', await post('/api/coin/order', wish, buyer.bearer));
  fits('readCoinOrder', await get(`/api/coin/order/status/${orderNo}`, buyer.bearer));
  fits('readCoinBalance', await get('/api/coin/balance', buyer.bearer));
  fits('listCoinEntries', await get(`/api/coin/history?user_id=${buyer.user.telegramId}`, KEY));
});

test('sessions, memberships and own orders answer as the document says', async () => {
  fits('signIn', await post('/api/session', { initData: initDataFor(810_001) }));
  fits('readSession', await get('/api/session', buyer.bearer));
  fits('readMembership', await get('/api/membership-status', buyer.bearer));
  const month = { userId: buyer.user.telegramId, paymentId: 'T-1', amount: 29, currency: 'CNY' };
  const { body } = await get('/api/products/member-month');
  fits('activateMembership', await post('/api/activate-membership', { ...month, amount: body.data.price }, KEY));
  fits('readMembership', await get('/api/membership-status', buyer.bearer));
  fits('listMyOrders', await get('/api/my/orders', buyer.bearer));
  fits('endRenewal', await post('/api/my/end-renewal', {}, buyer.bearer));
  const own = await completed(db, await aPaidOrder(db, { userId: buyer.user.id }));
  fits('readMyReport', await get(`/api/my/reports/${own.orderNo}`, buyer.bearer));
  fits('signOut', await request(app).delete('/api/session').set('Authorization', buyer.bearer));
});

test('what operators ask answers as the document says', async () => {
  fits('testTelegram', await post('/api/test-telegram', {}, `Bearer ${testSettings.adminToken}`));
  fits('readDocument', await get('/api/docs/openapi.json'));
  fits('readHealth', await get('/healthz'));
  fits('readReadiness', await get('/readyz'));
});

test('errors answer as the document says, those of the Mini App as a text', async () => {
  const refused = await post('/api/create-order', { ...WISH, quantity: 6 }).expect(422);
  expect(refused.body).toEqual(plainError.parse(refused.body));
  const missing = await get('/api/order-status/REPORT_20261121_00000000').expect(404);
  expect(missing.body).toEqual(plainError.parse(missing.body));
  const unknown = await post('/api/activate-membership', {}, KEY).expect(422);
  expect(unknown.body).toEqual(miniAppError.parse(unknown.body));
});

test('no call that answers JSON was left out, but the two whose services are not here', () => {
  const described = calls.flatMap(({ id, answer }) => (answer.schema ? [id] : []));
  expect(described.filter((id) => !answered.has(id))).toEqual(['createStarsPayment', 'playPayment']);
});
