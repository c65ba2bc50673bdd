import { randomBytes } from 'node:crypto';
import { type GatewayName, gatewayNames } from '@mingdan/app-sandbox/src/gateways/index.ts';
import { type Environment, isPlaceholder, isProduction } from '@mingdan/config';
import { randomToken } from '@mingdan/kernel';
import { type ProviderSettings, providerSettings } from '@mingdan/payments/settings';

/** Who answers for an outside service: it itself, or our stand-in. `local` = computed here, nobody is asked. */
export interface Plan {
  telegram: 'real' | 'sandbox';
  mail: 'real' | 'sandbox';
  deepseek: 'real' | 'sandbox';
  bazi: 'real' | 'sandbox' | 'local';
  /** payment providers with keys of their own */
  payments: readonly string[];
  /** gateways that the sandbox plays: those without a key */
  playMoney: readonly GatewayName[];
  production: boolean;
  database: 'own' | 'embedded';
  needsSandbox: boolean;
}

/** A placeholder such as `your-key` is no value. */
export function has(env: Environment, name: string): boolean {
  const value = env[name]?.trim() ?? '';
  return value !== '' && !isPlaceholder(value);
}

/** Each real service switches on by its own key. In production there is no sandbox; what is missing is then told by the processes' own checks. */
export function planOf(env: Environment, registry: readonly ProviderSettings[] = providerSettings): Plan {
  const production = isProduction(env);
  const orSandbox = (name: string): 'real' | 'sandbox' => (production || has(env, name) ? 'real' : 'sandbox');
  const payments = registry
    .filter(
      ({ provider, variables }) =>
        provider !== 'mock' &&
        variables.some(({ name, required }) => required && isOf(provider, name) && has(env, name)),
    )
    .map(({ provider }) => provider as string);
  const bazi = baziOf(env, production);
  const telegram = orSandbox('TELEGRAM_BOT_TOKEN');
  const deepseek = orSandbox('DEEPSEEK_API_KEY');
  const mail = orSandbox('SMTP_URL');
  const playMoney = production ? [] : gatewayNames.filter((name) => !payments.includes(name));
  return {
    telegram,
    mail,
    deepseek,
    bazi,
    payments,
    playMoney,
    production,
    database: production || has(env, 'DATABASE_URL') ? 'own' : 'embedded',
    needsSandbox: playMoney.length > 0 || [telegram, mail, deepseek, bazi].includes('sandbox'),
  };
}

/** Stars have the bot's token for a key, which is there for the chat anyway and makes no gateway real. */
function isOf(provider: string, variable: string): boolean {
  return variable.startsWith(`${provider.toUpperCase()}_`);
}

function baziOf(env: Environment, production: boolean): Plan['bazi'] {
  const source = env['BAZI_SOURCE']?.trim().toLowerCase() || 'auto';
  if (source === 'local') return 'local';
  if (has(env, 'YUANFENJU_API_KEY')) return 'real';
  return source === 'yuanfenju' && !production ? 'sandbox' : 'local';
}

/** What the sandbox and the processes agree on; made anew at each start, since it opens nothing but the sandbox. */
export interface SandboxKeys {
  botToken: string;
  deepseekApiKey: string;
  yuanfenjuApiKey: string;
}

export function makeSandboxKeys(): SandboxKeys {
  return {
    botToken: `7000000001:${randomToken(26)}`,
    deepseekApiKey: `sk-${randomToken(24)}`,
    yuanfenjuApiKey: randomToken(24),
  };
}

/** The sandbox's roots, one a service. */
export interface SandboxUrls {
  telegram: string;
  smtp: string;
  deepseek: string;
  yuanfenju: string;
}

/** What changes for the processes where the sandbox answers: base URLs and keys, nothing else. Its gateways: see `gatewayEnvironment`. */
export function sandboxEnvironment(plan: Plan, keys: SandboxKeys, urls: SandboxUrls): Record<string, string> {
  return {
    ...(plan.telegram === 'sandbox' ? { TELEGRAM_BOT_TOKEN: keys.botToken, TELEGRAM_API_ROOT: urls.telegram } : {}),
    ...(plan.mail === 'sandbox' ? { SMTP_URL: urls.smtp, MAIL_FROM: 'Mingdan <shop@mingdan.example>' } : {}),
    ...(plan.deepseek === 'sandbox' ? { DEEPSEEK_API_KEY: keys.deepseekApiKey, DEEPSEEK_BASE_URL: urls.deepseek } : {}),
    ...(plan.bazi === 'sandbox' ? { YUANFENJU_API_KEY: keys.yuanfenjuApiKey, YUANFENJU_BASE_URL: urls.yuanfenju } : {}),
  };
}

/** Of the machine, not of Mingdan: what any process may need to run and to reach the network. */
const MACHINE = [
  'PATH',
  'HOME',
  'TZ',
  'LANG',
  'TMPDIR',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
];

const WEBHOOK = [
  'NODE_ENV',
  'LOG_LEVEL',
  'DATABASE_URL',
  'WEBHOOK_DATABASE_URL',
  'DATABASE_CA',
  'WEBHOOK_REQUIRE_ROLE',
  'WEBHOOK_PORT',
  'WEBHOOK_URL',
  'PUBLIC_URL',
  'TRUST_PROXY',
  'PAYMENT_PROVIDERS',
  'NOTICE_PUBLIC_KEY',
  'MOCK_WEBHOOK_SECRET',
];

/** The names that the webhook process may see: an allow list, so that a new secret stays out of it by itself. */
export function webhookVariables(registry: readonly ProviderSettings[] = providerSettings): string[] {
  const ofProviders = registry.flatMap(({ variables }) => variables.filter(({ neededBy }) => neededBy !== 'bot'));
  return [...WEBHOOK, ...ofProviders.map(({ name }) => name)];
}

export function webhookEnvironment(env: Environment, registry?: readonly ProviderSettings[]): Record<string, string> {
  return pick(env, [...MACHINE, ...webhookVariables(registry)]);
}

export function machineEnvironment(env: Environment): Record<string, string> {
  return pick(env, MACHINE);
}

export function pick(env: Environment, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}

/** npm's own variables would only be noise in the processes. */
export function botEnvironment(env: Environment): Record<string, string> {
  return pick(
    env,
    Object.keys(env).filter((name) => !/^npm_/i.test(name)),
  );
}

/**
 * Nothing of this machine's `.env` counts in the demo: each setting that could lead out of the sandbox or change the course of an order
 * is set here, since the processes read `.env` themselves for what they are not given.
 */
export function demoEnvironment(machine: Environment): Record<string, string> {
  return {
    ...machineEnvironment(machine),
    NODE_ENV: 'development',
    LOG_LEVEL: 'info',
    BOT_ROLES: 'telegram,http,worker',
    TELEGRAM_MODE: 'polling',
    PAYMENT_PROVIDERS: 'pingpong',
    BAZI_SOURCE: 'local',
    OPERATOR_LANGUAGE: 'zh-CN',
    API_KEY: randomToken(24),
    ADMIN_TOKEN: randomToken(24),
    SECRET_KEY: randomToken(36),
    DATA_ENCRYPTION_KEY: `demo:${randomBytes(32).toString('base64')}`,
  };
}
