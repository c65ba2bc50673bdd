import { describe, expect, test } from '@jest/globals';
import { isSameMoney, minorMoneyOf, moneyOf, problemWhereNamed } from '../src/wire-money.ts';

describe('money as a gateway names it', () => {
  test.each([
    ['19.90', 'CNY', 1990],
    [19.9, 'cny', 1990],
    ['19.900000', 'CNY', 1990],
    ['500', 'JPY', 500],
  ])('in decimals: %j %s', (amount, currency, minor) => {
    expect(moneyOf(amount, currency)).toEqual({ amount: { minor, currency: currency.toUpperCase() }, problem: null });
  });

  test.each([
    [1990, 'cny', 1990],
    [0, 'CNY', 0],
  ])('in minor units: %j %s', (minor, currency, read) => {
    expect(minorMoneyOf(minor, currency)).toEqual({ amount: { minor: read, currency: 'CNY' }, problem: null });
  });

  test.each([
    ['19.905', 'CNY', 'unreadable_amount'],
    [{}, 'CNY', 'unreadable_amount'],
    ['19.90', 'XAU', 'unknown_currency'],
    ['19.90', undefined, 'unknown_currency'],
    ['', 'CNY', 'amount_missing'],
    [null, 'XAU', 'amount_missing'],
  ])('is a problem where it cannot be read: %j %j', (amount, currency, problem) => {
    expect(moneyOf(amount, currency)).toEqual({ amount: null, problem });
  });

  test.each(['1990', 19.9, -1, 2 ** 53, true])('in minor units is an integer that JSON can hold: not %j', (minor) => {
    expect(minorMoneyOf(minor, 'CNY')).toEqual({ amount: null, problem: 'unreadable_amount' });
  });

  test('that need not be named is a problem only where it is named', () => {
    expect(problemWhereNamed(moneyOf(undefined, 'CNY'))).toBeNull();
    expect(problemWhereNamed(moneyOf('19,90', 'CNY'))).toBe('unreadable_amount');
    expect(problemWhereNamed(moneyOf('19.90', 'XAU'))).toBe('unknown_currency');
  });

  test('is the same in amount and currency, or another one', () => {
    const asked = { minor: 1990, currency: 'CNY' } as const;
    expect(isSameMoney({ ...asked }, asked)).toBe(true);
    for (const other of [null, { ...asked, minor: 1991 }, { ...asked, currency: 'USD' as const }])
      expect(isSameMoney(other, asked)).toBe(false);
  });
});
