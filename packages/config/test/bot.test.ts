import { describe, expect, test } from '@jest/globals';
import {
  ConfigError,
  type Environment,
  endingSoon,
  readBotConfig,
  readCliConfig,
  readMigrateConfig,
} from '../src/index.ts';
import {
  exampleCertificate,
  exampleCertificateEnds,
  pingpongKeys,
  production,
  registry,
  stripePair,
  v4Keys,
} from './given.ts';

const read = (env: Environment) => readBotConfig(env, { providers: registry });

function linesOf(env: Environment): string[] {
  try {
    read(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  return [];
}

function without(...names: string[]): Environment {
  return Object.fromEntries(Object.entries(production).filter(([name]) => !names.includes(name)));
}

describe('the bot process', () => {
  test('has the defaults of the contract', () => {
    const config = read({
      ...production,
      TELEGRAM_CHAT_ID: '-100',
      TRUST_PROXY: 'loopback',
      SMTP_URL: 'smtps://mail.example.com',
      MAIL_FROM: 'Mingdan <shop@example.com>',
    });
    expect(config).toMatchObject({
      production: true,
      roles: ['telegram', 'http', 'worker'],
      port: 3001,
      operatorLanguage: 'zh-CN',
      telegram: { apiRoot: 'https://api.telegram.org', mode: 'polling', operatorChatId: -100, adminIds: [] },
      deepseek: { baseUrl: 'https://api.deepseek.com', model: 'deepseek-flash', maxRetries: 3, timeoutMs: 180_000 },
      bazi: { source: 'local', fallback: 'none', yuanfenju: null },
      http: { corsOrigins: [], returnUrlHosts: [], initDataMaxAgeSeconds: 86_400, trustProxy: ['loopback'] },
      offered: ['pingpong', 'stars'],
      chatStarsOnly: false,
      starsByRate: false,
      notifyUrls: {},
      refundNotifyUrls: {},
      mail: { smtpUrl: 'smtps://mail.example.com', from: 'Mingdan <shop@example.com>' },
      certificates: [],
      warnings: [],
    });
    expect(config.orders).toEqual({
      pollSeconds: 30,
      expiryMinutes: 30,
      leaseSeconds: 60,
      concurrency: 8,
      fulfilmentDeadlineHours: 24,
      deliveryMaxHours: 72,
      retryBaseMs: 2_000,
    });
  });

  test('tells all that production lacks at once, a line each, with an example', () => {
    const lines = linesOf({ NODE_ENV: 'production' });
    const names = lines.map((line) => line.split(' is missing')[0]);
    expect(names).toEqual([
      'DATABASE_URL',
      'TELEGRAM_BOT_TOKEN',
      'DEEPSEEK_API_KEY',
      'DATA_ENCRYPTION_KEY',
      'SECRET_KEY',
      'API_KEY',
      'ADMIN_TOKEN',
      'PUBLIC_URL',
      'WEBHOOK_URL',
      'PINGPONG_MERCHANT_ID, PINGPONG_API_SECRET, PINGPONG_WEBHOOK_SECRET',
    ]);
    for (const line of lines) expect(line).toMatch(/: expected .+, for example .+/);
  });

  const wrong: [string, string][] = [
    ['DATABASE_URL', 'mysql://x'],
    ['DATABASE_URL', 'postgres://shop@db/mingdan?sslmode=maybe'],
    ['DATABASE_CA', '/no/such/file.pem'],
    ['BOT_PORT', '-1'],
    ['PUBLIC_URL', 'shop.example'],
    ['PUBLIC_URL', 'https://shop.example/?a=b'],
    ['BOT_ROLES', 'telegram,cook'],
    ['TELEGRAM_BOT_TOKEN', 'to ken'],
    ['TELEGRAM_MODE', 'carrier-pigeon'],
    ['TELEGRAM_CHAT_ID', 'our-operators'],
    ['ADMIN_TELEGRAM_IDS', '12,abc'],
    ['OPERATOR_LANGUAGE', 'fr'],
    ['DEEPSEEK_TIMEOUT_MS', '3 minutes'],
    ['DEEPSEEK_MAX_RETRIES', '99'],
    ['DATA_ENCRYPTION_KEY', 'k1:dG9vIHNob3J0'],
    [
      'DATA_ENCRYPTION_KEY',
      `k1:${Buffer.alloc(32, 7).toString('base64')},k1:${Buffer.alloc(32, 8).toString('base64')}`,
    ],
    ['SECRET_KEY', 'thirty-one-characters-are-few!!'],
    ['SECRET_KEY', 'a-signing-key-of-thirty-two-characters,short'],
    ['ORDER_POLL_SECONDS', '7'],
    ['ORDER_POLL_SECONDS', '0'],
    ['ORDER_POLL_SECONDS', '120'],
    ['ORDER_EXPIRY_MINUTES', '0'],
    ['WORKER_CONCURRENCY', '1.5'],
    ['LEASE_SECONDS', 'sixty'],
    ['LOG_LEVEL', 'loud'],
    ['TRUST_PROXY', 'everyone'],
    ['CORS_ORIGINS', 'https://shop.example/path'],
    ['RETURN_URL_HOSTS', 'https://shop.example'],
    ['BAZI_SOURCE', 'stars'],
    ['BAZI_FALLBACK', 'yes'],
    ['PAYMENT_PROVIDERS', 'paypal'],
    ['PINGPONG_PROTOCOL', 'v3'],
    ['CHAT_STARS_ONLY', 'maybe'],
    ['NODE_ENV', 'staging-7'],
  ];
  test.each(wrong)('refuses %s=%s by one line that does not repeat the value', (name, value) => {
    const lines = linesOf({ ...production, NODE_ENV: 'production', [name]: value });
    expect(lines).toEqual([expect.stringMatching(new RegExp(`^${name} is not valid: expected .+, for example .+`))]);
    if (value.length > 3) expect(lines[0]?.replace(/for example.*/, '')).not.toContain(value);
  });

  test.each(['1', '2', '3', '4', '5', '6', '10', '12', '15', '20', '30', '60'])('polls every %s seconds', (seconds) => {
    expect(read({ ...production, ORDER_POLL_SECONDS: seconds }).orders.pollSeconds).toBe(Number(seconds));
  });

  test.each(['your-bot-token', 'YOUR_BOT_TOKEN', '123:AA...', '123456789:your-bot-token'])(
    'counts %s as missing and says that it is a placeholder',
    (value) => {
      const lines = linesOf({ ...production, TELEGRAM_BOT_TOKEN: value });
      expect(lines).toEqual([
        expect.stringMatching(/^TELEGRAM_BOT_TOKEN holds a placeholder, which counts as missing: expected/),
      ]);
    },
  );

  test('only warns of a placeholder where nothing is required', () => {
    const config = read({ ...production, YUANFENJU_API_KEY: 'your-yuanfenju-key' });
    expect(config.bazi).toMatchObject({ source: 'local', yuanfenju: null });
    expect(config.warnings).toContainEqual(expect.stringMatching(/^YUANFENJU_API_KEY holds a placeholder/));
  });

  test('takes an empty or blank value for none', () => {
    expect(read({ ...production, ORDER_POLL_SECONDS: '', LOG_LEVEL: '  ' })).toMatchObject({
      logLevel: 'info',
      orders: { pollSeconds: 30 },
    });
    expect(linesOf({ ...production, API_KEY: ' ' })).toEqual([expect.stringMatching(/^API_KEY is missing/)]);
  });

  test('cuts trailing slashes from base addresses', () => {
    const config = read({
      ...production,
      PUBLIC_URL: 'https://shop.test/',
      WEBHOOK_URL: 'https://pay.test/in//',
      DEEPSEEK_BASE_URL: 'http://127.0.0.1:9/v1/',
    });
    expect(config.urls).toEqual({ public: 'https://shop.test', webhook: 'https://pay.test/in' });
    expect(config.deepseek.baseUrl).toBe('http://127.0.0.1:9/v1');
  });

  test('reads data keys in order, the newest first', () => {
    const [newest, older] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    const config = read({
      ...production,
      DATA_ENCRYPTION_KEY: `b:${newest.toString('base64')}, a:${older.toString('base64')}`,
    });
    expect(config.keys.data.map(({ id, key }) => [id, key.equals(id === 'b' ? newest : older)])).toEqual([
      ['b', true],
      ['a', true],
    ]);
  });

  test('chooses Yuanfenju by its key, unless told otherwise', () => {
    const key = { ...production, YUANFENJU_API_KEY: 'yk', YUANFENJU_TIMEOUT_MS: '5000' };
    expect(read(key).bazi).toMatchObject({ source: 'yuanfenju', yuanfenju: { apiKey: 'yk', timeoutMs: 5000 } });
    expect(read({ ...key, BAZI_SOURCE: 'local' }).bazi.source).toBe('local');
    expect(linesOf({ ...production, BAZI_SOURCE: 'yuanfenju' })).toEqual([
      expect.stringMatching(/^YUANFENJU_API_KEY is missing/),
    ]);
  });
});

describe('production', () => {
  test.each([
    [{ NODE_ENV: 'production' }, true],
    [{ NODE_ENV: 'development', PUBLIC_URL: 'https://shop.test' }, false],
    [{ PUBLIC_URL: 'https://shop.test' }, true],
    [{ WEBHOOK_URL: 'https://pay.test' }, true],
    [{ PUBLIC_URL: 'http://localhost:3001', WEBHOOK_URL: 'http://127.0.0.5:3000' }, false],
    [{}, false],
  ])('is told from %j: %s', (env: Environment, expected) => {
    expect(readCliConfig(env, { providers: registry }).config.production).toBe(expected);
  });

  test('wants https, except on this machine', () => {
    expect(linesOf({ ...production, PUBLIC_URL: 'http://shop.test' })).toEqual([
      expect.stringMatching(/^PUBLIC_URL is not valid: .*https/),
    ]);
    expect(
      linesOf({ ...production, PUBLIC_URL: 'http://127.0.0.1:3001', WEBHOOK_URL: 'http://localhost:3000' }),
    ).toEqual([]);
  });

  test('asks gateways over https, except on this machine', () => {
    expect(linesOf({ ...production, PINGPONG_API_BASE: 'http://pay.test' })).toEqual([
      expect.stringMatching(/^PINGPONG_API_BASE is not valid: .*https/),
    ]);
    for (const base of ['https://pay.test', 'http://127.0.0.1:4000', 'http://localhost:4000', 'http://[::1]:4000'])
      expect(linesOf({ ...production, PINGPONG_API_BASE: base })).toEqual([]);
    expect(linesOf({ ...production, PINGPONG_API_BASE: 'http://127.pay.test' })).toHaveLength(1);
    expect(linesOf({ ...production, NODE_ENV: 'development', PINGPONG_API_BASE: 'http://pay.test' })).toEqual([]);
  });

  test('warns when nobody will hear alarms, and when a proxy is not named', () => {
    const { warnings } = read(production);
    expect(warnings).toContainEqual(expect.stringMatching(/^TELEGRAM_CHAT_ID is not set/));
    expect(warnings).toContainEqual(expect.stringMatching(/TRUST_PROXY is not set/));
  });
});

describe('payment providers', () => {
  const stripeKeys = stripePair;

  test('some of the keys name the ones that are missing', () => {
    const lines = linesOf({ ...without('PINGPONG_API_SECRET', 'PINGPONG_WEBHOOK_SECRET'), ...stripeKeys });
    expect(lines.map((line) => line.split(' ')[0])).toEqual(['PINGPONG_API_SECRET', 'PINGPONG_WEBHOOK_SECRET']);
  });

  test('a placeholder among real keys counts as a missing key', () => {
    const lines = linesOf({ ...production, PINGPONG_API_SECRET: 'your-api-secret' });
    expect(lines).toEqual([expect.stringMatching(/^PINGPONG_API_SECRET is missing, while other keys/)]);
  });

  test('nothing but placeholders is a provider that is off, with a line for each', () => {
    const env = {
      ...production,
      ...stripeKeys,
      PINGPONG_MERCHANT_ID: 'your-id',
      PINGPONG_API_SECRET: 'your-s',
      PINGPONG_WEBHOOK_SECRET: 'your-w',
    };
    const config = read(env);
    expect(config.offered).toEqual(['stripe', 'stars']);
    expect(config.warnings.filter((line) => line.startsWith('PINGPONG_'))).toHaveLength(3);
  });

  test('PAYMENT_PROVIDERS narrows and orders what is offered, in any case of letters', () => {
    const env = { ...production, ...stripeKeys };
    expect(read(env).offered).toEqual(['pingpong', 'stripe', 'stars']);
    expect(read({ ...env, PAYMENT_PROVIDERS: 'STRIPE, pingpong' }).offered).toEqual(['stripe', 'pingpong']);
    expect(read({ ...env, PAYMENT_PROVIDERS: 'points,stars,stripe' }).offered).toEqual(['points', 'stars', 'stripe']);
  });

  test('a provider that is not listed is there all the same, to settle what it has', () => {
    const { offered, providers } = read({ ...production, ...stripeKeys, PAYMENT_PROVIDERS: 'stripe' });
    expect(offered).toEqual(['stripe']);
    expect([...providers.keys()]).toEqual(['pingpong', 'stripe', 'stars', 'points']);
  });

  test('PAYMENT_PROVIDERS cannot name a provider without keys, nor one that does not exist, nor mock in production', () => {
    const about = (listed: string) => linesOf({ ...production, PAYMENT_PROVIDERS: listed });
    expect(about('pingpong,stripe')).toEqual([expect.stringMatching(/^PAYMENT_PROVIDERS .*stripe has no keys/)]);
    expect(about('pingpong,oxapay')).toEqual([expect.stringMatching(/^PAYMENT_PROVIDERS .*there is no oxapay/)]);
    expect(about('pingpong,mock')).toEqual([expect.stringMatching(/^PAYMENT_PROVIDERS cannot be used here.*mock/)]);
  });

  test('a listed provider with some of its keys is told by the missing ones alone', () => {
    const lines = linesOf({ ...production, STRIPE_SECRET_KEY: 'sk', PAYMENT_PROVIDERS: 'pingpong,stripe' });
    expect(lines).toEqual([expect.stringMatching(/^STRIPE_WEBHOOK_SECRET is missing/)]);
  });

  test('coins and codes are offered only where they are listed, and are not enough for production', () => {
    expect(read({ ...production, PAYMENT_PROVIDERS: 'pingpong,points' }).offered).toEqual(['pingpong', 'points']);
    expect(linesOf({ ...production, PAYMENT_PROVIDERS: 'points' })).toEqual([
      expect.stringMatching(/^PAYMENT_PROVIDERS cannot be used here: expected one or more of pingpong, stars, for/),
    ]);
  });

  test('mock is turned on by being listed, outside production, with the secret of its notices', () => {
    const env = { ...production, NODE_ENV: 'development' };
    expect(read({ ...env, MOCK_WEBHOOK_SECRET: 's' }).offered).toEqual(['pingpong', 'stars']);
    const listed = { ...env, PAYMENT_PROVIDERS: 'pingpong,mock' };
    expect(read({ ...listed, MOCK_WEBHOOK_SECRET: 's' }).offered).toEqual(['pingpong', 'mock']);
    expect(linesOf(listed)).toEqual([expect.stringMatching(/^MOCK_WEBHOOK_SECRET is missing/)]);
    expect(read({ ...production, MOCK_WEBHOOK_SECRET: 's' }).providers.has('mock')).toBe(false);
  });

  test('the bot process gets the merchant secret and not the notice secret', () => {
    expect(read(production).providers.get('pingpong')).toEqual({
      protocol: 'plain',
      merchantId: 'M100',
      apiSecret: pingpongKeys.PINGPONG_API_SECRET,
    });
  });

  test('the keys of WeChat API v2 are answered by one warning', () => {
    const { warnings } = read({ ...production, WECHAT_KEY: 'k', WECHAT_API_KEY: 'k' });
    expect(warnings.filter((line) => line.includes('WECHAT_API_V3_KEY'))).toHaveLength(1);
  });
});

describe('Telegram Stars', () => {
  const keyless = without(...Object.keys(pingpongKeys));

  test('are offered last by themselves, and then only for products that have a price in them', () => {
    expect(read(production)).toMatchObject({ offered: ['pingpong', 'stars'], starsByRate: false });
    expect(read({ ...production, PAYMENT_PROVIDERS: 'stars,pingpong' })).toMatchObject({
      offered: ['stars', 'pingpong'],
      starsByRate: true,
    });
    expect(read({ ...production, PAYMENT_PROVIDERS: 'pingpong' })).toMatchObject({
      offered: ['pingpong'],
      starsByRate: false,
    });
  });

  test('carry a shop in production where they are listed, and not where they might have no price', () => {
    expect(read({ ...keyless, PAYMENT_PROVIDERS: 'stars' }).offered).toEqual(['stars']);
    expect(linesOf(keyless)).toEqual([expect.stringMatching(/^PINGPONG_MERCHANT_ID, .* is missing/)]);
    const development = read({ ...keyless, NODE_ENV: 'development' });
    expect(development.warnings).toContainEqual(expect.stringMatching(/^No payment provider has its keys/));
  });

  test('say nothing of their own about the token of the bot', () => {
    expect(linesOf({ ...without('TELEGRAM_BOT_TOKEN'), PAYMENT_PROVIDERS: 'stars,pingpong' })).toEqual([
      expect.stringMatching(/^TELEGRAM_BOT_TOKEN is missing: /),
    ]);
    expect(read({ ...production, TELEGRAM_API_ROOT: 'http://bot-api:8081' }).providers.has('stars')).toBe(true);
  });

  test('alone in chat where CHAT_STARS_ONLY says so', () => {
    expect(read({ ...production, CHAT_STARS_ONLY: '1' }).chatStarsOnly).toBe(true);
    expect(read({ ...production, CHAT_STARS_ONLY: '0' }).chatStarsOnly).toBe(false);
    expect(linesOf({ ...production, CHAT_STARS_ONLY: '1', PAYMENT_PROVIDERS: 'pingpong' })).toEqual([
      expect.stringMatching(/^CHAT_STARS_ONLY cannot be used here: .*stars among the PAYMENT_PROVIDERS/),
    ]);
  });
});

describe('a provider with two protocols', () => {
  test('wants the keys of the chosen one, and bears with those of the other', () => {
    expect(read({ ...production, ...v4Keys }).providers.get('pingpong')).toMatchObject({ protocol: 'plain' });
    const v4 = { ...without(...Object.keys(pingpongKeys)), ...v4Keys, PINGPONG_PROTOCOL: 'V4' };
    expect(read(v4).providers.get('pingpong')).toMatchObject({ protocol: 'v4' });
    expect(read({ ...v4, ...pingpongKeys }).providers.get('pingpong')).toMatchObject({ protocol: 'v4' });
  });

  test('names the protocol whose keys are missing', () => {
    const lines = linesOf({ ...production, PINGPONG_PROTOCOL: 'v4', PINGPONG_SALT: 's' });
    expect(lines).toEqual([expect.stringMatching(/^PINGPONG_CLIENT_ID is missing.*PINGPONG_PROTOCOL=v4/)]);
    const forgotten = linesOf({ ...without(...Object.keys(pingpongKeys)), ...v4Keys });
    expect(forgotten).toHaveLength(3);
    for (const line of forgotten) expect(line).toContain('PINGPONG_PROTOCOL=plain');
  });

  test('says nothing of a protocol without any keys', () => {
    const { offered } = read({ ...without(...Object.keys(pingpongKeys)), PINGPONG_PROTOCOL: 'v4', ...stripePair });
    expect(offered).toEqual(['stripe', 'stars']);
  });
});

describe('notify addresses', () => {
  const about = (value: string, mode = 'production') => ({
    ...production,
    NODE_ENV: mode,
    PINGPONG_NOTIFY_URL: value,
  });

  test('stand in for the built ones, for notices and refund notices apart', () => {
    const config = read({
      ...about('https://pay.test/webhook/pingpong'),
      PINGPONG_REFUND_NOTIFY_URL: 'https://pay.test/webhook/pingpong/refund',
    });
    expect(config.notifyUrls).toEqual({ pingpong: 'https://pay.test/webhook/pingpong' });
    expect(config.refundNotifyUrls).toEqual({ pingpong: 'https://pay.test/webhook/pingpong/refund' });
  });

  test.each([
    ['pay.test/webhook/pingpong', ''],
    ['https://pay.test/webhook/pingpong?shop=1', 'query string'],
    ['http://pay.test/webhook/pingpong', 'https'],
  ])('%s is refused in production', (value, why) => {
    expect(linesOf(about(value))).toEqual([expect.stringMatching(/^PINGPONG_NOTIFY_URL is not valid: expected /)]);
    expect(linesOf(about(value)).join()).toContain(why);
  });

  test('are told beside what else is wrong with their provider, and not of one that is off', () => {
    const { PINGPONG_API_SECRET: _, ...rest } = about('http://pay.test/webhook/pingpong');
    expect(linesOf(rest).map((line) => line.split(' ')[0])).toEqual(['PINGPONG_API_SECRET', 'PINGPONG_NOTIFY_URL']);
    expect(linesOf({ ...production, STRIPE_NOTIFY_URL: 'http://pay.test' })).toEqual([]);
  });

  test('are only warned of where they may work', () => {
    const slash = read(about('https://pay.test/webhook/pingpong/'));
    expect(slash.notifyUrls.pingpong).toBe('https://pay.test/webhook/pingpong/');
    expect(slash.warnings).toContainEqual(expect.stringMatching(/^PINGPONG_NOTIFY_URL: it ends with a slash/));
    const query = read(about('http://tunnel.test/webhook/pingpong?a=b', 'development'));
    expect(query.warnings).toContainEqual(expect.stringMatching(/^PINGPONG_NOTIFY_URL: WeChat Pay sends no notices/));
  });
});

describe('certificates', () => {
  test('are found in any of the ways in which they are written, with their end', () => {
    const pem = exampleCertificate.replaceAll('\n', '\\n');
    const bare = exampleCertificate.replace(/-----[A-Z ]+-----|\s/g, '');
    for (const STRIPE_SECRET_KEY of [exampleCertificate, pem, bare, `${pem},${bare}`]) {
      const { certificates } = read({ ...production, ...stripePair, STRIPE_SECRET_KEY });
      expect(new Set(certificates.map(({ variable }) => variable))).toEqual(new Set(['STRIPE_SECRET_KEY']));
      expect(certificates[0]?.notAfter).toEqual(exampleCertificateEnds);
    }
    expect(read({ ...production, ...stripePair }).certificates).toEqual([]);
  });

  test('are named 30 days before their end', () => {
    const certificates = [{ variable: 'X', notAfter: new Date('2026-12-31T00:00:00Z') }];
    expect(endingSoon(certificates, new Date('2026-11-30T00:00:00Z'))).toEqual([]);
    expect(endingSoon(certificates, new Date('2026-12-02T00:00:00Z'))).toEqual(certificates);
    expect(endingSoon(certificates, new Date('2027-02-01T00:00:00Z'))).toEqual(certificates);
  });
});

describe('tools', () => {
  test('the CLI gets null for what is missing, and the problems as a list', () => {
    const { config, problems } = readCliConfig(
      { DEEPSEEK_MODEL: 'other', LEASE_SECONDS: 'x' },
      { providers: registry },
    );
    expect(config).toMatchObject({
      databaseUrl: null,
      telegram: { token: null },
      deepseek: { apiKey: null, model: 'other' },
      keys: { data: [], secret: [], api: null },
    });
    expect(config.orders.leaseSeconds).toBe(60);
    expect(problems.find(({ variable }) => variable === 'LEASE_SECONDS')?.kind).toBe('invalid');
    expect(problems.find(({ variable }) => variable === 'DATABASE_URL')?.kind).toBe('missing');
  });

  test('a migration needs the database and nothing else', () => {
    expect(readMigrateConfig({ NODE_ENV: 'production', DATABASE_URL: production.DATABASE_URL })).toMatchObject({
      databaseUrl: production.DATABASE_URL,
    });
    expect(() => readMigrateConfig({ ...production, DATABASE_URL: undefined })).toThrow(/^DATABASE_URL is missing/);
  });
});
