import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { DataKey } from '@mingdan/kernel';
import { z } from 'zod';

/** A whole number within bounds. */
export function whole(min: number, max = Number.MAX_SAFE_INTEGER) {
  return z
    .string()
    .regex(/^\d{1,16}$/)
    .transform(Number)
    .refine((value) => value >= min && value <= max);
}

/** A number above 0, also a fraction. */
export function positive(max: number) {
  return z
    .string()
    .regex(/^\d{1,9}(\.\d{1,6})?$/)
    .transform(Number)
    .refine((value) => value > 0 && value <= max);
}

/** A string turned into something else by `parse`, which returns undefined for what cannot be right. */
export function parsed<T>(parse: (text: string) => T | undefined) {
  return z.string().transform((text, context): T => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.issues.push({ code: 'custom', input: undefined, message: 'not valid' });
    return z.NEVER;
  });
}

export function items(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** A comma list, each item checked by `parse`; at least one. */
export function listOf<T>(parse: (item: string) => T | undefined) {
  return parsed((text): readonly T[] | undefined => {
    const values = items(text).map(parse);
    const good = values.filter((value) => value !== undefined);
    return good.length > 0 && good.length === values.length ? [...new Set(good)] : undefined;
  });
}

export function oneOf<const T extends string>(words: readonly T[]): (text: string) => T | undefined {
  return (text) => words.find((word) => word.toLowerCase() === text.toLowerCase());
}

export const flag = parsed((text) => ({ '1': true, true: true, '0': false, false: false })[text.toLowerCase()]);

/** Base URLs are joined with paths, so they end without a slash. */
export function baseUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '' || url.username !== '') return undefined;
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'];

export function databaseUrl(text: string): string | undefined {
  if (!/^postgres(?:ql)?:\/\//.test(text) || !URL.canParse(text)) return undefined;
  const mode = new URL(text).searchParams.get('sslmode');
  return mode === null || SSL_MODES.includes(mode) ? text : undefined;
}

/** PEM with real or `\n` newlines, or the path of a file that holds it. */
export function certificate(text: string): string | undefined {
  const pem = text.includes('-----BEGIN') ? text.replaceAll('\\n', '\n') : contentOf(text);
  return pem?.includes('-----BEGIN CERTIFICATE-----') ? pem : undefined;
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** `id:base64(32 bytes)`, comma separated. */
export function dataKeys(text: string): readonly DataKey[] | undefined {
  const keys = items(text).map((item): DataKey | undefined => {
    const [, id, encoded = ''] = /^([\w-]{1,32}):([\w+/-]{43}=?)$/.exec(item) ?? [];
    const key = Buffer.from(encoded, 'base64');
    return id !== undefined && key.length === 32 ? { id, key } : undefined;
  });
  const good = keys.filter((key) => key !== undefined);
  const ids = new Set(good.map(({ id }) => id));
  return good.length > 0 && ids.size === keys.length ? good : undefined;
}

export function smtpUrl(text: string): string | undefined {
  return /^smtps?:\/\/[^\s/]/i.test(text) && URL.canParse(text) && new URL(text).hostname !== '' ? text : undefined;
}

/** `address` or `Name <address>`; in one line, so that no header can hide in it. */
export function mailFrom(text: string): string | undefined {
  const [, named, bare] = /^(?:[^<>"\p{Cc}]{0,80}<([^<>\s]+)>|([^<>\s]+))$/u.exec(text.trim()) ?? [];
  return z
    .email()
    .max(254)
    .safeParse(named ?? bare).success
    ? text.trim()
    : undefined;
}

export function secretKey(text: string): string | undefined {
  return text.length >= 32 ? text : undefined;
}

/** An X25519 public key: PEM, or base64 of its SPKI bytes or of its 32 raw bytes. */
export function noticePublicKey(text: string): KeyObject | undefined {
  try {
    const key = createPublicKey(publicKeyInput(text));
    return key.asymmetricKeyType === 'x25519' ? key : undefined;
  } catch {
    return undefined;
  }
}

function publicKeyInput(text: string): Parameters<typeof createPublicKey>[0] {
  if (text.includes('-----BEGIN')) return text.replaceAll('\\n', '\n');
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== 32) return { key: bytes, format: 'der', type: 'spki' };
  return { key: { kty: 'OKP', crv: 'X25519', x: bytes.toString('base64url') }, format: 'jwk' };
}

/** As express takes it: a number of hops, or the addresses, networks and names of the proxies that are trusted. */
export type TrustProxy = number | readonly string[];

const PROXY = /^(?:loopback|linklocal|uniquelocal|[\d.]{7,15}(?:\/\d{1,2})?|[\da-f]*:[\da-f:.]+(?:\/\d{1,3})?)$/i;

export function trustProxy(text: string): TrustProxy | undefined {
  if (/^[1-9]$/.test(text)) return Number(text);
  const names = items(text);
  return names.length > 0 && names.every((name) => PROXY.test(name)) ? names : undefined;
}

export function origin(text: string): string | undefined {
  const url = baseUrl(text);
  return url !== undefined && new URL(url).origin === url ? url : undefined;
}

export function hostName(text: string): string | undefined {
  return /^[a-z\d](?:[a-z\d.-]*[a-z\d])?(?::\d{1,5})?$/i.test(text) ? text.toLowerCase() : undefined;
}

export function telegramId(text: string): number | undefined {
  return /^[1-9]\d{0,15}$/.test(text) ? Number(text) : undefined;
}

/** Groups and channels have negative numbers. */
export function chatId(text: string): number | undefined {
  return /^-?[1-9]\d{0,15}$/.test(text) ? Number(text) : undefined;
}
