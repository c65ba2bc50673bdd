import { decimalsOf, formatAmount, type Money } from '@mingdan/kernel';

/**
 * A price in dollars for display (and in USDT, which is held at one dollar), rounded up to cents.
 * @param usdtToCnyRate CNY for one USDT
 * @returns a decimal number, or null for currencies without a rate
 */
export function inDollars(price: Money, usdtToCnyRate: number): number | null {
  if (price.currency === 'USD' || price.currency === 'USDT') return Number(formatAmount(price));
  if (price.currency !== 'CNY') return null;
  // In whole millionths, so that 70.00 at 7 is 10.00 and not 10.01 by a stray binary digit.
  const rateMicros = BigInt(Math.round(usdtToCnyRate * 1_000_000));
  if (rateMicros <= 0n) return null;
  const scaled = BigInt(price.minor) * 1_000_000n;
  return Number((scaled + rateMicros - 1n) / rateMicros) / 10 ** decimalsOf('USD');
}
