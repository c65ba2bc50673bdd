import type { PaymentNotice, RawNotice } from '../src/index.ts';
import { createVerifiers } from '../src/verifiers.ts';

/** The verifier of PingPong for tests of the acquirer API v4, and the moment at which it judges. */

export const keys = {
  clientId: '2018092714313010016',
  accId: '2018092714313010016291',
  salt: 'F78BC96A55548B2319EE68E0',
  signType: 'SHA256' as const,
};
export const now = new Date('2026-11-21T12:00:00Z');
type Settings = { webhookSecret: string; merchantId: null; v4: typeof keys | null };

export function verifierFor(settings: Partial<Settings>) {
  const wanted = { webhookSecret: '', merchantId: null, v4: keys, ...settings };
  const verifier = createVerifiers(new Map([['pingpong', wanted]])).get('pingpong');
  if (!verifier) throw new Error('there is no verifier for pingpong');
  return verifier;
}
export const verifier = verifierFor({});
export const verify = (notice: RawNotice): PaymentNotice => verifier.verify(notice, now);
