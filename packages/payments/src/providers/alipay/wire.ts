import type { NoticeKind } from '../../contract.ts';
import { moneyOf, type NamedMoney } from '../../wire-money.ts';
import { jsonObject } from '../../wire-text.ts';

/** SHA256withRSA with PKCS#1 v1.5 padding; the only one that is taken. `RSA` would be SHA-1. */
export const SIGN_TYPE = 'RSA2';
export const ALGORITHM = 'sha256';

const CHINA_MS = 8 * 3_600_000;

/** `yyyy-MM-dd HH:mm:ss` as clocks in China show it, whatever the zone of this process. */
export function chinaTime(at: Date): string {
  return new Date(at.getTime() + CHINA_MS).toISOString().slice(0, 19).replace('T', ' ');
}

/** The same read back; null for anything else. */
export function dateOf(text: string | null | undefined): Date | null {
  const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,3})?)$/.exec(text ?? '');
  const date = new Date(`${match?.[1]}T${match?.[2]}+08:00`);
  return Number.isNaN(date.getTime()) ? null : date;
}

/**
 * What a signature is made over: the fields in the order of their names, as they are and not as they travel. A request keeps
 * `sign_type` in it, a payment notice does not.
 */
export function signedText(fields: ReadonlyMap<string, string>, of: 'request' | 'notice'): string {
  return [...fields]
    .filter(([name]) => name !== 'sign' && !(of === 'notice' && name === 'sign_type'))
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

/** What the status of a trade means while nothing of it was given back. A word that we have never seen ends nothing. */
export function tradeKind(status: string): NoticeKind {
  if (status === 'TRADE_SUCCESS' || status === 'TRADE_FINISHED') return 'paid';
  return status === 'TRADE_CLOSED' ? 'expired' : 'pending';
}

/** An amount of Alipay, in yuan unless it says otherwise. */
export function namedMoney(amount: string | null | undefined, currency?: string | null): NamedMoney {
  return moneyOf(amount, currency || 'CNY');
}

/**
 * The parts of an answer as they were written, by name: its signature covers the text of one part and not the same thing written anew.
 * Undefined where the text is no JSON object, or names a part twice: nobody could say which one was signed.
 */
export function partsOf(text: string): ReadonlyMap<string, string> | undefined {
  if (!jsonObject(text)) return undefined;
  const parts = new Map<string, string>();
  let depth = 0;
  let from = text.indexOf('{') + 1;
  // Strings are passed over whole: a bracket in one is no bracket.
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],]/gs)) {
    if (token === '{' || token === '[') depth += 1;
    if (token === '}' || token === ']') depth -= 1;
    if (!(depth === 1 && token === ',') && !(depth === 0 && token === '}')) continue;
    // Trimmed by itself: a pattern that looks for the end of the blanks tries it at each of them.
    const [, name, value] = /^\s*("(?:[^"\\]|\\.)*")\s*:([\s\S]*)$/.exec(text.slice(from, index)) ?? [];
    from = index + 1;
    if (name === undefined || value === undefined) continue;
    const key = String(JSON.parse(name));
    if (parts.has(key)) return undefined;
    parts.set(key, value.trim());
  }
  return parts;
}
