import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';

/**
 * Raw notices hold names and mail addresses of buyers. They are sealed for a private key that no process of ours holds, so that whoever
 * takes the database or this process reads none of the older ones.
 *
 * X25519 with a key pair of our own making, HKDF-SHA256, AES-256-GCM.
 * Bytes: version 1 | our public key (32) | nonce (12) | tag (16) | ciphertext.
 */
export interface Sealer {
  seal(bytes: Buffer): Buffer;
}

const VERSION = 1;
const KEY = 32;
const NONCE = 12;
const TAG = 16;
const HEADER = 1 + KEY + NONCE + TAG;
const PURPOSE = 'mingdan payment_notifications.raw';

/** A pair serves this many notices: making one for each would cost more than all the rest of a notice. */
const NOTICES_PER_PAIR = 1_000;

export function createSealer(receiver: KeyObject): Sealer {
  let sender = newSender(receiver);
  let left = NOTICES_PER_PAIR;
  return {
    seal(bytes) {
      if (left === 0) {
        sender = newSender(receiver);
        left = NOTICES_PER_PAIR;
      }
      left -= 1;
      const nonce = randomBytes(NONCE);
      const cipher = createCipheriv('aes-256-gcm', sender.key, nonce);
      const sealed = Buffer.concat([cipher.update(bytes), cipher.final()]);
      return Buffer.concat([Buffer.from([VERSION]), sender.publicKey, nonce, cipher.getAuthTag(), sealed]);
    },
  };
}

/** The other side of `seal`. @throws where the bytes were changed, cut, or sealed for another key */
export function openNotice(privateKey: KeyObject, sealed: Buffer): Buffer {
  if (sealed[0] !== VERSION || sealed.length < HEADER) throw new Error('this is no sealed notice');
  const senderKey = sealed.subarray(1, 1 + KEY);
  const nonce = sealed.subarray(1 + KEY, 1 + KEY + NONCE);
  const secret = diffieHellman({ privateKey, publicKey: fromRaw(senderKey) });
  const key = deriveKey(secret, senderKey, rawOf(createPublicKey(privateKey)));
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG });
  decipher.setAuthTag(sealed.subarray(HEADER - TAG, HEADER));
  return Buffer.concat([decipher.update(sealed.subarray(HEADER)), decipher.final()]);
}

function newSender(receiver: KeyObject): { key: KeyObject; publicKey: Buffer } {
  const pair = generateKeyPairSync('x25519');
  const publicKey = rawOf(pair.publicKey);
  const secret = diffieHellman({ privateKey: pair.privateKey, publicKey: receiver });
  return { key: deriveKey(secret, publicKey, rawOf(receiver)), publicKey };
}

/** As a key object: a cipher starts four times as fast with it as with bytes. */
function deriveKey(secret: Buffer, sender: Buffer, receiver: Buffer): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', secret, Buffer.concat([sender, receiver]), PURPOSE, KEY)));
}

function rawOf(publicKey: KeyObject): Buffer {
  return Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
}

function fromRaw(bytes: Buffer): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: bytes.toString('base64url') }, format: 'jwk' });
}
