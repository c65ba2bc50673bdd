import { createHmac } from 'node:crypto';
import { decimalsOf, formatAmount, type Money } from '@mingdan/kernel';
import type { NoticeKind } from '../../contract.ts';
import { moneyOf } from '../../wire-money.ts';
import { type Fields, fieldsOf, isFields, jsonObject, translate } from '../../wire-text.ts';

export const SIGNATURE_HEADER = 'HMAC';

/** HMAC-SHA512 of the raw body under the merchant key. */
export function signature(secretKey: string, body: Buffer): Buffer {
  return createHmac('sha512', secretKey).update(body).digest();
}

/**
 * What a status says, of v1 and of the legacy API, by its word in lower case:
 * `paid`: the invoice is settled; `accepted`: the merchant took it as settled by hand; `short`: part of the money came and no more will;
 * `ended`, `failed`: its time is over, but money may have come too late; the others as they read.
 */
export type Meaning =
  | 'open'
  | 'seen'
  | 'paid'
  | 'accepted'
  | 'short'
  | 'ended'
  | 'failed'
  | 'refunding'
  | 'refunded'
  | 'unheard_of';

const MEANINGS: Readonly<Record<string, Meaning>> = {
  new: 'open',
  waiting: 'open',
  paying: 'seen',
  confirming: 'seen',
  paid: 'paid',
  manual_accept: 'accepted',
  underpaid: 'short',
  expired: 'ended',
  failed: 'failed',
  refunding: 'refunding',
  refunded: 'refunded',
};

export function meaningOf(status: string): Meaning {
  return translate(MEANINGS, status) ?? 'unheard_of';
}

export const noticeStatus: Readonly<Record<NoticeKind | 'unheard_of', string>> = {
  paid: 'Paid',
  failed: 'Failed',
  expired: 'Expired',
  pending: 'Waiting',
  processing: 'Paying',
  refunded: 'Refunded',
  // OxaPay tells neither; what it would say instead ends nothing.
  refund_failed: 'Refund_failed',
  disputed: 'Disputed',
  unheard_of: 'Under_review',
};

/**
 * A JSON object whose numbers are kept as the text they were written in: OxaPay sends money as JSON numbers, and a float on the way would
 * change some of them. Undefined for anything else.
 */
export function fieldsWithNumbersAsText(bytes: Buffer): Fields | undefined {
  const asText = (_: string, value: unknown, context?: { source?: string }): unknown =>
    typeof value === 'number' ? (context?.source ?? String(value)) : value;
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes), asText);
    return isFields(value) ? fieldsOf(value) : undefined;
  } catch {
    // Nested too deep for a walk over every value, though not for parsing.
    return jsonObject(bytes);
  }
}

/** Money as the JSON number that OxaPay wants, written from its decimal text and never through a float. */
export function jsonNumber(money: Money): string {
  const text = formatAmount(money);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** The first of these fields that is there: v1 writes `track_id`, the legacy API `trackId`. */
export function either(fields: Fields, v1: string, legacy: string): unknown {
  return fields[v1] ?? fields[legacy];
}

/** Money that came in: part cents of a coin's exchange are cut off, so that it is never more than what came. */
export function receivedMoney(amount: unknown, currency: unknown): Money | null {
  const text = typeof amount === 'string' ? amount.replace(/(\.\d{6})\d+$/, '$1') : amount;
  return moneyOf(text, currency).amount;
}

/**
 * Coins are exchanged and rounded by the gateway: a cent, or a thousandth of the whole, is no difference. More is, in either direction.
 */
export function differs(received: Money, asked: Money): boolean {
  const cent = 10 ** Math.max(0, decimalsOf(asked.currency) - 2);
  const rounding = Math.max(cent, Math.floor(asked.minor / 1000));
  return received.currency !== asked.currency || Math.abs(received.minor - asked.minor) > rounding;
}

export interface Transactions {
  /** any transaction that did not fail */
  readonly any: boolean;
  /** all of them are in the chain for good */
  readonly settled: boolean;
  /** what they came to in the currency of the invoice; null where one of them does not say */
  readonly sum: Money | null;
  readonly lastAt: Date | null;
}

/** What the transactions of a payment say. Those that failed brought nothing. */
export function transactionsOf(list: unknown, currency: unknown): Transactions {
  const all = (Array.isArray(list) ? list : []).filter(isFields);
  const alive = all.filter((each) => word(each.status) !== 'failed');
  const sums = alive.map((each) => worthOf(each, currency));
  const dates = alive.flatMap((each) => dateOf(each.date) ?? []);
  return {
    any: alive.length > 0,
    settled: alive.length > 0 && alive.every((each) => ['confirmed', 'paid', ''].includes(word(each.status))),
    sum: sums.length === 0 ? null : sums.reduce(plus),
    lastAt: dates.sort((a, b) => b.getTime() - a.getTime())[0] ?? null,
  };
}

/** One transaction in the currency of the invoice: as the webhook values it, as a coin of that currency, or as it was converted. */
function worthOf(transaction: Fields, currency: unknown): Money | null {
  const valued = receivedMoney(transaction.sent_value ?? transaction.value, currency);
  if (valued) return valued;
  if (word(transaction.currency) === word(currency)) {
    return receivedMoney(transaction.sent_amount ?? transaction.received_amount ?? transaction.amount, currency);
  }
  const converted = isFields(transaction.auto_convert) ? transaction.auto_convert : {};
  return word(converted.currency) === word(currency) ? receivedMoney(converted.amount, currency) : null;
}

function plus(sum: Money | null, next: Money | null): Money | null {
  return sum && next ? { ...sum, minor: sum.minor + next.minor } : null;
}

/** Unix seconds, as OxaPay writes its times; null for anything else. */
export function dateOf(seconds: unknown): Date | null {
  const number = typeof seconds === 'string' && /^\d{9,11}$/.test(seconds) ? Number(seconds) : seconds;
  return typeof number === 'number' && number > 0 && number < 1e11 ? new Date(Math.floor(number) * 1000) : null;
}

export function word(value: unknown): string {
  return typeof value === 'string' ? value.trim().toLowerCase() : '';
}
