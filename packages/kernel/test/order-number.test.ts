import { describe, expect, test } from '@jest/globals';
import { orderNumber, orderNumberPattern, splitGatewayOrderId } from '../src/index.ts';

describe('an order number', () => {
  test('carries the day in Shanghai, not in UTC', () => {
    expect(orderNumber('report', new Date('2026-11-20T16:30:00Z'))).toMatch(/^REPORT_20261121_[0-9A-HJKMNP-TV-Z]{8}$/);
  });

  test('is new every time', () => {
    const numbers = Array.from({ length: 1000 }, () => orderNumber('coins', new Date()));
    expect(new Set(numbers).size).toBe(1000);
    expect(numbers.every((one) => orderNumberPattern.test(one) && one.length <= 32)).toBe(true);
  });

  test('is found in a gateway order id, with and without an attempt', () => {
    expect(splitGatewayOrderId('REPORT_20261121_7K3M9QXA')).toEqual({
      orderNo: 'REPORT_20261121_7K3M9QXA',
      attempt: 1,
    });
    expect(splitGatewayOrderId('REPORT_20261121_7K3M9QXA-2')).toEqual({
      orderNo: 'REPORT_20261121_7K3M9QXA',
      attempt: 2,
    });
  });

  test.each([
    '',
    'x',
    "REPORT_20261121_7K3M9QXA'; drop table orders",
    'REPORT_20261121_7K3M9QXA-',
    'report_20261121_7k3m9qxa',
    '\u0000',
    '-2',
  ])('%j is none of ours', (text) => {
    expect(splitGatewayOrderId(text)).toBeNull();
  });
});
