import type { z } from 'zod';
import type { BotConfig, Settings } from './bot-config.ts';
import type { Problem, Warning } from './problems.ts';
import { variables } from './variables.ts';

export const botVariables = variables.omit({
  WEBHOOK_DATABASE_URL: true,
  WEBHOOK_REQUIRE_ROLE: true,
  NOTICE_PUBLIC_KEY: true,
});
export type Values = z.output<typeof botVariables>;

export interface Reading {
  readonly values: Values;
  readonly production: boolean;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Warning[];
  readonly rest: Pick<
    BotConfig,
    'providers' | 'offered' | 'notifyUrls' | 'refundNotifyUrls' | 'starsByRate' | 'certificates' | 'warnings'
  >;
}

/** @param orMissing gives what stands for a value that is not there */
export function settingsFrom<Missing>(
  reading: Reading,
  orMissing: (value: string | undefined) => string | Missing,
): Settings<Missing> {
  const { values, production, rest } = reading;
  const port = values.BOT_PORT ?? values.PORT ?? 3001;
  return {
    production,
    logLevel: values.LOG_LEVEL,
    roles: values.BOT_ROLES,
    port,
    databaseUrl: orMissing(values.DATABASE_URL),
    databaseCa: values.DATABASE_CA ?? null,
    operatorLanguage: values.OPERATOR_LANGUAGE,
    urls: {
      public: values.PUBLIC_URL ?? `http://127.0.0.1:${port}`,
      webhook: values.WEBHOOK_URL ?? `http://127.0.0.1:${values.WEBHOOK_PORT ?? 3000}`,
    },
    http: httpFrom(values, production),
    telegram: {
      token: orMissing(values.TELEGRAM_BOT_TOKEN),
      apiRoot: values.TELEGRAM_API_ROOT,
      mode: values.TELEGRAM_MODE,
      operatorChatId: values.TELEGRAM_CHAT_ID ?? null,
      adminIds: values.ADMIN_TELEGRAM_IDS,
    },
    mail: mailFrom(values),
    deepseek: {
      apiKey: orMissing(values.DEEPSEEK_API_KEY),
      baseUrl: values.DEEPSEEK_BASE_URL,
      model: values.DEEPSEEK_MODEL,
      maxRetries: values.DEEPSEEK_MAX_RETRIES,
      timeoutMs: values.DEEPSEEK_TIMEOUT_MS,
    },
    bazi: baziFrom(values),
    orders: ordersFrom(values),
    keys: {
      data: values.DATA_ENCRYPTION_KEY ?? [],
      secret: values.SECRET_KEY ?? [],
      api: orMissing(values.API_KEY),
      admin: orMissing(values.ADMIN_TOKEN),
    },
    chatStarsOnly: values.CHAT_STARS_ONLY,
    ...rest,
  };
}

function mailFrom({ SMTP_URL: smtpUrl, MAIL_FROM: from }: Values): BotConfig['mail'] {
  return smtpUrl === undefined || from === undefined ? null : { smtpUrl, from };
}

function httpFrom(values: Values, production: boolean): BotConfig['http'] {
  return {
    trustProxy: values.TRUST_PROXY ?? null,
    corsOrigins: values.CORS_ORIGINS,
    returnUrlHosts: values.RETURN_URL_HOSTS,
    sandboxUrl: production ? null : (values.SANDBOX_URL ?? null),
    initDataMaxAgeSeconds: values.INIT_DATA_MAX_AGE_SECONDS,
    requireSignature: values.API_REQUIRE_SIGNATURE,
  };
}

function ordersFrom(values: Values): BotConfig['orders'] {
  return {
    pollSeconds: values.ORDER_POLL_SECONDS,
    expiryMinutes: values.ORDER_EXPIRY_MINUTES,
    leaseSeconds: values.LEASE_SECONDS,
    concurrency: values.WORKER_CONCURRENCY,
    fulfilmentDeadlineHours: values.FULFILMENT_DEADLINE_HOURS,
    deliveryMaxHours: values.DELIVERY_MAX_HOURS,
    retryBaseMs: values.RETRY_BASE_MS,
  };
}

function baziFrom(values: Values): BotConfig['bazi'] {
  const { YUANFENJU_API_KEY: apiKey, YUANFENJU_BASE_URL: baseUrl, YUANFENJU_TIMEOUT_MS: timeoutMs } = values;
  const yuanfenju = apiKey === undefined ? null : { apiKey, baseUrl, timeoutMs };
  const source = yuanfenju === null || values.BAZI_SOURCE === 'local' ? 'local' : 'yuanfenju';
  return { source, fallback: values.BAZI_FALLBACK, yuanfenju };
}
