import { join } from 'node:path';
import { type GatewayName, gatewayNames, gateways } from '@mingdan/app-sandbox/src/gateways/index.ts';
import { type KeptKeys, keepGatewayKeys } from '@mingdan/app-sandbox/src/gateways/keys.ts';
import type { Environment } from '@mingdan/config';
import { type ProviderSettings, providerSettings } from '@mingdan/payments/settings';
import { has, type Plan, pick } from './environment.ts';

/** Keys of both sides for the gateways that the sandbox plays. */
export interface PlayedGateways {
  readonly names: readonly GatewayName[];
  /** where they are kept, for the sandbox to read its half */
  readonly keysFile: string;
  readonly keys: KeptKeys;
}

/**
 * Makes what is missing; kept over a restart, so that payments of before can still be paid and refunded. A throw-away system has none of
 * before, and makes keys only for what it offers: RSA pairs take a while.
 */
export function playGateways(env: Environment, plan: Plan, folder: string, persistent: boolean): PlayedGateways {
  const listed = listOf(env);
  const names = gatewayNames.filter(
    (name) => plan.playMoney.includes(name) && (persistent || listed === undefined || listed.includes(name)),
  );
  const keysFile = join(folder, 'gateway-keys.json');
  return { names, keysFile, keys: keepGatewayKeys(keysFile, names) };
}

/**
 * What leads our processes to the stand-ins. What `.env` says beside keys and addresses (a protocol, say) stays as it is.
 * @param url root of the sandbox
 */
export function gatewayEnvironment(
  env: Environment,
  { names, keys }: PlayedGateways,
  url: string,
): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { name, addresses } of gateways.filter((gateway) => names.includes(gateway.name))) {
    const environment = keys[name]?.environment ?? {};
    const unset = Object.keys(environment).filter((variable) => !has(env, variable));
    Object.assign(found, pick(environment, unset), addresses(`${url}/${name}`, url));
  }
  return found;
}

/**
 * What new orders are offered, in the registry's order: all that has keys, real or played, and what needs none. Where one gateway is
 * real nobody shall be able to buy with play money beside it, unless `.env` says so.
 * @param settings with what leads to the sandbox @returns undefined where `.env` or production decide
 */
export function offerOf(
  settings: Environment,
  plan: Plan,
  registry: readonly ProviderSettings[] = providerSettings,
): string | undefined {
  if (listOf(settings) !== undefined || plan.production) return undefined;
  const isThere = ({ variables }: ProviderSettings): boolean =>
    variables.every(({ name, required, when }) => !required || when !== undefined || has(settings, name));
  const isReal = ({ provider }: ProviderSettings): boolean =>
    plan.payments.includes(provider) || (provider === 'stars' && plan.telegram === 'real');
  const offered = registry.filter(plan.payments.length > 0 ? isReal : isThere);
  return offered.map(({ provider }) => provider).join(',');
}

function listOf(env: Environment): string[] | undefined {
  if (!has(env, 'PAYMENT_PROVIDERS')) return undefined;
  return env['PAYMENT_PROVIDERS']?.split(',').map((name) => name.trim().toLowerCase());
}
