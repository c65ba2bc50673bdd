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
