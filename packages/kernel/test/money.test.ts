import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { currencies, decimalsOf, formatAmount, isCurrency, moneyText, parseAmount } from '../src/index.ts';

describe('an amount', () => {
  test('written and read again is the same, in every currency', () => {
    fc.assert(
      fc.property(fc.constantFrom(...currencies), fc.integer({ min: 0, max: 9_000_000_000 }), (currency, minor) => {
        expect(parseAmount(formatAmount({ minor, currency }), currency)).toEqual({ minor, currency });
      }),
    );
  });

  test.each([
    [1990, 'CNY', '19.90'],
    [5, 'CNY', '0.05'],
    [990, 'JPY', '990'],
    [250, 'XTR', '250'],
    [2_780_000, 'USDT', '2.780000'],
  ] as const)('of %d minor units of %s is written %s', (minor, currency, text) => {
    expect(formatAmount({ minor, currency })).toBe(text);
  });

  test.each([
    ['19.9', 1990],
    ['19.900000', 1990],
    ['19', 1900],
    ['0.10', 10],
    ['200.000000', 20000],
  ])('written %s is read by text and not by float', (text, minor) => {
    expect(parseAmount(text, 'CNY').minor).toBe(minor);
  });

  test.each(['', '19.901', '-1', '1e3', ' 1', '1,000', '.5', '1.', '١٩', '99999999999999999999', 'NaN'])(
    '%j is refused',
    (text) => {
      expect(() => parseAmount(text, 'CNY')).toThrow(/is no amount/);
    },
  );

  test('is never in a currency that only looks known', () => {
    expect(isCurrency('toString')).toBe(false);
    expect(isCurrency('cny')).toBe(false);
    expect(decimalsOf('XTR')).toBe(0);
  });
});

test.each([
  [1990, 'CNY', '19.90 CNY'],
  [2_860_000, 'USDT', '2.86 USDT'],
  [2_857_143, 'USDT', '2.857143 USDT'],
  [150, 'XTR', '150 ⭐'],
  [199, 'COIN', '199 🪙'],
] as const)('%d minor units of %s are named %s in messages', (minor, currency, text) => {
  expect(moneyText({ minor, currency })).toBe(text);
});
