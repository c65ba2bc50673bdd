import { describe, expect, test } from '@jest/globals';
import { settings } from '../src/providers/stripe/settings.ts';

const wrong = (side: 'webhook' | 'bot', values: Record<string, string>) =>
  settings[side].safeParse(values).error?.issues.map((issue) => issue.path[0]);

describe('the settings of Stripe', () => {
  test('of the webhook process are the secrets that may sign, and the mode where the publishable key tells it', () => {
    const read = (values: Record<string, string>) => settings.webhook.parse(values);
    expect(read({ STRIPE_WEBHOOK_SECRET: 'whsec_1' })).toEqual({ webhookSecrets: ['whsec_1'], liveMode: null });
    expect(read({ STRIPE_WEBHOOK_SECRET: 'whsec_1, whsec_2,', STRIPE_PUBLISHABLE_KEY: 'pk_live_1' })).toEqual({
      webhookSecrets: ['whsec_1', 'whsec_2'],
      liveMode: true,
    });
    expect(read({ STRIPE_WEBHOOK_SECRET: 'whsec_1', STRIPE_PUBLISHABLE_KEY: 'pk_test_1' }).liveMode).toBe(false);
  });

  test('of the bot process are the key and the root of the API', () => {
    expect(settings.bot.parse({ STRIPE_SECRET_KEY: 'rk_live_1' })).toEqual({
      apiBase: 'https://api.stripe.com',
      secretKey: 'rk_live_1',
    });
    const values = { STRIPE_SECRET_KEY: 'sk_test_1', STRIPE_API_BASE: 'http://127.0.0.1:3002/stripe/' };
    expect(settings.bot.parse(values).apiBase).toBe('http://127.0.0.1:3002/stripe');
  });

  test.each([
    ['a webhook secret in place of the key', 'bot', { STRIPE_SECRET_KEY: 'whsec_1' }, 'STRIPE_SECRET_KEY'],
    ['a publishable key in place of the key', 'bot', { STRIPE_SECRET_KEY: 'pk_live_1' }, 'STRIPE_SECRET_KEY'],
    ['a line break in the key', 'bot', { STRIPE_SECRET_KEY: 'sk_live_1\nx' }, 'STRIPE_SECRET_KEY'],
    [
      'a key in place of the webhook secret',
      'webhook',
      { STRIPE_WEBHOOK_SECRET: 'sk_live_1' },
      'STRIPE_WEBHOOK_SECRET',
    ],
    ['no webhook secret at all', 'webhook', { STRIPE_WEBHOOK_SECRET: ' , ' }, 'STRIPE_WEBHOOK_SECRET'],
    [
      'a secret key where everybody may read it',
      'bot',
      { STRIPE_SECRET_KEY: 'sk_live_1', STRIPE_PUBLISHABLE_KEY: 'sk_live_1' },
      'STRIPE_PUBLISHABLE_KEY',
    ],
    [
      'keys of both modes',
      'bot',
      { STRIPE_SECRET_KEY: 'sk_live_1', STRIPE_PUBLISHABLE_KEY: 'pk_test_1' },
      'STRIPE_PUBLISHABLE_KEY',
    ],
  ] as const)('are refused with %s', (_, side, values, variable) => {
    expect(wrong(side, values)).toEqual([variable]);
  });
});
