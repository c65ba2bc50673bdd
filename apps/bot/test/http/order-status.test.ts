import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { changed, type Db } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { requestRefundOfOrder, settleRefund } from '@mingdan/orders';
import { anUnpaidOrder, aPaidOrder, testDatabase } from '@mingdan/orders/testing';
import request from 'supertest';
import { anApp } from './support.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());

const get = (orderNo: string) => request(anApp(db).app).get(`/api/order-status/${orderNo}`);

describe('GET /api/order-status/<order_no>', () => {
  test('shows an unpaid order, and nothing of its buyer', async () => {
    const order = await anUnpaidOrder(db);
    const reply = await get(order.orderNo).expect(200);
    expect(reply.body).toEqual({
      success: true,
      data: {
        order_no: order.orderNo,
        status: 'pending_payment',
        payment_status: 'waiting',
        amount: 19.9,
        currency: 'CNY',
        refund_status: 'none',
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      },
    });
    expect(reply.headers['cache-control']).toBe('no-store');
  });

  test('shows a paid order with the time of the payment', async () => {
    const order = await aPaidOrder(db);
    const { data } = (await get(order.orderNo)).body;
    expect(data).toMatchObject({ status: 'paid', payment_status: 'paid', paid_at: order.paidAt?.toISOString() });
  });

  test('shows a free order as paid with the amount 0', async () => {
    const order = await aPaidOrder(db, { slug: 'tarot-free' });
    expect((await get(order.orderNo)).body.data).toMatchObject({ status: 'paid', payment_status: 'paid', amount: 0 });
  });

  test('shows a refund from the wish to the end', async () => {
    const order = await aPaidOrder(db);
    const [refundId] = await requestRefundOfOrder(db, { orderId: order.id, reason: 'model_failed', by: 'system' });
    expect((await get(order.orderNo)).body.data).toMatchObject({ payment_status: 'paid', refund_status: 'requested' });
    await settleRefund(db, String(refundId), 'succeeded', 'RF-1');
    expect((await get(order.orderNo)).body.data).toMatchObject({
      payment_status: 'refunded',
      refund_status: 'succeeded',
    });
  });

  test('shows an expired order', async () => {
    const order = await anUnpaidOrder(db);
    await changed(db, `update orders set status = 'expired' where id = :id`, { id: order.id });
    expect((await get(order.orderNo)).body.data).toMatchObject({ status: 'expired', payment_status: 'expired' });
  });

  test.each([
    'REPORT_20261121_ZZZZZZZZ',
    'REPORT_20261121_7K3M9QXA-2',
    'report_20261121_7k3m9qxa',
    '1',
    "REPORT_20261121_7K3M9QXA'--",
    '%00',
    '..%2F..%2Fetc%2Fpasswd',
    'A'.repeat(2000),
  ])('answers 404 for %s', async (orderNo) => {
    const reply = await get(orderNo).expect(404);
    expect(reply.body).toEqual({
      success: false,
      error: { code: 'order_not_found', message: 'There is no order with this number' },
    });
  });

  test('answers HEAD like GET, without a body', async () => {
    const order = await anUnpaidOrder(db);
    const reply = await request(anApp(db).app).head(`/api/order-status/${order.orderNo}`).expect(200);
    expect(reply.headers['content-type']).toContain('application/json');
    expect(reply.text).toBeUndefined();
  });
});
