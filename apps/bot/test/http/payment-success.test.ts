import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Db } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { orderLinkToken } from '@mingdan/operations';
import { findOrder, type Order } from '@mingdan/orders';
import { anUnpaidOrder, testDatabase } from '@mingdan/orders/testing';
import request from 'supertest';
import { GatewayInMemory, operationsWith } from './gateways.ts';
import { anApp, testSettings } from './support.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());

const back = (query: string, cookie = '') =>
  request(anApp(db).app).get(`/payment/success${query}`).set('Cookie', cookie);
const tokenOf = ({ orderNo }: Pick<Order, 'orderNo'>) => orderLinkToken(testSettings, orderNo);
const pageOf = ({ orderNo }: Order, token?: string) =>
  `/order/${orderNo}?${token === undefined ? '' : `t=${token}&`}back=1`;

describe('/payment/success', () => {
  test.each([
    ['our own', (no: string) => `?order_no=${no}`],
    ['Alipay’s', (no: string) => `?charset=UTF-8&out_trade_no=${no}&trade_no=2026112122001&total_amount=19.90&sign=x`],
    ['PingPong’s', (no: string) => `?merchantTransactionId=${no}&status=SUCCESS`],
    ['PingPong’s plain', (no: string) => `?order_id=${no}&status=paid`],
    ['OxaPay’s', (no: string) => `?orderId=${no}&status=Paid`],
    ['Stripe’s', (no: string) => `?client_reference_id=${no}`],
    ['a later try’s', (no: string) => `?out_trade_no=${no}-2`],
    ['ours and theirs together', (no: string) => `?order_no=${no}&order_no=x&out_trade_no=y`],
  ])('finds the order by %s number in the address', async (_whose, query) => {
    const order = await anUnpaidOrder(db);
    const reply = await back(query(order.orderNo)).expect(303);
    expect(reply.headers).toMatchObject({ location: pageOf(order), 'cache-control': 'no-store' });
  });

  test.each(['session_id', 'track_id', 'trackId', 'transactionId', 'trade_no', 'payment_id'])(
    'finds it by the gateway’s own number in %s',
    async (field) => {
      const paymentId = `cs_test_${field}_1`;
      const order = await anUnpaidOrder(db, { paymentId });
      const reply = await back(`?${field}=${paymentId}`).expect(303);
      expect(reply.headers.location).toBe(pageOf(order));
    },
  );

  test('believes nothing else that the address says', async () => {
    const order = await anUnpaidOrder(db);
    const reply = await back(
      `?order_no=${order.orderNo}&status=paid&trade_status=TRADE_SUCCESS&t=forged&url=//evil&returnUrl=https://evil.example`,
    );
    expect(reply.headers.location).toBe(pageOf(order));
    expect((await findOrder(db, order.orderNo))?.status).toBe('pending_payment');
  });

  test('is no way to another order’s page: a token of one opens no other', async () => {
    const [mine, other] = [await anUnpaidOrder(db), await anUnpaidOrder(db)];
    const reply = await back(
      `?order_no=${other.orderNo}&t=${tokenOf(mine)}`,
      `mingdan_return=${mine.orderNo}.${tokenOf(mine)}`,
    );
    expect(reply.headers.location).toBe(pageOf(other));
  });

  test('takes a good link token along, from the address or from the browser that left the page', async () => {
    const order = await anUnpaidOrder(db);
    const token = tokenOf(order);
    expect((await back(`?order_no=${order.orderNo}&t=${token}`)).headers.location).toBe(pageOf(order, token));
    const cookie = `other=1; mingdan_return=${order.orderNo}.${token}`;
    expect((await back(`?order_no=${order.orderNo}`, cookie)).headers.location).toBe(pageOf(order, token));
  });

  test.each(['x', `REPORT_20261121_7K3M9QXA.`, '.', 'REPORT_20261121_7K3M9QXA.a.b', '%00'])(
    'ignores the cookie %s',
    async (value) => {
      const order = await anUnpaidOrder(db);
      const reply = await back(`?order_no=${order.orderNo}`, `mingdan_return=${value}`);
      expect(reply.headers.location).toBe(pageOf(order));
    },
  );

  test.each([
    '',
    '?order_no=',
    '?order_no=//evil.example',
    '?out_trade_no=REPORT_20261121_7K3M9QXA',
    '?session_id=cs_unknown',
    "?payment_id=' or 1=1 --",
    '?order_no[]=REPORT_20261121_7K3M9QXA',
    '?trade_no=%00%00%00%00%00',
  ])('says thanks, and how to find the order, for "%s"', async (query) => {
    const { text } = await back(query).expect(200).expect('Content-Type', /html/).expect('Cache-Control', 'no-store');
    expect(text).toContain('如果您已付款，我们正在确认');
    expect(text).toContain('href="/shop/lost-link?');
  });

  test.each([
    ['en', 'If you have paid, your payment is being confirmed.'],
    ['zh-TW', '如果您已付款，我們正在確認'],
  ])('says it in %s, too', async (lang, said) => {
    expect((await back(`?lang=${lang}`).expect(200)).text).toContain(said);
  });

  test('leads to a page that asks the gateway, and shows what that says', async () => {
    const gateway = new GatewayInMemory('alipay');
    const operations = operationsWith(db, [gateway]);
    const { app } = anApp(db, { operations });
    const order = await anUnpaidOrder(db, { paymentId: null });
    await request(app)
      .get(`/order/${order.orderNo}/pay/alipay?t=${tokenOf(order)}`)
      .expect(303);
    gateway.states.set(order.orderNo, 'paid');
    const reply = await request(app).get(`/payment/success?out_trade_no=${order.orderNo}`);
    const page = await request(app).get(String(reply.headers.location)).set('Accept-Language', 'en').expect(200);
    expect(page.text).toContain('Your payment has arrived');
  });
});
