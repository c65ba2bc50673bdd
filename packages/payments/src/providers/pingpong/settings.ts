import { z } from 'zod';
import type { ProviderSettings } from '../../contract.ts';

export interface PingpongWebhook {
  readonly webhookSecret: string;
  /** compared where it is set and the notice names a merchant */
  readonly merchantId: string | null;
}

export interface PingpongBot {
  /** without a trailing slash */
  readonly apiBase: string;
  readonly merchantId: string;
  readonly apiSecret: string;
}

const text = z.string().trim().min(1);
const merchantId = {
  name: 'PINGPONG_MERCHANT_ID',
  expected: 'the merchant number of your PingPong account',
  example: '2018092714313010016',
  secret: false,
};

export const settings: ProviderSettings<PingpongWebhook, PingpongBot> = {
  provider: 'pingpong',
  variables: [
    {
      name: 'PINGPONG_API_BASE',
      expected: 'the root of the PingPong API, without a version',
      example: 'https://pay.example.com',
      secret: false,
      neededBy: 'bot',
      required: true,
    },
    { ...merchantId, neededBy: 'bot', required: true },
    { ...merchantId, neededBy: 'webhook', required: false },
    {
      name: 'PINGPONG_API_SECRET',
      expected: 'the secret that signs our calls',
      example: 'a-long-random-text-from-the-merchant-console',
      secret: true,
      neededBy: 'bot',
      required: true,
    },
    {
      name: 'PINGPONG_WEBHOOK_SECRET',
      expected: 'the secret that signs the notices of PingPong',
      example: 'another-long-random-text-from-the-merchant-console',
      secret: true,
      neededBy: 'webhook',
      required: true,
    },
  ],
  webhook: z.object({ PINGPONG_WEBHOOK_SECRET: text, PINGPONG_MERCHANT_ID: text.optional() }).transform((values) => ({
    webhookSecret: values.PINGPONG_WEBHOOK_SECRET,
    merchantId: values.PINGPONG_MERCHANT_ID ?? null,
  })),
  bot: z
    .object({
      PINGPONG_API_BASE: z.url({ protocol: /^https?$/ }),
      PINGPONG_MERCHANT_ID: text,
      PINGPONG_API_SECRET: text,
    })
    .transform((values) => ({
      apiBase: values.PINGPONG_API_BASE.replace(/\/+$/, ''),
      merchantId: values.PINGPONG_MERCHANT_ID,
      apiSecret: values.PINGPONG_API_SECRET,
    })),
};
