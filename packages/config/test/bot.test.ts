import { describe, expect, test } from '@jest/globals';
import { ConfigError, type Environment, readBotConfig, readCliConfig, readMigrateConfig } from '../src/index.ts';
import { pingpongKeys, production, registry } from './given.ts';

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
    const config = read({ ...production, TELEGRAM_CHAT_ID: '-100', TRUST_PROXY: 'loopback' });
    expect(config).toMatchObject({
      production: true,
      roles: ['telegram', 'http', 'worker'],
      port: 3001,
      operatorLanguage: 'zh-CN',
      telegram: { apiRoot: 'https://api.telegram.org', mode: 'polling', operatorChatId: -100, adminIds: [] },
      deepseek: { baseUrl: 'https://api.deepseek.com', model: 'deepseek-flash', maxRetries: 3, timeoutMs: 180_000 },
      bazi: { source: 'local', fallback: 'none', yuanfenju: null },
      http: { corsOrigins: [], returnUrlHosts: [], initDataMaxAgeSeconds: 86_400, trustProxy: ['loopback'] },
      offered: ['pingpong'],
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
  const stripeKeys = { STRIPE_SECRET_KEY: 'sk', STRIPE_WEBHOOK_SECRET: 'wh' };

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
    expect(config.offered).toEqual(['stripe']);
    expect(config.warnings.filter((line) => line.startsWith('PINGPONG_'))).toHaveLength(3);
  });

  test('PAYMENT_PROVIDERS narrows and orders what is offered, in any case of letters', () => {
    const env = { ...production, ...stripeKeys };
    expect(read(env).offered).toEqual(['pingpong', 'stripe']);
    expect(read({ ...env, PAYMENT_PROVIDERS: 'STRIPE, pingpong' }).offered).toEqual(['stripe', 'pingpong']);
    const narrowed = read({ ...env, PAYMENT_PROVIDERS: 'stripe' });
    expect(narrowed.offered).toEqual(['stripe']);
    expect([...narrowed.providers.keys()]).toEqual(['pingpong', 'stripe']);
  });

  test('PAYMENT_PROVIDERS cannot name a provider without keys, nor mock in production', () => {
    expect(linesOf({ ...production, PAYMENT_PROVIDERS: 'pingpong,stripe' }).join()).toMatch(
      /PAYMENT_PROVIDERS .*stripe has no keys/,
    );
    expect(linesOf({ ...production, PAYMENT_PROVIDERS: 'pingpong,mock' }).join()).toMatch(
      /PAYMENT_PROVIDERS cannot be used here.*mock/,
    );
  });

  test('production does not start with nothing to pay with', () => {
    expect(linesOf({ ...production, PAYMENT_PROVIDERS: 'stars' })).toEqual([
      expect.stringMatching(/^PAYMENT_PROVIDERS cannot be used here: expected one or more of pingpong/),
    ]);
    const keyless = { ...without(...Object.keys(pingpongKeys)), PAYMENT_PROVIDERS: 'stars' };
    expect(linesOf(keyless)).toEqual([expect.stringMatching(/^PINGPONG_MERCHANT_ID, .* is missing/)]);
    const both = read({ ...production, PAYMENT_PROVIDERS: 'stars,pingpong' });
    expect(both.offered).toEqual(['pingpong']);
    expect(both.warnings).toContainEqual(expect.stringMatching(/PAYMENT_PROVIDERS names stars/));
  });

  test.each(['v4', 'V3'])('PINGPONG_PROTOCOL=%s is refused by one line', (value) => {
    expect(linesOf({ ...production, PINGPONG_PROTOCOL: value })).toEqual([
      expect.stringMatching(/^PINGPONG_PROTOCOL cannot be used here: expected plain/),
    ]);
    expect(linesOf({ ...production, PINGPONG_PROTOCOL: 'plain' })).toEqual([]);
  });

  test('CHAT_STARS_ONLY is answered by a warning that Stars come later', () => {
    const about = (value: string) =>
      read({ ...production, CHAT_STARS_ONLY: value }).warnings.filter((line) => line.includes('CHAT_STARS_ONLY'));
    expect(about('1')).toEqual([expect.stringContaining('later release')]);
    expect(about('0')).toEqual([]);
  });

  test('the bot process gets the merchant secret and not the notice secret', () => {
    expect(read(production).providers.get('pingpong')).toEqual({
      merchantId: 'M100',
      apiSecret: pingpongKeys.PINGPONG_API_SECRET,
    });
  });

  test('the keys of WeChat API v2 are answered by one warning', () => {
    const { warnings } = read({ ...production, WECHAT_KEY: 'k', WECHAT_API_KEY: 'k' });
    expect(warnings.filter((line) => line.includes('WECHAT_API_V3_KEY'))).toHaveLength(1);
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
