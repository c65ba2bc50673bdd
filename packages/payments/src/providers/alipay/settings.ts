import { createPublicKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { ProviderSettings } from '../../contract.ts';
import { readPublicKey, splitKeys } from '../../pem.ts';
import { rsaPrivateKey, text, webAddress } from '../../values.ts';

export interface AlipayWebhook {
  readonly appId: string;
  /** compared where it is set */
  readonly sellerId: string | null;
  /** of Alipay, not of our app; several while they are rotated */
  readonly publicKeys: readonly KeyObject[];
}

export interface AlipayBot {
  readonly appId: string;
  /** of our app */
  readonly privateKey: KeyObject;
  /** of Alipay: its answers are checked with them */
  readonly publicKeys: readonly KeyObject[];
  readonly gatewayUrl: string;
  /** in place of our own page for buyers that come back */
  readonly returnUrl: string | null;
}

export const GATEWAY_URL = 'https://openapi.alipay.com/gateway.do';

/** The most frequent mistake: the console shows the app's own public key beside Alipay's, and with it every notice looks forged. */
export function hasOwnKeyForAlipays(settings: AlipayBot): boolean {
  const own = createPublicKey(settings.privateKey);
  return settings.publicKeys.some((key) => key.equals(own));
}

const publicKeys = z.string().transform((value, context) => {
  const keys = splitKeys(value).map(readPublicKey);
  const readable = keys.filter((key) => key !== undefined);
  if (readable.length > 0 && readable.length === keys.length) return readable;
  context.addIssue({ code: 'custom', message: 'it holds no RSA public key' });
  return z.NEVER;
});

export const settings: ProviderSettings<AlipayWebhook, AlipayBot> = {
  provider: 'alipay',
  variables: [
    {
      name: 'ALIPAY_APP_ID',
      expected: 'the number of your app on the Alipay open platform',
      example: '2021000122671080',
      secret: false,
      neededBy: 'both',
      required: true,
    },
    {
      name: 'ALIPAY_PRIVATE_KEY',
      expected: "your app's own RSA private key (PEM or bare base64, PKCS#1 or PKCS#8)",
      example: '-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADAN...\\n-----END PRIVATE KEY-----',
      secret: true,
      neededBy: 'bot',
      required: true,
    },
    {
      name: 'ALIPAY_PUBLIC_KEY',
      expected:
        "Alipay's public key, not your app's own (PEM, certificate or bare base64; several separated by commas)",
      example: '-----BEGIN PUBLIC KEY-----\\nMIIBIjANBgkq...\\n-----END PUBLIC KEY-----',
      secret: false,
      neededBy: 'both',
      required: true,
    },
    {
      name: 'ALIPAY_SELLER_ID',
      expected:
        'the number of the account that is paid (2088 and twelve digits); compared with notices where it is set',
      example: '2088531891668739',
      secret: false,
      neededBy: 'webhook',
      required: false,
    },
    {
      name: 'ALIPAY_GATEWAY_URL',
      expected: 'the full address of the gateway, where it is not that of production',
      example: 'https://openapi-sandbox.dl.alipaydev.com/gateway.do',
      secret: false,
      neededBy: 'bot',
      required: false,
    },
    {
      name: 'ALIPAY_RETURN_URL',
      expected: 'where buyers come back to, where it is not our own page',
      example: 'https://shop.example.com/payment/success',
      secret: false,
      neededBy: 'bot',
      required: false,
    },
    {
      name: 'ALIPAY_REFUND_NOTIFY_URL',
      expected: 'an address (not used: Alipay sends refund notices where it sends those of the payment)',
      example: 'https://pay.example.com/webhook/alipay',
      secret: false,
      neededBy: 'bot',
      required: false,
    },
  ],
  webhook: z
    .object({ ALIPAY_APP_ID: text, ALIPAY_PUBLIC_KEY: publicKeys, ALIPAY_SELLER_ID: text.optional() })
    .transform((values) => ({
      appId: values.ALIPAY_APP_ID,
      sellerId: values.ALIPAY_SELLER_ID ?? null,
      publicKeys: values.ALIPAY_PUBLIC_KEY,
    })),
  bot: z
    .object({
      ALIPAY_APP_ID: text,
      ALIPAY_PRIVATE_KEY: rsaPrivateKey,
      ALIPAY_PUBLIC_KEY: publicKeys,
      ALIPAY_GATEWAY_URL: webAddress.default(GATEWAY_URL),
      ALIPAY_RETURN_URL: webAddress.optional(),
      ALIPAY_REFUND_NOTIFY_URL: webAddress.optional(),
    })
    .transform((values) => ({
      appId: values.ALIPAY_APP_ID,
      privateKey: values.ALIPAY_PRIVATE_KEY,
      publicKeys: values.ALIPAY_PUBLIC_KEY,
      gatewayUrl: values.ALIPAY_GATEWAY_URL,
      returnUrl: values.ALIPAY_RETURN_URL ?? null,
    })),
};
