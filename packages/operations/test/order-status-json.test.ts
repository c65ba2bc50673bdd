import { describe, expect, test } from '@jest/globals';
import { orderStatusJson } from '../src/order-status-json.ts';

const CREATED = new Date('2026-11-21T12:00:00+08:00');
const PAID = new Date('2026-11-21T12:01:00+08:00');

const unpaid = {
  orderNo: 'REPORT_20261121_7K3M9QXA',
  status: 'pending_payment',
  amount: { minor: 990, currency: 'CNY' },
  coinsUsed: 0,
  coinsMinor: 0,
  delivery: 'none',
  createdAt: CREATED,
  paidAt: null,
  paymentSeenAt: null,
  completedAt: null,
} as const;
const none = { status: 'none', whole: false } as const;

describe('an order as the API shows it', () => {
  test('has a decimal amount, UTC times, and leaves out what has not happened', () => {
    expect(orderStatusJson(unpaid, none)).toEqual({
      order_no: 'REPORT_20261121_7K3M9QXA',
      status: 'pending_payment',
      payment_status: 'waiting',
      amount: 9.9,
      currency: 'CNY',
      refund_status: 'none',
      created_at: '2026-11-21T04:00:00.000Z',
    });
  });

  test('says what coins pay of it, and what is left', () => {
    expect(orderStatusJson({ ...unpaid, coinsUsed: 50, coinsMinor: 500 }, none)).toMatchObject({
      amount: 9.9,
      coins_used: 50,
      amount_due: 4.9,
    });
  });

  test.each([
    ['waits while nothing came', { status: 'pending_payment', paidAt: null }, 'none', 'waiting'],
    ['is paid as soon as the money is in', { status: 'paid', paidAt: PAID }, 'none', 'paid'],
    ['stays paid while the report is written', { status: 'generating', paidAt: PAID }, 'none', 'paid'],
    ['stays paid when it is completed', { status: 'completed', paidAt: PAID }, 'none', 'paid'],
    ['has failed when the gateway said so', { status: 'failed', paidAt: null }, 'none', 'failed'],
    [
      'is still paid when the order failed and the refund is not through',
      { status: 'failed', paidAt: PAID },
      'requested',
      'paid',
    ],
    ['is still paid when the gateway refused the refund', { status: 'failed', paidAt: PAID }, 'failed', 'paid'],
    ['is refunded when the gateway confirmed it', { status: 'failed', paidAt: PAID }, 'succeeded', 'refunded'],
    ['is refunded also after a completed order', { status: 'completed', paidAt: PAID }, 'succeeded', 'refunded'],
    ['has expired when nobody paid', { status: 'expired', paidAt: null }, 'none', 'expired'],
  ] as const)('its payment %s', (_what, changes, refund, expected) => {
    expect(orderStatusJson({ ...unpaid, ...changes }, { status: refund, whole: true }).payment_status).toBe(expected);
  });

  test('stays paid when only a part went back', () => {
    const paid = { ...unpaid, status: 'completed', paidAt: PAID } as const;
    expect(orderStatusJson(paid, { status: 'succeeded', whole: false })).toMatchObject({
      payment_status: 'paid',
      refund_status: 'succeeded',
    });
  });

  test('is processing while a gateway sees money that is not final', () => {
    expect(orderStatusJson({ ...unpaid, paymentSeenAt: PAID }, none).payment_status).toBe('processing');
  });

  test('says that a finished report could not be delivered', () => {
    const parked = { ...unpaid, status: 'completed', delivery: 'parked', paidAt: PAID, completedAt: PAID } as const;
    expect(orderStatusJson(parked, none)).toMatchObject({
      delivery: 'parked',
      completed_at: '2026-11-21T04:01:00.000Z',
    });
  });
});
