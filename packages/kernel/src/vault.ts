import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { MingdanError } from './errors.ts';

export interface DataKey {
  id: string;
  /** 32 bytes */
  key: Buffer;
}

/** Encrypts personal data at rest. `purpose` (table.column) is authenticated: a value moved to another column does not open. */
export interface Vault {
  seal(purpose: string, value: unknown): Buffer;
  open(purpose: string, sealed: Buffer): unknown;
  /**
   * The same text gives the same 32 bytes, which tell nothing of it: to find an address or a code again that is sealed. Keyed with the
   * oldest key, so that a new one in front of it changes nothing.
   */
  fingerprint(purpose: string, text: string): Buffer;
}

export class VaultError extends MingdanError {}

const NONCE = 12;
const TAG = 16;

/**
 * AES-256-GCM, one random nonce a value. Bytes: version 1 | length of key id | key id | nonce | tag | ciphertext of the JSON.
 * The first key encrypts, all decrypt (rotation).
 */
export function createVault(keys: readonly DataKey[]): Vault {
  const first = keys[0];
  if (!first)
    throw new VaultError('no_data_key', 'there is no key to encrypt with', { hint: 'Set DATA_ENCRYPTION_KEY' });
  const byId = new Map(keys.map((entry) => [entry.id, entry.key]));
  const header = Buffer.concat([Buffer.from([1, Buffer.byteLength(first.id)]), Buffer.from(first.id)]);

  const oldest = keys.at(-1) ?? first;
  return {
    fingerprint(purpose, text) {
      return createHmac('sha256', oldest.key).update(`fingerprint:${purpose}\n${text}`).digest();
    },
    seal(purpose, value) {
      const nonce = randomBytes(NONCE);
      const cipher = createCipheriv('aes-256-gcm', first.key, nonce);
      cipher.setAAD(Buffer.from(purpose));
      const text = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]);
      return Buffer.concat([header, nonce, cipher.getAuthTag(), text]);
    },
    open(purpose, sealed) {
      const idLength = sealed[1] ?? 0;
      const id = sealed.subarray(2, 2 + idLength).toString();
      const key = sealed[0] === 1 ? byId.get(id) : undefined;
      if (!key) {
        throw new VaultError('unknown_data_key', `a value in ${purpose} is sealed with a key that is not here`, {
          hint: 'Put the older key back into DATA_ENCRYPTION_KEY, behind the newer one',
        });
      }
      const at = 2 + idLength;
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(at, at + NONCE), { authTagLength: TAG });
      decipher.setAAD(Buffer.from(purpose));
      decipher.setAuthTag(sealed.subarray(at + NONCE, at + NONCE + TAG));
      try {
        const text = Buffer.concat([decipher.update(sealed.subarray(at + NONCE + TAG)), decipher.final()]);
        return JSON.parse(text.toString('utf8'));
      } catch (cause) {
        throw new VaultError('broken_value', `a value in ${purpose} does not open`, {
          hint: 'It was changed outside the system, or its key was replaced under the same id',
          cause,
        });
      }
    },
  };
}
