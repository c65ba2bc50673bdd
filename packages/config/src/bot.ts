import type { ProviderSettings } from '@mingdan/payments/settings';
import type { BotConfig, CliReading } from './bot-config.ts';
import { botVariables, type Reading, settingsFrom, type Values } from './bot-settings.ts';
import { certificatesAmong } from './certificates.ts';
import { collect } from './collect.ts';
import { insecureAddresses, missingOf, oldKeyWarnings, placeholderWarnings } from './common.ts';
import { type Environment, isProduction } from './environment.ts';
import { readNotifyUrls } from './notify-urls.ts';
import { canSell, chooseOffered, noneOfTheListed } from './offered.ts';
import { ConfigError, type Problem, problem, type Warning } from './problems.ts';
import { type ProviderName, type ReadProviders, readProviders } from './providers.ts';
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
  const listed = values.PAYMENT_PROVIDERS;
  const gateways = readProviders('bot', env, registry, { production, listed });
  const wanted = { listed, providers: gateways.providers, registry, production, told: gateways.problems };
  const choice = chooseOffered(wanted);
  const nothingToOffer = !canSell(choice.offered, wanted) && gateways.problems.length + choice.problems.length === 0;
  const notify = readNotifyUrls(env, meantToBeThere(registry, gateways), production);
  const problems = [
    ...found.problems,
    ...missingOf([...REQUIRED, ...(production ? REQUIRED_IN_PRODUCTION : [])], found, production),
    ...(production ? insecureAddresses(values) : []),
    ...(values.SMTP_URL === undefined ? [] : missingOf(['MAIL_FROM'], found, true)),
    ...(values.BAZI_SOURCE === 'yuanfenju' ? missingOf(['YUANFENJU_API_KEY'], found, true) : []),
    ...gateways.problems,
    ...choice.problems,
    ...(production && nothingToOffer ? nothingLeft(values, gateways, registry) : []),
    ...chatWithoutStars(values, choice.offered),
    ...notify.problems.filter(({ variable }) => !gateways.problems.some((told) => told.variable === variable)),
  ];
  const warnings = [
    ...placeholderWarnings([...found.placeholders, ...gateways.placeholders], problems),
    ...(nothingToOffer && !production ? [NO_PROVIDER] : []),
    ...warningsAbout(values, production),
    ...notify.warnings,
    ...oldKeyWarnings(env),
  ];
  return {
    values,
    production,
    problems,
    rest: {
      providers: gateways.providers,
      offered: choice.offered,
      notifyUrls: notify.notifyUrls,
      refundNotifyUrls: notify.refundNotifyUrls,
      starsByRate: listed?.includes('stars') ?? false,
      certificates: certificatesAmong(env, registry, values.DATABASE_CA),
      warnings: warnings.map(({ text }) => text),
    },
    warnings,
  };
}

/** Those with all their keys, and those with a fault: everything that is wrong is told at once. */
function meantToBeThere(registry: readonly ProviderSettings[], gateways: ReadProviders): ProviderName[] {
  const faulty = new Set(gateways.problems.map(({ variable }) => variable));
  return registry
    .filter(
      ({ provider, variables }) => gateways.providers.has(provider) || variables.some(({ name }) => faulty.has(name)),
    )
    .map(({ provider }) => provider);
}

/** Either no provider has its keys, or those that have them are not among the listed ones. */
function nothingLeft(values: Values, gateways: ReadProviders, registry: readonly ProviderSettings[]): Problem[] {
  const withKeys = registry
    .filter(({ provider, onlyWhenListed }) => !onlyWhenListed && gateways.providers.has(provider))
    .map(({ provider }) => provider);
  if (values.PAYMENT_PROVIDERS !== undefined && withKeys.length > 0) return [noneOfTheListed(withKeys)];
  return [noProvider('bot', registry), ...gateways.placeholders];
}

/** In chat there would be nothing to pay with. Without the bot's token that is what is told. */
function chatWithoutStars(values: Values, offered: readonly ProviderName[]): Problem[] {
  if (!values.CHAT_STARS_ONLY || offered.includes('stars') || values.TELEGRAM_BOT_TOKEN === undefined) return [];
  const about = { expected: '0, or stars among the PAYMENT_PROVIDERS', example: '0' };
  return [problem('refused', 'CHAT_STARS_ONLY', about, 'Stars are not offered, so nothing could be bought in chat')];
}

function warningsAbout(values: Values, production: boolean): Warning[] {
  const warnings: Warning[] = [];
  const warn = (code: Warning['code'], subject: VariableName, text: string): void => {
    warnings.push({ code, subject, text: `${subject} ${text}` });
  };
  if (production && values.TELEGRAM_CHAT_ID === undefined)
    warn('no_alarms', 'TELEGRAM_CHAT_ID', 'is not set: nobody will hear alarms');
  if (production && values.SMTP_URL === undefined)
    warn('no_mail', 'SMTP_URL', 'is not set: buyers without Telegram get no mail');
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
  text: 'No payment provider has its keys: only what is free or has a price in Stars can be had',
};

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
