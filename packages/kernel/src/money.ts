import { MingdanError } from './errors.ts';

/** Decimals on the wire per currency (ISO 4217; USDT has 6 here, XTR = Telegram Stars and COIN = our own coins have none). */
const DECIMALS = {
  CNY: 2,
  USD: 2,
  EUR: 2,
  HKD: 2,
  TWD: 2,
  SGD: 2,
  MYR: 2,
  GBP: 2,
  JPY: 0,
  KRW: 0,
  USDT: 6,
  XTR: 0,
  COIN: 0,
} as const;

export type Currency = keyof typeof DECIMALS;

/** An amount in integer minor units (fen, cents, whole Stars). */
export interface Money {
  readonly minor: number;
  readonly currency: Currency;
}

export const currencies = Object.keys(DECIMALS) as Currency[];

export function isCurrency(value: unknown): value is Currency {
  return typeof value === 'string' && Object.hasOwn(DECIMALS, value);
}

export function decimalsOf(currency: Currency): number {
  return DECIMALS[currency];
}

/** Minor units → the decimal string gateways want: {1990, CNY} → "19.90". */
export function formatAmount(money: Money): string {
  const decimals = DECIMALS[money.currency];
  const digits = Math.abs(money.minor)
    .toString()
    .padStart(decimals + 1, '0');
  const sign = money.minor < 0 ? '-' : '';
  if (decimals === 0) return sign + digits;
  return `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/**
 * A decimal string → minor units, by text and never by float. "19.9", "19.90" and "19.900000" are the same 19.90 CNY.
 * @throws MingdanError `bad_amount` for signs, exponents, more decimals than the currency has, or more than a safe integer
 */
export function parseAmount(text: string, currency: Currency): Money {
  const decimals = DECIMALS[currency];
  const match = /^(\d{1,15})(?:\.(\d{1,18}))?$/.exec(text);
  const fraction = match?.[2]?.replace(/0+$/, '') ?? '';
  const minor = Number(`${match?.[1] ?? 'x'}${fraction.padEnd(decimals, '0')}`);
  if (!match || fraction.length > decimals || !Number.isSafeInteger(minor)) {
    throw new MingdanError('bad_amount', `"${text.slice(0, 40)}" is no amount in ${currency}`, {
      hint: `Write a plain decimal with at most ${decimals} decimals, such as 19.90`,
    });
  }
  return { minor, currency };
}

/** Stars and coins by their signs, which every language reads; no ISO code stands for them. */
const SIGNS: Readonly<Partial<Record<Currency, string>>> = { XTR: '⭐', COIN: '🪙' };

/** As messages name money: "19.90 CNY", "2.86 USDT", "150 ⭐". Digits that say nothing are left out behind the second decimal. */
export function moneyText(money: Money): string {
  const digits = formatAmount(money).replace(/(\.\d\d\d*?)0+$/, '$1');
  return `${digits} ${SIGNS[money.currency] ?? money.currency}`;
}
