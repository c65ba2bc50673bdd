import { generateKeyPairSync, randomInt } from 'node:crypto';
import { z } from 'zod';
import type { MadeKeys } from '../contract.ts';

export const alipayKeys = z.object({
  appId: z.string().min(1),
  sellerId: z.string().min(1),
  /** of the merchant's app: PEM */
  appPublicKey: z.string().includes('BEGIN PUBLIC KEY'),
  /** of Alipay itself: PEM */
  alipayPrivateKey: z.string().includes('BEGIN PRIVATE KEY'),
});
export type AlipayKeys = z.infer<typeof alipayKeys>;

export function makeKeys(): MadeKeys<AlipayKeys> {
  const app = keyPair();
  const alipay = keyPair();
  const appId = `2021${digits(12)}`;
  const sellerId = `2088${digits(12)}`;
  return {
    sandbox: { appId, sellerId, appPublicKey: app.publicKey, alipayPrivateKey: alipay.privateKey },
    environment: {
      ALIPAY_APP_ID: appId,
      ALIPAY_SELLER_ID: sellerId,
      ALIPAY_PRIVATE_KEY: app.privateKey,
      ALIPAY_PUBLIC_KEY: alipay.publicKey,
    },
  };
}

export function digits(length: number): string {
  return Array.from({ length }, () => randomInt(10)).join('');
}

function keyPair(): { publicKey: string; privateKey: string } {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}
