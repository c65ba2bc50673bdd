import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';

/**
 * Keys as they come out of the environment: PEM with real line breaks or with `\n` written out, or the bare base64 of it. What cannot be
 * read is `undefined`, without a word about why: the reasons of node:crypto may quote the key.
 */

const LINE = /.{1,64}/g;
/** Labels under which a bare base64 text may be meant. PKCS#8 and SPKI come first: they name their own algorithm. */
const PRIVATE_LABELS = ['PRIVATE KEY', 'RSA PRIVATE KEY'] as const;
const PUBLIC_LABELS = ['PUBLIC KEY', 'RSA PUBLIC KEY', 'CERTIFICATE'] as const;

/** An RSA private key, PKCS#1 or PKCS#8. Undefined for all else, an encrypted key or a public one among it. */
export function readPrivateKey(text: string): KeyObject | undefined {
  for (const pem of candidates(text, PRIVATE_LABELS)) {
    const key = attempt(() => createPrivateKey(pem));
    if (key?.asymmetricKeyType === 'rsa') return key;
  }
  return undefined;
}

/** An RSA public key: SPKI, PKCS#1, or the one that an X.509 certificate holds. Undefined for all else, a private key among it. */
export function readPublicKey(text: string): KeyObject | undefined {
  for (const pem of candidates(text, PUBLIC_LABELS)) {
    const key = attempt(() => createPublicKey(pem));
    if (key?.asymmetricKeyType === 'rsa') return key;
  }
  return undefined;
}

export interface CertificateFacts {
  /** hex in upper case without leading zeros, as gateways name their certificates */
  readonly serial: string;
  readonly notAfter: Date;
}

/** What an X.509 certificate says of itself; the first one of a chain. Undefined where the text is no certificate. */
export function certificateFacts(text: string): CertificateFacts | undefined {
  for (const pem of candidates(text, ['CERTIFICATE'])) {
    const certificate = attempt(() => new X509Certificate(pem));
    if (certificate) return { serial: certificate.serialNumber, notAfter: certificate.validToDate };
  }
  return undefined;
}

/**
 * The several keys of one variable, side by side while they are rotated: separated by commas, or PEM blocks one after the other. The
 * order stays.
 */
export function splitKeys(text: string): string[] {
  return text
    .split(',')
    .flatMap((part) => unescaped(part).split(/(?<=-----END [A-Z0-9 ]+-----)/))
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** The text as PEM, under its own label or under each that a bare base64 text may have. A private key never passes for a public one. */
function candidates(text: string, labels: readonly string[]): string[] {
  const plain = unescaped(text).trim();
  const block = /-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)-----END \1-----/.exec(plain);
  const label = block?.[1];
  if (label !== undefined) return labels.includes(label) ? [pemOf(label, block?.[2] ?? '')] : [];
  return labels.map((name) => pemOf(name, plain)).filter((pem) => pem !== '');
}

/** Written anew: line breaks are often lost or doubled on the way through an environment. */
function pemOf(label: string, base64: string): string {
  const body = base64.replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(body)) return '';
  return `-----BEGIN ${label}-----\n${(body.match(LINE) ?? []).join('\n')}\n-----END ${label}-----\n`;
}

function unescaped(text: string): string {
  return text.replace(/\\r/g, '').replace(/\\n/g, '\n');
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
