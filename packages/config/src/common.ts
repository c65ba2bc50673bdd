import type { Collected } from './collect.ts';
import { type Environment, isInTheClear, rawValue } from './environment.ts';
import { type Problem, problem, type Warning } from './problems.ts';
import { describe, type VariableName } from './variables.ts';

/**
 * Problems for what a process cannot do without. A placeholder is told as such; the others are missing.
 * @param read what `collect` found
 */
export function missingOf(
  required: readonly VariableName[],
  read: Collected<Readonly<Record<string, unknown>>>,
  production: boolean,
): Problem[] {
  return required.flatMap((name) => {
    const told = read.problems.some(({ variable }) => variable === name);
    if (told || read.values[name] !== undefined) return [];
    const placeholder = read.placeholders.find(({ variable }) => variable === name);
    if (placeholder) return [placeholder];
    const about = describe(name);
    return [problem('missing', name, about, production ? undefined : about.development)];
  });
}

/** In production people and gateways must reach us over TLS; a stand-in on the same machine need not. */
export function insecureAddresses(
  values: { readonly [name in 'PUBLIC_URL' | 'WEBHOOK_URL']?: string | undefined },
): Problem[] {
  return (['PUBLIC_URL', 'WEBHOOK_URL'] as const).flatMap((name) => {
    const value = values[name];
    if (value === undefined || !isInTheClear(value)) return [];
    return [problem('invalid', name, describe(name), 'production wants https')];
  });
}

/** Placeholders where nothing was required: said, but they stop nobody. */
export function placeholderWarnings(placeholders: readonly Problem[], problems: readonly Problem[]): Warning[] {
  const told = new Set(problems.map(({ variable }) => variable));
  return placeholders
    .filter(({ variable }) => !told.has(variable))
    .map(({ variable, line }) => ({ code: 'placeholder', subject: variable, text: line }));
}

const OLD_WECHAT_KEYS = ['WECHAT_KEY', 'WECHAT_API_KEY'];
const NEW_WECHAT_KEYS =
  'WECHAT_API_CLIENT_CERT, WECHAT_API_CLIENT_KEY, WECHAT_API_SERIAL_NO, WECHAT_PLATFORM_PUBLIC_KEY, WECHAT_PLATFORM_KEY_ID';

/** Keys of WeChat's API v2 are still found in many `.env` files. */
export function oldKeyWarnings(env: Environment): Warning[] {
  const found = OLD_WECHAT_KEYS.filter((name) => rawValue(env, name) !== undefined);
  if (found.length === 0) return [];
  const subject = found.join(', ');
  const text = `${subject}: WeChat Pay API v2 is not used; set WECHAT_API_V3_KEY and the certificate settings (${NEW_WECHAT_KEYS})`;
  return [{ code: 'old_wechat_keys', subject, text }];
}
