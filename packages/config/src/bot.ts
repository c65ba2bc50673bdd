import type { ProviderSettings } from '@mingdan/payments/settings';
import type { BotConfig, CliReading } from './bot-config.ts';
import { botVariables, type Reading, settingsFrom, type Values } from './bot-settings.ts';
import { collect } from './collect.ts';
import {
  insecureAddresses,
  missingOf,
  oldKeyWarnings,
  otherProtocol,
  placeholderWarnings,
  starsWarnings,
} from './common.ts';
import { type Environment, isProduction, rawValue } from './environment.ts';
import { ConfigError, type Problem, problem, type Warning } from './problems.ts';
import {
  chooseOffered,
  noneOfTheListed,
  type ProviderMap,
  type ProviderName,
  type ReadProviders,
  readProviders,
} from './providers.ts';
import { describe, type VariableName } from './variables.ts';
import { noProvider } from './webhook.ts';

const REQUIRED: readonly VariableName[] = [
  'DATABASE_URL',
  'TELEGRAM_BOT_TOKEN',
  'DEEPSEEK_API_KEY',
  'DATA_ENCRYPTION_KEY',
  'SECRET_KEY',
  'API_KEY',
  'ADMIN_TOKEN',
];
const REQUIRED_IN_PRODUCTION: readonly VariableName[] = ['PUBLIC_URL', 'WEBHOOK_URL'];

function read(env: Environment, registry: readonly ProviderSettings[]): Reading {
  const production = isProduction(env);
  const found = collect(botVariables, env, (name) => describe(botVariables.keyof().parse(name)));
  const { values } = found;
  const gateways = readProviders('bot', env, registry, production);
  const choice = chooseOffered(values.PAYMENT_PROVIDERS, gateways.providers, registry, production);
  const nothingToOffer = choice.offered.length === 0 && gateways.problems.length + choice.problems.length === 0;
  const problems = [
    ...found.problems,
    ...missingOf([...REQUIRED, ...(production ? REQUIRED_IN_PRODUCTION : [])], found, production),
    ...(production ? insecureAddresses(values) : []),
    ...(values.BAZI_SOURCE === 'yuanfenju' ? missingOf(['YUANFENJU_API_KEY'], found, true) : []),
    ...gateways.problems,
    ...otherProtocol(env),
    ...choice.problems,
    ...(production && nothingToOffer ? nothingLeft(values, gateways, registry) : []),
  ];
  const warnings = [
    ...placeholderWarnings([...found.placeholders, ...gateways.placeholders], problems),
    ...choice.warnings,
    ...(nothingToOffer && !production ? [NO_PROVIDER] : []),
    ...warningsAbout(values, production),
    ...oldKeyWarnings(env),
    ...starsWarnings(env),
  ];
  const notify = ownNotifyUrls(env, gateways.providers);
  return {
    values,
    production,
    problems: [...problems, ...notify.problems],
    rest: {
      providers: gateways.providers,
      offered: choice.offered,
      notifyUrls: notify.urls,
      warnings: warnings.map(({ text }) => text),
    },
    warnings,
  };
}

/** Either no provider has its keys, or those that have them are not among the listed ones. */
function nothingLeft(values: Values, gateways: ReadProviders, registry: readonly ProviderSettings[]): Problem[] {
  if (values.PAYMENT_PROVIDERS === undefined || gateways.providers.size === 0)
    return [noProvider('bot', registry), ...gateways.placeholders];
  return [noneOfTheListed([...gateways.providers.keys()])];
}

function warningsAbout(values: Values, production: boolean): Warning[] {
  const warnings: Warning[] = [];
  const warn = (code: Warning['code'], subject: VariableName, text: string): void => {
    warnings.push({ code, subject, text: `${subject} ${text}` });
  };
  if (production && values.TELEGRAM_CHAT_ID === undefined)
    warn('no_alarms', 'TELEGRAM_CHAT_ID', 'is not set: nobody will hear alarms');
  if (values.PUBLIC_URL?.startsWith('https:') && values.TRUST_PROXY === undefined)
    warn(
      'no_trust_proxy',
      'TRUST_PROXY',
      'is not set, while PUBLIC_URL is https: behind a proxy all visitors share one rate limit',
    );
  if (values.TELEGRAM_BOT_TOKEN !== undefined && !/^\d+:[\w-]+$/.test(values.TELEGRAM_BOT_TOKEN))
    warn('odd_token', 'TELEGRAM_BOT_TOKEN', 'does not look like a token of @BotFather (123456789:letters)');
  for (const name of ['API_KEY', 'ADMIN_TOKEN'] as const) {
    if (production && (values[name]?.length ?? 16) < 16)
      warn('short_key', name, 'is shorter than 16 characters: it can be guessed');
  }
  return warnings;
}

const NO_PROVIDER: Warning = {
  code: 'no_provider',
  subject: 'PAYMENT_PROVIDERS',
  text: 'No payment provider has its keys: only free products can be had',
};

const NOTIFY_URL = {
  expected: 'the full https address that the gateway sends its notices to',
  example: 'https://pay.example.com/webhook/alipay',
};

function ownNotifyUrls(
  env: Environment,
  providers: ProviderMap,
): { urls: BotConfig['notifyUrls']; problems: Problem[] } {
  const urls: Partial<Record<ProviderName, string>> = {};
  const problems: Problem[] = [];
  for (const provider of providers.keys()) {
    const name = `${provider.toUpperCase()}_NOTIFY_URL`;
    const value = rawValue(env, name);
    if (value === undefined) continue;
    if (/^https?:\/\//.test(value) && URL.canParse(value)) urls[provider] = value;
    else problems.push(problem('invalid', name, NOTIFY_URL));
  }
  return { urls, problems };
}

/** @throws ConfigError naming everything that is wrong */
export function readBotConfig(env: Environment, options: { providers: readonly ProviderSettings[] }): BotConfig {
  const reading = read(env, options.providers);
  if (reading.problems.length > 0) throw new ConfigError(reading.problems);
  return settingsFrom<never>(reading, (value) => {
    if (value === undefined) throw new ConfigError([]);
    return value;
  });
}

/** Never throws: the CLI works with what there is, and `doctor` tells what is wrong. */
export function readCliConfig(env: Environment, options: { providers: readonly ProviderSettings[] }): CliReading {
  const reading = read(env, options.providers);
  const { problems, warnings } = reading;
  return { config: settingsFrom<null>(reading, (value) => value ?? null), problems, warnings };
}
