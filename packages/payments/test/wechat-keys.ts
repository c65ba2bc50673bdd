import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { WechatWebhook } from '../src/providers/wechat/settings.ts';
import type { WechatSigner } from '../src/providers/wechat/sign-for-tests.ts';

/** Keys for the tests of WeChat Pay: made anew in each run, and those that are published. */

const pair = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
export const merchantKeys = pair();
export const platformKeys = pair();
export const secondPlatformKeys = pair();

export const PUBLIC_KEY_ID = 'PUB_KEY_ID_0119000000012024112100000000000001';
export const CERTIFICATE_SERIAL = '0B5C4D9E1F2A3B4C5D6E7F8091A2B3C4D5E6F708';

export const webhookSettings: WechatWebhook = {
  mchId: '1900000001',
  appIds: ['wx8888888888888888', 'wx7777777777777777'],
  apiV3Key: 'a-test-api-v3-key-of-32-bytes-ok',
  platformKeys: [
    { id: PUBLIC_KEY_ID, publicKey: platformKeys.publicKey, certificate: null },
    { id: CERTIFICATE_SERIAL.slice(1), publicKey: secondPlatformKeys.publicKey, certificate: null },
  ],
};

export const signer: WechatSigner = {
  ...webhookSettings,
  platformPrivateKey: platformKeys.privateKey,
  platformKeyId: PUBLIC_KEY_ID,
};

const vectorFile = z.object({
  vectors: z.array(
    z.object({
      id: z.string(),
      certificate_pem: z.string().default(''),
      public_key_pem: z.string().default(''),
      private_key_pem: z.string().default(''),
      headers: z.record(z.string(), z.string()).default({}),
      body_base64: z.string().default(''),
      received_at: z.number().default(0),
      message_utf8: z.string().default(''),
      signature_base64: z.string().default(''),
      key_utf8: z.string().default(''),
      nonce_utf8: z.string().default(''),
      associated_data_utf8: z.string().default(''),
      ciphertext_base64: z.string().default(''),
      plaintext_utf8: z.string().default(''),
    }),
  ),
});

export const vectors = new Map(
  vectorFile
    .parse(JSON.parse(readFileSync(join(import.meta.dirname, 'vectors/wechat.json'), 'utf8')))
    .vectors.map((vector) => [vector.id, vector]),
);

export function vector(id: string) {
  const found = vectors.get(id);
  if (!found) throw new Error(`there is no vector ${id}`);
  return found;
}
