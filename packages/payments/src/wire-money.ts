import { type Currency, formatAmount, isCurrency, type Money, parseAmount } from '@mingdan/kernel';

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
  return named(amount, currency, (code) => {
    const text = typeof amount === 'number' ? String(amount) : amount;
    try {
      return typeof text === 'string' ? parseAmount(text, code) : null;
    } catch {
      // A sign, an exponent, or more decimals than the currency has.
      return null;
    }
  });
}

/** The same of gateways that count in minor units: a JSON number without sign and fraction. */
export function minorMoneyOf(minor: unknown, currency: unknown): NamedMoney {
  return named(minor, currency, (code) =>
    typeof minor === 'number' && Number.isSafeInteger(minor) && minor >= 0 ? { minor, currency: code } : null,
  );
}

function named(amount: unknown, currency: unknown, read: (code: Currency) => Money | null): NamedMoney {
  if (amount === undefined || amount === null || amount === '') return { amount: null, problem: 'amount_missing' };
  const code = currencyOf(currency);
  if (code === null) return { amount: null, problem: 'unknown_currency' };
  const money = read(code);
  return { amount: money, problem: money === null ? 'unreadable_amount' : null };
}

/** What is wrong with money that a notice need not name: left out, it says nothing wrong. */
export function problemWhereNamed({ problem }: NamedMoney): NamedMoney['problem'] {
  return problem === 'amount_missing' ? null : problem;
}

/** A currency that we know, by its code in any case; else null. */
export function currencyOf(code: unknown): Currency | null {
  const upper = typeof code === 'string' ? code.toUpperCase() : code;
  return isCurrency(upper) ? upper : null;
}

export function isSameMoney(one: Money | null, other: Money): boolean {
  return one?.minor === other.minor && one.currency === other.currency;
}

/** Money in the two fields under which most gateways take it: a decimal in major units, and its currency. */
export function moneyFields(money: Money): { amount: string; currency: string } {
  return { amount: formatAmount(money), currency: money.currency };
}
