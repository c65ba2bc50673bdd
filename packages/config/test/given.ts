import type { ProviderSettings } from '@mingdan/payments/settings';
import { z } from 'zod';

/** A provider with one key for each process and one for both; its real ones have their own tests in the payments package. */
export const pingpong: ProviderSettings = {
  provider: 'pingpong',
  variables: [
    key('PINGPONG_API_BASE', { required: false, secret: false, neededBy: 'bot' }),
    key('PINGPONG_MERCHANT_ID', { secret: false, neededBy: 'both' }),
    key('PINGPONG_API_SECRET', { neededBy: 'bot' }),
    key('PINGPONG_WEBHOOK_SECRET', { neededBy: 'webhook' }),
  ],
  webhook: z
    .object({ PINGPONG_MERCHANT_ID: z.string(), PINGPONG_WEBHOOK_SECRET: z.string().min(8) })
    .transform((v) => ({ merchantId: v.PINGPONG_MERCHANT_ID, noticeSecret: v.PINGPONG_WEBHOOK_SECRET })),
  bot: z
    .object({
      PINGPONG_MERCHANT_ID: z.string(),
      PINGPONG_API_SECRET: z.string(),
      PINGPONG_API_BASE: z.url().optional(),
    })
    .transform((v) => ({ merchantId: v.PINGPONG_MERCHANT_ID, apiSecret: v.PINGPONG_API_SECRET })),
};

export const stripe: ProviderSettings = {
  provider: 'stripe',
  variables: [key('STRIPE_SECRET_KEY', { neededBy: 'bot' }), key('STRIPE_WEBHOOK_SECRET', { neededBy: 'webhook' })],
  webhook: z.object({ STRIPE_WEBHOOK_SECRET: z.string() }),
  bot: z.object({ STRIPE_SECRET_KEY: z.string() }),
};

type ProviderVariable = ProviderSettings['variables'][number];

function key(name: string, more: Partial<ProviderVariable>): ProviderVariable {
  const described = { expected: 'the key from the console', example: `sample-${name.toLowerCase()}`, secret: true };
  return { name, ...described, neededBy: 'both', required: true, ...more };
}

export const registry = [pingpong, stripe];

export const pingpongKeys = {
  PINGPONG_MERCHANT_ID: 'M100',
  PINGPONG_API_SECRET: 'api-secret-of-merchant',
  PINGPONG_WEBHOOK_SECRET: 'notice-secret-of-merchant',
};

/** Everything that production needs. */
export const production = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://shop:pw-of-database@db.internal:5432/mingdan',
  WEBHOOK_URL: 'https://pay.shop.test',
  PUBLIC_URL: 'https://shop.test',
  TELEGRAM_BOT_TOKEN: '4242:token-of-bot',
  DEEPSEEK_API_KEY: 'sk-deepseek-of-shop',
  DATA_ENCRYPTION_KEY: `k1:${Buffer.alloc(32, 7).toString('base64')}`,
  SECRET_KEY: 'a-signing-key-of-thirty-two-characters',
  API_KEY: 'api-key-of-the-shop',
  ADMIN_TOKEN: 'admin-token-of-the-shop',
  ...pingpongKeys,
};
