import type { Currency, Money } from '@mingdan/kernel';
import { dueOf, type Order, ratesOf } from '@mingdan/orders';

export type Priced = Pick<Order, 'amount' | 'amountStars' | 'rates'> & Partial<Pick<Order, 'coinsMinor'>>;

/** Rates are decimals that people typed: exact to a millionth of a CNY. */
const MICRO = 1_000_000;
const FEN_PER_CNY = 100;
/** USDT has 6 decimals here and is asked for in whole cents. */
const USDT_PER_CENT = 10_000;

/**
 * What is to be paid of an order in a currency, beside the coins that pay a part of it, at the rates it was priced at, rounded up; null where it is not sold for it.
 * @param starsByRate Stars are taken for products that have no price in Stars too, at their rate
 */
export function amountIn(order: Priced, currency: Currency, starsByRate: boolean): Money | null {
  const due = dueOf(order);
  if (due.currency === currency) return due;
  if (due.currency !== 'CNY') return null;
  const rates = ratesOf(order);
  if (currency === 'USDT') return { minor: inUnits(due.minor, rates.usdt_to_cny_rate, 1) * USDT_PER_CENT, currency };
  if (currency === 'COIN') return { minor: inUnits(due.minor, rates.coin_to_cny_rate, FEN_PER_CNY), currency };
  if (currency !== 'XTR') return null;
  if (order.amountStars !== null)
    return { minor: Math.ceil((order.amountStars * due.minor) / order.amount.minor), currency };
  return starsByRate ? { minor: inUnits(due.minor, rates.star_to_cny_rate, FEN_PER_CNY), currency } : null;
}

/** What so many coins stand for of an order in CNY, rounded down: who pays the rest pays the fraction. */
export function worthOfCoins(order: Pick<Order, 'amount' | 'rates'>, coins: number): Money {
  const rate = BigInt(Math.round(ratesOf(order).coin_to_cny_rate * MICRO));
  return { ...order.amount, minor: Number((BigInt(coins) * rate * BigInt(FEN_PER_CNY)) / BigInt(MICRO)) };
}

/** Whole units, or hundredths with `fenPerPart` 1: fen ÷ rate ÷ fenPerPart, rounded up, in integers. */
function inUnits(fen: number, rate: number, fenPerPart: number): number {
  const divisor = BigInt(Math.round(rate * MICRO)) * BigInt(fenPerPart);
  const dividend = BigInt(fen) * BigInt(MICRO);
  return Number((dividend + divisor - 1n) / divisor);
}
