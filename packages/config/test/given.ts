import type { ProviderSettings } from '@mingdan/payments/settings';
import { z } from 'zod';

const PLAIN = { when: { name: 'PINGPONG_PROTOCOL', is: 'plain', otherwise: 'plain' } };
const V4 = { when: { name: 'PINGPONG_PROTOCOL', is: 'v4', otherwise: 'plain' } };

/** A provider with one key for each process and one for both, and a second protocol; the real ones have their own tests in the payments package. */
export const pingpong: ProviderSettings = {
  provider: 'pingpong',
  variables: [
    key('PINGPONG_PROTOCOL', { required: false, secret: false, expected: 'plain or v4', example: 'plain' }),
    key('PINGPONG_API_BASE', { required: false, secret: false, neededBy: 'bot' }),
    key('PINGPONG_MERCHANT_ID', { secret: false, ...PLAIN }),
    key('PINGPONG_API_SECRET', { neededBy: 'bot', ...PLAIN }),
    key('PINGPONG_WEBHOOK_SECRET', { neededBy: 'webhook', ...PLAIN }),
    key('PINGPONG_CLIENT_ID', { secret: false, neededBy: 'bot', ...V4 }),
    key('PINGPONG_SALT', { ...V4 }),
  ],
  webhook: z
    .object({
      PINGPONG_MERCHANT_ID: z.string().optional(),
      PINGPONG_WEBHOOK_SECRET: z.string().min(8).optional(),
      PINGPONG_SALT: z.string().optional(),
    })
    .transform((v) => ({
      merchantId: v.PINGPONG_MERCHANT_ID,
      noticeSecret: v.PINGPONG_WEBHOOK_SECRET,
      ...(v.PINGPONG_SALT === undefined ? {} : { salt: v.PINGPONG_SALT }),
    })),
  bot: z
    .object({
      PINGPONG_PROTOCOL: z.string().default('plain'),
      PINGPONG_MERCHANT_ID: z.string().optional(),
      PINGPONG_API_SECRET: z.string().optional(),
      PINGPONG_API_BASE: z.url().optional(),
    })
    .transform((v) => ({
      protocol: v.PINGPONG_PROTOCOL.toLowerCase(),
      merchantId: v.PINGPONG_MERCHANT_ID,
      apiSecret: v.PINGPONG_API_SECRET,
    })),
};

export const stripe: ProviderSettings = {
  provider: 'stripe',
  variables: [key('STRIPE_SECRET_KEY', { neededBy: 'bot' }), key('STRIPE_WEBHOOK_SECRET', { neededBy: 'webhook' })],
  webhook: z.object({ STRIPE_WEBHOOK_SECRET: z.string() }),
  bot: z.object({ STRIPE_SECRET_KEY: z.string() }),
};

/** Needs no key of its own: the bot's token is the process's. */
export const stars: ProviderSettings = {
  provider: 'stars',
  variables: [
    key('TELEGRAM_BOT_TOKEN', { neededBy: 'bot' }),
    key('TELEGRAM_API_ROOT', { neededBy: 'bot', required: false, secret: false }),
  ],
  webhook: z.object({}),
  bot: z.object({ TELEGRAM_BOT_TOKEN: z.string() }).transform((v) => ({ token: v.TELEGRAM_BOT_TOKEN })),
};

export const points: ProviderSettings = {
  provider: 'points',
  onlyWhenListed: true,
  variables: [],
  webhook: z.object({}),
  bot: z.object({}),
};

export const mock: ProviderSettings = {
  provider: 'mock',
  onlyWhenListed: true,
  variables: [key('MOCK_WEBHOOK_SECRET', {})],
  webhook: z.object({ MOCK_WEBHOOK_SECRET: z.string() }),
  bot: z.object({ MOCK_WEBHOOK_SECRET: z.string() }),
};

type ProviderVariable = ProviderSettings['variables'][number];

function key(name: string, more: Partial<ProviderVariable>): ProviderVariable {
  const described = { expected: 'the key from the console', example: `sample-${name.toLowerCase()}`, secret: true };
  return { name, ...described, neededBy: 'both', required: true, ...more };
}

export const registry = [pingpong, stripe, stars, points, mock];

export const pingpongKeys = {
  PINGPONG_MERCHANT_ID: 'M100',
  PINGPONG_API_SECRET: 'api-secret-of-merchant',
  PINGPONG_WEBHOOK_SECRET: 'notice-secret-of-merchant',
};

export const stripePair = { STRIPE_SECRET_KEY: 'sk', STRIPE_WEBHOOK_SECRET: 'wh' };

export const v4Keys = { PINGPONG_CLIENT_ID: 'C100', PINGPONG_SALT: 'salt-of-merchant' };

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

/** Made for these tests with openssl; nobody keeps its private key. */
export const exampleCertificate = `-----BEGIN CERTIFICATE-----
MIIBgjCCASmgAwIBAgIUPQOmMYf2eEcsZHs9os9Xlujr6IkwCgYIKoZIzj0EAwIw
FzEVMBMGA1UEAwwMbWluZ2RhbiB0ZXN0MB4XDTI2MTEyMTE1NDQ1NFoXDTM2MTEx
ODE1NDQ1NFowFzEVMBMGA1UEAwwMbWluZ2RhbiB0ZXN0MFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAEKIzDJszmD3Hede9E78SNTaB0OkaUBGItfAE3c0HBZaRPsUwM
taBa7sijvzELksKy7WiFYloHXAsKG7+rDKnE36NTMFEwHQYDVR0OBBYEFPHJTP2E
Ao3l/DRpglhUwYASZUVGMB8GA1UdIwQYMBaAFPHJTP2EAo3l/DRpglhUwYASZUVG
MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgd/ufCKeUp/NY8I0S
L91P+pocw9dHcr/oYm21+P6WBWYCIGaSx1OIqnR8cAj8ICx4S/WuvUmA38x2sA8X
DQ07ZUAI
-----END CERTIFICATE-----`;
export const exampleCertificateEnds = new Date('2036-11-18T15:44:54Z');
