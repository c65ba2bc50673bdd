import { type Currency, isCurrency, type Money, parseAmount } from '@mingdan/kernel';

export interface NamedMoney {
  readonly amount: Money | null;
  /** what could not be read, or what does not fit by itself */
  readonly problem: 'unreadable_amount' | 'unknown_currency' | 'currency_mismatch' | 'amount_missing' | null;
}

/**
 * Money as a gateway names it: a decimal in major units and a currency in any case. A number counts by its own text, never as a float.
 * What is missing or cannot be read is a problem, never "nothing said".
 */
export function moneyOf(amount: unknown, currency: unknown): NamedMoney {
  const named = currencyOf(currency);
  if (amount === undefined || amount === null || amount === '') return { amount: null, problem: 'amount_missing' };
  if (named === null) return { amount: null, problem: 'unknown_currency' };
  const text = typeof amount === 'number' ? String(amount) : amount;
  try {
    if (typeof text === 'string') return { amount: parseAmount(text, named), problem: null };
  } catch {
    // said below: a sign, an exponent, or more decimals than the currency has
  }
  return { amount: null, problem: 'unreadable_amount' };
}

/** A currency that we know, by its code in any case; else null. */
export function currencyOf(code: unknown): Currency | null {
  const named = typeof code === 'string' ? code.toUpperCase() : code;
  return isCurrency(named) ? named : null;
}
