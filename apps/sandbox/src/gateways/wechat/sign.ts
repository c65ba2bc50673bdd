import { createCipheriv, randomBytes, sign, verify } from 'node:crypto';
import { randomToken } from '@mingdan/kernel';
import type { WechatKeys } from './keys.ts';

/** Which of its two keys WeChat Pay signs with. */
export type Signer = WechatKeys['byPublicKey'];

/** The four headers over a body, for answers and notices alike. */
export function signedHeaders(signer: Signer, body: string, at: Date): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1_000));
  const nonce = randomBytes(16).toString('hex');
  const signature = sign('RSA-SHA256', Buffer.from(`${timestamp}\n${nonce}\n${body}\n`), signer.privateKey);
  return {
    'Wechatpay-Timestamp': timestamp,
    'Wechatpay-Nonce': nonce,
    'Wechatpay-Serial': signer.id,
    'Wechatpay-Signature': signature.toString('base64'),
    'Wechatpay-Signature-Type': 'WECHATPAY2-SHA256-RSA2048',
  };
}

/** AEAD_AES_256_GCM under the APIv3 key; the tag stands at the end of the ciphertext. */
export function sealed(apiV3Key: string, plain: string, about: string) {
  const nonce = randomToken(9).slice(0, 12);
  const cipher = createCipheriv('aes-256-gcm', apiV3Key, nonce);
  cipher.setAAD(Buffer.from(about, 'utf8'));
  const ciphertext = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return {
    algorithm: 'AEAD_AES_256_GCM',
    ciphertext: ciphertext.toString('base64'),
    associated_data: about,
    nonce,
  };
}

export interface SignedCall {
  readonly authorization: string;
  readonly method: string;
  /** path and query; where a base URL has a path of its own, each form that a client may sign */
  readonly paths: readonly string[];
  readonly body: string;
}

/** What is wrong with the `Authorization` of a call; null where nothing is. */
export function faultOf(keys: WechatKeys, call: SignedCall, now: number): string | null {
  const [scheme, ...rest] = call.authorization.split(' ');
  if (scheme !== 'WECHATPAY2-SHA256-RSA2048') return 'Authorization is missing or of another scheme';
  const fields = Object.fromEntries(
    [...rest.join(' ').matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
  );
  const { mchid, serial_no: serial, timestamp = '', nonce_str: nonce = '', signature = '' } = fields;
  if (mchid !== keys.mchId) return 'mchid is not known';
  if (serial !== keys.merchant.serial) return 'serial_no is of no certificate of this merchant';
  if (!(Math.abs(now / 1_000 - Number(timestamp)) <= 300)) return 'timestamp is over 5 minutes off';
  const fits = call.paths.some((path) =>
    verify(
      'RSA-SHA256',
      Buffer.from(`${call.method}\n${path}\n${timestamp}\n${nonce}\n${call.body}\n`),
      keys.merchant.publicKey,
      Buffer.from(signature, 'base64'),
    ),
  );
  return fits ? null : 'signature does not fit the request';
}
