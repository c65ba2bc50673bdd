import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { PaymentNotice, RawNotice } from '../src/index.ts';
import { signForm } from '../src/providers/alipay/sign-for-tests.ts';
import { createVerifiers } from '../src/verifiers.ts';

/** The verifier of Alipay for tests, and keys that are made anew in each run. */

export const alipay = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const settings = { appId: '2021000122671080', sellerId: '2088531891668739', publicKeys: [alipay.publicKey] };
export const signer = { ...settings, alipayPrivateKey: alipay.privateKey };
export const now = new Date('2026-11-21T12:00:00Z');

export function verifierFor(wanted: { appId: string; sellerId: string | null; publicKeys: readonly KeyObject[] }) {
  const found = createVerifiers(new Map([['alipay', wanted]])).get('alipay');
  if (!found) throw new Error('there is no verifier for alipay');
  return found;
}
export const verifier = verifierFor(settings);
export const verify = (notice: RawNotice): PaymentNotice => verifier.verify(notice, now);
export const read = (fields: Record<string, string>): PaymentNotice => verify(signForm(alipay.privateKey, fields));
export const posted = (body: string): RawNotice => ({
  headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
  body: Buffer.from(body),
});
