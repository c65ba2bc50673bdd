import type { NoticeVerifier } from '../src/index.ts';
import { createVerifiers } from '../src/verifiers.ts';

/** The verifier of Stripe for tests, and the moment at which it judges. */

export const settings = { webhookSecrets: ['whsec_test_secret'], liveMode: null };
export const now = new Date('2026-11-21T12:00:00Z');
export const seconds = now.getTime() / 1000;

export function verifierFor(wanted: { webhookSecrets: string[]; liveMode: boolean | null }): NoticeVerifier {
  const found = createVerifiers(new Map([['stripe', wanted]])).get('stripe');
  if (!found) throw new Error('there is no verifier for stripe');
  return found;
}
export const verifier = verifierFor(settings);
