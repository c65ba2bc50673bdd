import type { Currency, Money } from '@mingdan/kernel';
import { type Order, ratesOf } from '@mingdan/orders';

export type Priced = Pick<Order, 'amount' | 'amountStars' | 'rates'>;

/** Rates are decimals that people typed: exact to a millionth of a CNY. */
const MICRO = 1_000_000;
const FEN_PER_CNY = 100;
/** USDT has 6 decimals here and is asked for in whole cents. */
const USDT_PER_CENT = 10_000;

/**
 * What an order costs in a currency, at the rates it was priced at, rounded up; null where it is not sold for it.
 * @param starsByRate Stars are taken for products that have no price in Stars too, at their rate
 */
export function amountIn(order: Priced, currency: Currency, starsByRate: boolean): Money | null {
  if (order.amount.currency === currency) return order.amount;
  if (order.amount.currency !== 'CNY') return null;
  const rates = ratesOf(order);
  if (currency === 'USDT')
    return { minor: inUnits(order.amount.minor, rates.usdt_to_cny_rate, 1) * USDT_PER_CENT, currency };
  if (currency === 'COIN') return { minor: inUnits(order.amount.minor, rates.coin_to_cny_rate, FEN_PER_CNY), currency };
  if (currency !== 'XTR') return null;
  if (order.amountStars !== null) return { minor: order.amountStars, currency };
  return starsByRate ? { minor: inUnits(order.amount.minor, rates.star_to_cny_rate, FEN_PER_CNY), currency } : null;
}

/** Whole units, or hundredths with `fenPerPart` 1: fen ÷ rate ÷ fenPerPart, rounded up, in integers. */
function inUnits(fen: number, rate: number, fenPerPart: number): number {
  const divisor = BigInt(Math.round(rate * MICRO)) * BigInt(fenPerPart);
  const dividend = BigInt(fen) * BigInt(MICRO);
  return Number((dividend + divisor - 1n) / divisor);
}
