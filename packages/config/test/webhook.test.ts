import { describe, expect, test } from '@jest/globals';
import { ConfigError, type Environment, readWebhookConfig } from '../src/index.ts';
import { pingpongKeys, production, registry, v4Keys } from './given.ts';

const read = (env: Environment) => readWebhookConfig(env, { providers: registry });
const development = { DATABASE_URL: 'postgres://shop@127.0.0.1:5432/mingdan' };

function linesOf(env: Environment): string[] {
  try {
    read(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  return [];
}

describe('the webhook process', () => {
  test('never gets a merchant secret, a bot token or a signing key, though they are in its environment', () => {
    const config = read(production);
    const everything = JSON.stringify({ ...config, providers: [...config.providers] });
    expect(everything).toContain(production.PINGPONG_WEBHOOK_SECRET);
    for (const secret of [
      production.PINGPONG_API_SECRET,
      production.TELEGRAM_BOT_TOKEN,
      production.DEEPSEEK_API_KEY,
      production.SECRET_KEY,
      production.API_KEY,
      production.ADMIN_TOKEN,
      production.DATA_ENCRYPTION_KEY,
    ]) {
      expect(everything).not.toContain(secret);
    }
  });

  test('is told of no provider that sends no notices', () => {
    const config = read({ ...production, PAYMENT_PROVIDERS: 'pingpong,stars,points' });
    expect([...config.providers.keys()]).toEqual(['pingpong']);
    expect(JSON.stringify([...config.providers])).not.toContain(production.TELEGRAM_BOT_TOKEN);
  });

  test('takes the notices of both protocols, whichever opens payments', () => {
    const both = { ...development, ...pingpongKeys, ...v4Keys };
    for (const PINGPONG_PROTOCOL of ['plain', 'v4']) {
      expect(read({ ...both, PINGPONG_PROTOCOL }).providers.get('pingpong')).toMatchObject({
        noticeSecret: pingpongKeys.PINGPONG_WEBHOOK_SECRET,
        salt: v4Keys.PINGPONG_SALT,
      });
    }
  });

  test('takes those of mock with its secret, and never in production', () => {
    const secret = { MOCK_WEBHOOK_SECRET: 'made-once' };
    expect([...read({ ...development, ...secret }).providers.keys()]).toEqual(['mock']);
    expect(linesOf({ ...development, PAYMENT_PROVIDERS: 'mock' })).toEqual([
      expect.stringMatching(/^MOCK_WEBHOOK_SECRET is missing/),
    ]);
    expect([...read({ ...production, ...secret }).providers.keys()]).toEqual(['pingpong']);
  });

  test('runs in production without a gateway where Stars are listed', () => {
    const env = { NODE_ENV: 'production', DATABASE_URL: production.DATABASE_URL, WEBHOOK_URL: production.WEBHOOK_URL };
    expect(read({ ...env, PAYMENT_PROVIDERS: 'stars' }).providers.size).toBe(0);
    expect(linesOf({ ...env, PAYMENT_PROVIDERS: 'points' })).toHaveLength(1);
  });

  test('runs with only its own keys of a provider', () => {
    const { PINGPONG_API_SECRET: _, ...own } = pingpongKeys;
    const config = read({ ...development, ...own });
    expect(config.providers.get('pingpong')).toEqual({ merchantId: 'M100', noticeSecret: 'notice-secret-of-merchant' });
  });

  test('names the notice secret that is missing beside other keys of the provider', () => {
    const { PINGPONG_WEBHOOK_SECRET: _, ...rest } = pingpongKeys;
    const lines = linesOf({ ...development, ...rest });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /^PINGPONG_WEBHOOK_SECRET is missing, while other keys of its provider are set: .*pingpong/,
    );
  });

  test('names the variable of a provider whose value its own schema refuses', () => {
    const lines = linesOf({ ...development, ...pingpongKeys, PINGPONG_WEBHOOK_SECRET: 'short' });
    expect(lines).toEqual([expect.stringMatching(/^PINGPONG_WEBHOOK_SECRET is not valid/)]);
    expect(lines[0]).not.toContain('short');
  });

  test('still takes notices of a provider that new orders are no longer offered', () => {
    const config = read({
      ...production,
      STRIPE_SECRET_KEY: 's',
      STRIPE_WEBHOOK_SECRET: 'w',
      PAYMENT_PROVIDERS: 'stripe',
    });
    expect([...config.providers.keys()]).toEqual(['pingpong', 'stripe']);
  });

  test('prefers its own database login, and needs no other then', () => {
    const own = 'postgres://hook@db/mingdan';
    expect(read({ WEBHOOK_DATABASE_URL: own })).toMatchObject({ databaseUrl: own, ownLogin: true });
    expect(read(development)).toMatchObject({ databaseUrl: development.DATABASE_URL, ownLogin: false });
  });

  test('says without a database that npm start brings one, but not in production', () => {
    expect(linesOf({}).join()).toMatch(/^DATABASE_URL is missing: .*npm start/);
    const { DATABASE_URL: _, ...rest } = production;
    expect(linesOf(rest).join()).toMatch(/^DATABASE_URL is missing: (?!.*npm start)/);
  });

  test('listens on WEBHOOK_PORT, else on PORT, else on 3000', () => {
    expect(read({ ...development, PORT: '8080', WEBHOOK_PORT: '4000' }).port).toBe(4000);
    expect(read({ ...development, PORT: '8080' }).port).toBe(8080);
    expect(read(development).port).toBe(3000);
    expect(linesOf({ ...development, PORT: '70000' }).join()).toMatch(/^PORT is not valid/);
  });

  test('wants WEBHOOK_URL and a provider in production, and nothing of the bot', () => {
    const lines = linesOf({ NODE_ENV: 'production', DATABASE_URL: production.DATABASE_URL });
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^WEBHOOK_URL is missing/);
    expect(lines[1]).toMatch(
      /^PINGPONG_MERCHANT_ID, PINGPONG_WEBHOOK_SECRET is missing: expected all keys of one payment provider/,
    );
  });

  test.each([
    ['raw bytes', 'hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTms='],
    ['SPKI bytes', 'MCowBQYDK2VuAyEAhSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTms='],
    [
      'a PEM in one line',
      '-----BEGIN PUBLIC KEY-----\\nMCowBQYDK2VuAyEAhSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTms=\\n-----END PUBLIC KEY-----',
    ],
  ])('reads NOTICE_PUBLIC_KEY as %s', (_, text) => {
    expect(read({ ...development, NOTICE_PUBLIC_KEY: text }).noticePublicKey?.asymmetricKeyType).toBe('x25519');
  });

  test('refuses a NOTICE_PUBLIC_KEY of another curve', () => {
    const ed25519 = 'MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=';
    expect(linesOf({ ...development, NOTICE_PUBLIC_KEY: ed25519 }).join()).toMatch(/^NOTICE_PUBLIC_KEY is not valid/);
  });

  test('takes WEBHOOK_REQUIRE_ROLE=1', () => {
    expect(read({ ...development, WEBHOOK_REQUIRE_ROLE: '1' }).requireRole).toBe(true);
    expect(read(development).requireRole).toBe(false);
  });
});
