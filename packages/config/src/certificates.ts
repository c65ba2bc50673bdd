import { X509Certificate } from 'node:crypto';
import type { ProviderSettings } from '@mingdan/payments/settings';
import { type Environment, rawValue } from './environment.ts';

/** A certificate among the settings, and when it stops to count. */
export interface CertificateEnd {
  readonly variable: string;
  readonly notAfter: Date;
}

const DAY_MS = 86_400_000;
const WARNING_DAYS = 30;

/** Those that have ended or end within 30 days: a gateway gives no warning, it refuses from then on. */
export function endingSoon(certificates: readonly CertificateEnd[], now: Date): readonly CertificateEnd[] {
  return certificates.filter(({ notAfter }) => notAfter.getTime() - now.getTime() < WARNING_DAYS * DAY_MS);
}

/** Every certificate that a variable of a provider holds, and that of the database. Keys that are no certificates have no end. */
export function certificatesAmong(
  env: Environment,
  registry: readonly ProviderSettings[],
  databaseCa: string | undefined,
): readonly CertificateEnd[] {
  const names = new Set(registry.flatMap(({ variables }) => variables.map(({ name }) => name)));
  const held = [...names].map((name) => [name, rawValue(env, name) ?? ''] as const);
  return [...held, ['DATABASE_CA', databaseCa ?? ''] as const].flatMap(([variable, text]) =>
    certificatesIn(text).map((notAfter) => ({ variable, notAfter })),
  );
}

/** Several may stand in one variable, as PEM with real or written line breaks, or as bare base64 with commas between. */
function certificatesIn(text: string): Date[] {
  const plain = text.replaceAll('\\r', '').replaceAll('\\n', '\n');
  const blocks = [...plain.matchAll(/-----BEGIN CERTIFICATE-----([\s\S]*?)-----END CERTIFICATE-----/g)];
  const bodies = plain.includes('-----BEGIN') ? blocks.map(([, body = '']) => body) : plain.split(',');
  return bodies.flatMap((body) => endOf(body.replace(/\s+/g, '')));
}

function endOf(base64: string): Date[] {
  if (!/^MII[A-Za-z0-9+/]+=*$/.test(base64)) return [];
  try {
    return [new X509Certificate(Buffer.from(base64, 'base64')).validToDate];
  } catch {
    return [];
  }
}
