import { endingSoon } from '@mingdan/config';
import type { Context } from '../context.ts';
import { dayText } from '../print.ts';
import { type Finding, findingsOf } from './finding.ts';

const { ok, warn, fail } = findingsOf('certificate');

/** A gateway gives no warning: from the last day on it refuses, or its notices do. */
export function checkCertificates(context: Context): Finding[] {
  const { certificates } = context.settings().config;
  const now = context.clock.now();
  const soon = endingSoon(certificates, now).map(({ variable, notAfter }) => {
    const params = { variable, day: dayText(notAfter) };
    return notAfter <= now ? fail('ended', params) : warn('ends', params);
  });
  if (soon.length > 0 || certificates.length === 0) return soon;
  const first = certificates.reduce((one, other) => (other.notAfter < one.notAfter ? other : one));
  return [ok('good', { variable: first.variable, day: dayText(first.notAfter) })];
}
