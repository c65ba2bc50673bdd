import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MingdanError } from '@mingdan/kernel';
import { z } from 'zod';

export const secretNames = [
  'API_KEY',
  'ADMIN_TOKEN',
  'DATA_ENCRYPTION_KEY',
  'SECRET_KEY',
  'NOTICE_PUBLIC_KEY',
  'NOTICE_PRIVATE_KEY',
  'MOCK_WEBHOOK_SECRET',
] as const;
export type DevelopmentSecrets = Readonly<Record<(typeof secretNames)[number], string>>;

const kept = z.record(z.enum(secretNames), z.string().min(1));

/** Where the development secrets of a checkout lie. */
export function secretsFile(root: string): string {
  return join(root, '.mingdan', 'secrets.json');
}

/**
 * The secrets of a development machine, made once and kept in `<root>/.mingdan/secrets.json` (0600), so that a restart opens its own
 * data. Safe when two processes start at once: both get the values of the one that was first.
 * @throws MingdanError `broken_secrets`; the file is never replaced by itself, since everything sealed with it would be lost
 */
export function persistedSecrets(root: string): DevelopmentSecrets {
  const file = secretsFile(root);
  const found = readIfThere(file);
  if (found !== undefined) return parse(file, found);
  mkdirSync(join(root, '.mingdan'), { recursive: true, mode: 0o700 });
  publish(file, makeSecrets());
  return parse(file, readFileSync(file, 'utf8'));
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Written beside and linked into place: nobody reads half a file, and the second to come changes nothing. */
function publish(file: string, secrets: DevelopmentSecrets): void {
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(draft, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  try {
    linkSync(draft, file);
  } catch (error) {
    // Some file systems (exFAT, some network mounts) have no links; there the last one wins, and both read it afterwards.
    if (codeOf(error) !== 'EEXIST') renameSync(draft, file);
  } finally {
    rmSync(draft, { force: true });
  }
}

function parse(file: string, text: string): DevelopmentSecrets {
  try {
    return kept.parse(JSON.parse(text));
  } catch {
    throw new MingdanError('broken_secrets', `${file} cannot be read as the secrets of this machine`, {
      hint: 'Put its content back, or remove it; without its keys, the data sealed with them is lost',
    });
  }
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}

function makeSecrets(): DevelopmentSecrets {
  const notice = makeNoticeKeys();
  return {
    API_KEY: randomBytes(24).toString('base64url'),
    ADMIN_TOKEN: randomBytes(24).toString('base64url'),
    DATA_ENCRYPTION_KEY: `dev:${randomBytes(32).toString('base64')}`,
    SECRET_KEY: randomBytes(36).toString('base64url'),
    NOTICE_PUBLIC_KEY: notice.publicKey,
    NOTICE_PRIVATE_KEY: notice.privateKey,
    MOCK_WEBHOOK_SECRET: randomBytes(24).toString('base64url'),
  };
}

export interface NoticeKeys {
  /** base64 of the raw 32 bytes: NOTICE_PUBLIC_KEY of the webhook process */
  readonly publicKey: string;
  /** base64 of the PKCS#8 bytes: opens what was sealed; belongs on no server */
  readonly privateKey: string;
}

/** A fresh X25519 pair for sealing the raw bytes of notices. */
export function makeNoticeKeys(): NoticeKeys {
  const { publicKey, privateKey } = generateKeyPairSync('x25519', {
    publicKeyEncoding: { format: 'der', type: 'spki' },
    privateKeyEncoding: { format: 'der', type: 'pkcs8' },
  });
  return { publicKey: publicKey.subarray(-32).toString('base64'), privateKey: privateKey.toString('base64') };
}
