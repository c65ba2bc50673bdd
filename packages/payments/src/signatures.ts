import { timingSafeEqual } from 'node:crypto';
import { ForgedNotice, type RawNotice } from './contract.ts';

/** One value of a header, or null where it is missing. @throws ForgedNotice where it came twice: nobody can say which one counts */
export function singleHeader(notice: RawNotice, name: string): string | null {
  const value = notice.headers[name];
  if (value === undefined) return null;
  if (typeof value === 'string') return value;
  if (value.length > 1) throw new ForgedNotice(`the header ${name} came more than once`);
  return value[0] ?? null;
}

/** Compares in constant time. A text that is not exactly as many bytes of hex is simply not equal. */
export function equalsHex(hex: string, expected: Buffer): boolean {
  if (!/^[0-9a-f]*$/i.test(hex) || hex.length !== expected.length * 2) return false;
  return timingSafeEqual(Buffer.from(hex, 'hex'), expected);
}

export interface HmacHeader {
  /** as the gateway's documents write it */
  readonly header: string;
  readonly secret: string;
  /** the variable that `secret` comes from */
  readonly variable: string;
  /** that the gateway may write before the hex */
  readonly prefix?: RegExp;
}

/** An HMAC of the raw body, as hex in a header of its own. @throws ForgedNotice saying what is wrong with it */
export function checkHmacHeader(
  notice: RawNotice,
  { header, secret, variable, prefix = /^/ }: HmacHeader,
  hmac: (secret: string, body: Buffer) => Buffer,
): void {
  const value = singleHeader(notice, header.toLowerCase());
  if (value === null) throw new ForgedNotice(`the header ${header} is missing`);
  if (secret === '') throw new ForgedNotice(`${variable} is not set, and an empty secret verifies nothing`);
  const hex = value.trim().replace(prefix, '');
  const expected = hmac(secret, notice.body);
  if (hex.length !== expected.length * 2 || !/^[0-9a-f]+$/i.test(hex))
    throw new ForgedNotice(`${header} is not ${expected.length * 2} characters of hex`);
  if (!equalsHex(hex, expected)) throw new ForgedNotice(`${header} does not match the body under ${variable}`);
}
