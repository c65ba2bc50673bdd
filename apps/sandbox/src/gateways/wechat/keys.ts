import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { MadeKeys } from '../contract.ts';
import { selfSigned } from './certificate.ts';

const pem = z.string().startsWith('-----BEGIN ');

export const wechatKeys = z.object({
  mchId: z.string().min(1),
  appIds: z.array(z.string().min(1)).min(1),
  apiV3Key: z.string().length(32),
  merchant: z.object({ serial: z.string(), publicKey: pem }),
  /** WeChat Pay's public key, the newer way */
  byPublicKey: z.object({ id: z.string(), privateKey: pem }),
  /** and its platform certificate, the older one; a merchant who changes over meets both */
  byCertificate: z.object({ id: z.string(), privateKey: pem, certificate: pem }),
});
export type WechatKeys = z.infer<typeof wechatKeys>;

const MCH_ID = '1900000109';
const APP_ID = 'wxd678efh567hg6787';

export function makeKeys(): MadeKeys<WechatKeys> {
  const [merchant, platform, older] = [pair(), pair(), pair()];
  const own = selfSigned(MCH_ID, merchant.publicKey, merchant.privateKey);
  const { serial: id, pem: certificate } = selfSigned('Tenpay.com sign (sandbox)', older.publicKey, older.privateKey);
  const sandbox: WechatKeys = {
    mchId: MCH_ID,
    appIds: [APP_ID],
    apiV3Key: randomBytes(16).toString('hex'),
    merchant: { serial: own.serial, publicKey: publicPem(merchant.publicKey) },
    byPublicKey: { id: `PUB_KEY_ID_0${MCH_ID}2026112100000000`, privateKey: privatePem(platform.privateKey) },
    byCertificate: { id, privateKey: privatePem(older.privateKey), certificate },
  };
  return {
    sandbox,
    environment: {
      WECHAT_APP_ID: APP_ID,
      WECHAT_MCH_ID: MCH_ID,
      WECHAT_API_V3_KEY: sandbox.apiV3Key,
      WECHAT_API_CLIENT_CERT: own.pem,
      WECHAT_API_CLIENT_KEY: privatePem(merchant.privateKey),
      WECHAT_API_SERIAL_NO: own.serial,
      WECHAT_PLATFORM_PUBLIC_KEY: `${publicPem(platform.publicKey)},${certificate}`,
      WECHAT_PLATFORM_KEY_ID: `${sandbox.byPublicKey.id},${id}`,
    },
  };
}

function pair(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync('rsa', { modulusLength: 2048 });
}

function publicPem(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

function privatePem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
