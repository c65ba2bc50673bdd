import { providerNames } from '@mingdan/payments/settings';
import { z } from 'zod';
import * as format from './formats.ts';
import type { Description } from './problems.ts';

/** Every variable's description, kept beside its schema. */
const descriptions = z.registry<Description>();

const languages = ['zh-CN', 'zh-TW', 'en'] as const;
const roles = ['telegram', 'http', 'worker'] as const;
const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type BotRole = (typeof roles)[number];
export type LogLevel = (typeof logLevels)[number];

const OWN_DATABASE = '`npm start` brings its own database';
const SANDBOX = '`npm start` brings a sandbox for it';
const MADE = '`npm start` makes one';

function variable<T extends z.ZodType>(schema: T, description: Description): T {
  descriptions.add(schema, description);
  return schema;
}

const port = format.whole(0, 65_535).optional();
const url = format.parsed(format.baseUrl);
const database = format.parsed(format.databaseUrl);

/** The one schema: every variable that is no provider's, with its default. Which of them are required, and where, each reader says. */
export const variables = z.object({
  NODE_ENV: variable(z.enum(['production', 'development', 'test']).optional(), {
    expected: 'production, development or test',
    example: 'production',
  }),
  LOG_LEVEL: variable(format.parsed(format.oneOf(logLevels)).default('info'), {
    expected: `one of ${logLevels.join(', ')}`,
    example: 'info',
  }),

  DATABASE_URL: variable(database.optional(), {
    expected: 'the URL of a PostgreSQL database',
    example: 'postgres://mingdan:your-password@db.example.com:5432/mingdan?sslmode=require',
    secret: true,
    development: OWN_DATABASE,
  }),
  WEBHOOK_DATABASE_URL: variable(database.optional(), {
    expected: "the URL of the same database with the webhook process's own login",
    example: 'postgres://mingdan_hook:your-password@db.example.com:5432/mingdan?sslmode=require',
    secret: true,
  }),
  DATABASE_CA: variable(format.parsed(format.certificate).optional(), {
    expected:
      'the certificate (PEM, or the path of a PEM file) of the authority that signed the database server, for sslmode=verify-full',
    example: '/etc/ssl/certs/database-ca.pem',
  }),
  WEBHOOK_REQUIRE_ROLE: variable(format.flag.default(false), {
    expected: '1 (the webhook process refuses to start where it cannot become mingdan_webhook) or 0',
    example: '1',
  }),

  PORT: variable(port, { expected: 'the HTTP port, where one process runs', example: '8080' }),
  WEBHOOK_PORT: variable(port, { expected: 'the HTTP port of the webhook process', example: '3000' }),
  BOT_PORT: variable(port, { expected: 'the HTTP port of the bot process', example: '3001' }),
  WEBHOOK_URL: variable(url.optional(), {
    expected: 'the public https address of the webhook process',
    example: 'https://pay.example.com',
  }),
  PUBLIC_URL: variable(url.optional(), {
    expected: 'the public https address of pages and API',
    example: 'https://shop.example.com',
  }),
  TRUST_PROXY: variable(format.parsed(format.trustProxy).optional(), {
    expected:
      'the addresses or networks of your proxies (comma list; loopback, linklocal and uniquelocal are known), or the number of them',
    example: 'loopback,10.0.0.0/8',
  }),
  CORS_ORIGINS: variable(format.listOf(format.origin).default([]), {
    expected: 'web origins, comma separated, without a path',
    example: 'https://shop.example.com',
  }),
  RETURN_URL_HOSTS: variable(format.listOf(format.hostName).default([]), {
    expected: 'host names, comma separated',
    example: 'shop.example.com',
  }),
  SANDBOX_URL: variable(url.optional(), {
    expected: 'the address of the sandbox, which `npm start` sets',
    example: 'http://127.0.0.1:3002',
  }),
  INIT_DATA_MAX_AGE_SECONDS: variable(format.whole(1).default(86_400), {
    expected: 'how old the identity of a Mini App may be, in seconds',
    example: '86400',
  }),

  BOT_ROLES: variable(format.listOf(format.oneOf(roles)).default(roles), {
    expected: 'one or more of telegram, http, worker, comma separated',
    example: 'telegram,http,worker',
  }),
  TELEGRAM_BOT_TOKEN: variable(format.parsed((text) => (/^[^\s/?#]+$/.test(text) ? text : undefined)).optional(), {
    expected: "the bot's token from @BotFather",
    example: '123456789:your-bot-token',
    secret: true,
    development: SANDBOX,
  }),
  TELEGRAM_API_ROOT: variable(url.default('https://api.telegram.org'), {
    expected: 'the root address of the Bot API',
    example: 'https://api.telegram.org',
  }),
  TELEGRAM_MODE: variable(format.parsed(format.oneOf(['polling', 'webhook'])).default('polling'), {
    expected: 'polling or webhook',
    example: 'polling',
  }),
  TELEGRAM_CHAT_ID: variable(format.parsed(format.chatId).optional(), {
    expected: "the number of the operators' chat",
    example: '-1001234567890',
  }),
  ADMIN_TELEGRAM_IDS: variable(format.listOf(format.telegramId).default([]), {
    expected: 'Telegram user numbers, comma separated',
    example: '123456789,987654321',
  }),
  OPERATOR_LANGUAGE: variable(format.parsed(format.oneOf(languages)).default('zh-CN'), {
    expected: `one of ${languages.join(', ')}`,
    example: 'zh-CN',
  }),

  SMTP_URL: variable(format.parsed(format.smtpUrl).optional(), {
    expected: 'the address of a mail server, with the login in it',
    example: 'smtps://shop%40example.com:your-password@mail.example.com:465',
    secret: true,
    development: SANDBOX,
  }),
  MAIL_FROM: variable(format.parsed(format.mailFrom).optional(), {
    expected: 'the address that mails come from, or a name and the address',
    example: 'Mingdan <shop@example.com>',
  }),

  DEEPSEEK_API_KEY: variable(z.string().optional(), {
    expected: 'the API key from platform.deepseek.com',
    example: 'sk-your-deepseek-key',
    secret: true,
    development: SANDBOX,
  }),
  DEEPSEEK_BASE_URL: variable(url.default('https://api.deepseek.com'), {
    expected: 'the address of an OpenAI-compatible API, without /chat/completions',
    example: 'https://api.deepseek.com',
  }),
  DEEPSEEK_MODEL: variable(z.string().default('deepseek-flash'), {
    expected: 'the name of a model',
    example: 'deepseek-flash',
  }),
  DEEPSEEK_MAX_RETRIES: variable(format.whole(0, 10).default(3), {
    expected: 'a whole number from 0 to 10',
    example: '3',
  }),
  DEEPSEEK_TIMEOUT_MS: variable(format.whole(1, 3_600_000).default(180_000), {
    expected: 'milliseconds without a piece of the answer, at most 3600000',
    example: '180000',
  }),

  BAZI_SOURCE: variable(format.parsed(format.oneOf(['auto', 'yuanfenju', 'local'])).default('auto'), {
    expected: 'auto, yuanfenju or local',
    example: 'auto',
  }),
  BAZI_FALLBACK: variable(format.parsed(format.oneOf(['none', 'local'])).default('none'), {
    expected: 'local, or nothing',
    example: 'local',
  }),
  YUANFENJU_API_KEY: variable(z.string().optional(), {
    expected: 'the API key of Yuanfenju',
    example: 'your-yuanfenju-key',
    secret: true,
  }),
  YUANFENJU_BASE_URL: variable(url.default('https://api.yuanfenju.com/index.php'), {
    expected: 'the root address of the Yuanfenju API',
    example: 'https://api.yuanfenju.com/index.php',
  }),
  YUANFENJU_TIMEOUT_MS: variable(format.whole(1, 600_000).default(20_000), {
    expected: 'milliseconds, at most 600000',
    example: '20000',
  }),

  PAYMENT_PROVIDERS: variable(format.listOf(format.oneOf(providerNames)).optional(), {
    expected: `one or more of ${providerNames.join(', ')}, comma separated, in the order in which they are offered`,
    example: 'pingpong',
  }),
  CHAT_STARS_ONLY: variable(format.flag.default(false), {
    expected: '1 (in chat only Telegram Stars are offered, everything on the web) or 0',
    example: '1',
  }),

  API_KEY: variable(z.string().optional(), {
    expected: 'a long random text (openssl rand -base64 32)',
    example: 'Zt4Yw0mQ7gk2v5Hn9LrXc1DbSeUoJpAi',
    secret: true,
    development: MADE,
  }),
  API_REQUIRE_SIGNATURE: variable(format.flag.default(false), {
    expected: '1 (calls with the API key have to be signed) or 0',
    example: '1',
  }),
  ADMIN_TOKEN: variable(z.string().optional(), {
    expected: 'a long random text (openssl rand -base64 32)',
    example: 'Qm8Rk3Vx6Tz1Bn5Wd9Yc2Fh7Js4Lp0Ga',
    secret: true,
    development: MADE,
  }),
  DATA_ENCRYPTION_KEY: variable(format.parsed(format.dataKeys).optional(), {
    expected: 'id:base64 of 32 bytes (openssl rand -base64 32), comma separated, the newest first',
    example: 'k1:q0wVt7uX3Jm5yZbN8dRfGhK2sLpCeTiUoAvBxDnEjYk=',
    secret: true,
    development: MADE,
  }),
  SECRET_KEY: variable(format.listOf(format.secretKey).optional(), {
    expected: 'random text of 32 characters or more (openssl rand -base64 32), comma separated, the newest first',
    example: 'Hx2Pw9Kd4Zq7Mv1Tn6Rb3Yc8Lg5Fs0JuEo',
    secret: true,
    development: MADE,
  }),
  NOTICE_PUBLIC_KEY: variable(format.parsed(format.noticePublicKey).optional(), {
    expected: 'an X25519 public key, base64 (mingdan keys notice makes a pair)',
    example: 'hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=',
    secret: true,
  }),

  ORDER_POLL_SECONDS: variable(
    format
      .whole(1, 60)
      .refine((seconds) => 60 % seconds === 0)
      .default(30),
    { expected: 'a number of seconds that divides 60', example: '30' },
  ),
  ORDER_EXPIRY_MINUTES: variable(format.positive(43_200).default(30), {
    expected: 'a number of minutes above 0',
    example: '30',
  }),
  WORKER_CONCURRENCY: variable(format.whole(1, 1_000).default(8), {
    expected: 'a whole number from 1 to 1000',
    example: '8',
  }),
  LEASE_SECONDS: variable(format.whole(1, 3_600).default(60), {
    expected: 'a whole number of seconds from 1 to 3600',
    example: '60',
  }),
  RETRY_BASE_MS: variable(format.whole(0, 600_000).default(2_000), {
    expected: 'a whole number of milliseconds, at most 600000',
    example: '2000',
  }),
  FULFILMENT_DEADLINE_HOURS: variable(format.positive(8_760).default(24), {
    expected: 'a number of hours above 0',
    example: '24',
  }),
  DELIVERY_MAX_HOURS: variable(format.positive(8_760).default(72), {
    expected: 'a number of hours above 0',
    example: '72',
  }),
});

export type VariableName = keyof typeof variables.shape;
export const variableNames = Object.keys(variables.shape) as VariableName[];

/** True for what a process reads for itself, whether a provider reads it too or not. */
export function isOwnVariable(name: string): boolean {
  return Object.hasOwn(variables.shape, name);
}

export function describe(name: VariableName): Description {
  return descriptions.get(variables.shape[name]) ?? { expected: 'a value', example: name };
}
