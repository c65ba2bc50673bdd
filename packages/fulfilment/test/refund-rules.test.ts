import { describe, expect, test } from '@jest/globals';
import { grantedPercent, type RefundRule } from '../src/index.ts';

const rule: RefundRule = { undelivered: 100, delivered: 50, deliveredDays: 7 };
const paidAt = new Date('2026-11-01T00:00:00Z');
const day = (number: number): Date => new Date(paidAt.getTime() + number * 86_400_000);

describe('a refund rule', () => {
  test('gives all back while nothing was delivered, however long it takes', () => {
    expect(grantedPercent(rule, { undelivered: true, paidAt }, day(90))).toBe(100);
  });

  test('gives its part back within its days after delivery', () => {
    expect(grantedPercent(rule, { undelivered: false, paidAt }, day(7))).toBe(50);
  });

  test('leaves later wishes to the operators', () => {
    expect(grantedPercent(rule, { undelivered: false, paidAt }, day(7.01))).toBe(0);
  });
});
