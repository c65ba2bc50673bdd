import type { KeyObject } from 'node:crypto';
import type { ProviderSettings } from '@mingdan/payments/settings';
import { collect } from './collect.ts';
import { insecureAddresses, missingOf, oldKeyWarnings, placeholderWarnings } from './common.ts';
import { type Environment, isProduction } from './environment.ts';
import type { TrustProxy } from './formats.ts';
import { ConfigError, type Problem, problem } from './problems.ts';
import { type ProviderMap, readProviders } from './providers.ts';
import { describe, type LogLevel, variables } from './variables.ts';

/** All that the webhook process knows. There is no place in it for a merchant's private key, a bot token or a signing key. */
export interface WebhookConfig {
  readonly production: boolean;
  readonly logLevel: LogLevel;
  readonly port: number;
  readonly databaseUrl: string;
  /** PEM */
  readonly databaseCa: string | null;
  /** the process has a database login of its own (`WEBHOOK_DATABASE_URL`); without one it becomes `mingdan_webhook` */
  readonly ownLogin: boolean;
  /** refuse to start where the role cannot be had */
  readonly requireRole: boolean;
  /** X25519; seals the raw bytes of notices */
  readonly noticePublicKey: KeyObject | null;
  /** what each provider's verifier needs; also of providers that new orders are no longer offered */
  readonly providers: ProviderMap;
  readonly trustProxy: TrustProxy | null;
  readonly warnings: readonly string[];
}

const schema = variables.pick({
  NODE_ENV: true,
  LOG_LEVEL: true,
  DATABASE_URL: true,
  WEBHOOK_DATABASE_URL: true,
  DATABASE_CA: true,
  WEBHOOK_REQUIRE_ROLE: true,
  PORT: true,
  WEBHOOK_PORT: true,
  WEBHOOK_URL: true,
  PUBLIC_URL: true,
  TRUST_PROXY: true,
  PAYMENT_PROVIDERS: true,
  NOTICE_PUBLIC_KEY: true,
});

/** @throws ConfigError naming everything that is wrong */
export function readWebhookConfig(
  env: Environment,
  options: { providers: readonly ProviderSettings[] },
): WebhookConfig {
  const production = isProduction(env);
  const read = collect(schema, env, (name) => describe(schema.keyof().parse(name)));
  const { values } = read;
  const listed = values.PAYMENT_PROVIDERS;
  const gateways = readProviders('webhook', env, options.providers, { production, listed });
  const databaseUrl = values.WEBHOOK_DATABASE_URL ?? values.DATABASE_URL;
  // A shop that sells for Stars alone has no gateway that sends notices.
  const withoutGateway =
    gateways.providers.size === 0 && gateways.problems.length === 0 && !(listed ?? []).includes('stars');

  const problems: Problem[] = [
    ...read.problems,
    ...missingOf(databaseUrl === undefined ? ['DATABASE_URL'] : [], read, production),
    ...missingOf(production ? ['WEBHOOK_URL'] : [], read, production),
    ...(production ? insecureAddresses(values) : []),
    ...gateways.problems,
    ...(production && withoutGateway ? [noProvider('webhook', options.providers), ...gateways.placeholders] : []),
  ];
  if (problems.length > 0 || databaseUrl === undefined) throw new ConfigError(problems);
  return {
    production,
    logLevel: values.LOG_LEVEL,
    port: values.WEBHOOK_PORT ?? values.PORT ?? 3000,
    databaseUrl,
    databaseCa: values.DATABASE_CA ?? null,
    ownLogin: values.WEBHOOK_DATABASE_URL !== undefined,
    requireRole: values.WEBHOOK_REQUIRE_ROLE,
    noticePublicKey: values.NOTICE_PUBLIC_KEY ?? null,
    providers: gateways.providers,
    trustProxy: values.TRUST_PROXY ?? null,
    warnings: [
      ...placeholderWarnings([...read.placeholders, ...gateways.placeholders], problems),
      ...oldKeyWarnings(env),
    ].map(({ text }) => text),
  };
}

/** Production sells: it needs one provider whose keys are all there. */
export function noProvider(side: 'webhook' | 'bot', registry: readonly ProviderSettings[]): Problem {
  const [first] = registry;
  const keys = (first?.variables ?? []).filter(
    ({ required, neededBy, when }) =>
      required && (side === 'bot' || neededBy !== 'bot') && (when === undefined || when.is === when.otherwise),
  );
  return problem('missing', [...new Set(keys.map(({ name }) => name))].join(', ') || 'PAYMENT_PROVIDERS', {
    expected: 'all keys of one payment provider',
    example: `those of ${first?.provider ?? 'pingpong'}`,
  });
}
