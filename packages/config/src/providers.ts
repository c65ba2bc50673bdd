import type { ProviderName, ProviderSettings } from '@mingdan/payments/settings';
import type { z } from 'zod';
import { type Environment, isInTheClear, isPlaceholder, rawValue } from './environment.ts';
import { type Problem, problem, type Warning } from './problems.ts';

export type { ProviderName };

type ProviderVariable = ProviderSettings['variables'][number];

/** Settings of the providers whose keys are all there, by provider; each as its own `settings.ts` parsed them. */
export type ProviderMap = ReadonlyMap<ProviderName, unknown>;

export interface ReadProviders {
  readonly providers: ProviderMap;
  readonly problems: readonly Problem[];
  readonly placeholders: readonly Problem[];
}

/**
 * A provider is there when all its required keys are; none of them is fine too, some of them is a problem. The webhook process asks for
 * its own keys only, and gets no others.
 */
export function readProviders(
  side: 'webhook' | 'bot',
  env: Environment,
  registry: readonly ProviderSettings[],
  production: boolean,
): ReadProviders {
  const providers = new Map<ProviderName, unknown>();
  const problems: Problem[] = [];
  const placeholders: Problem[] = [];
  for (const settings of registry) {
    if (production && settings.provider === 'mock') continue;
    const read = readProvider(side, env, settings, production);
    placeholders.push(...read.placeholders);
    problems.push(...read.problems);
    if (read.found !== undefined) providers.set(settings.provider, read.found);
  }
  return { providers, problems, placeholders };
}

interface ReadProvider {
  found?: unknown;
  problems: readonly Problem[];
  placeholders: readonly Problem[];
}

function readProvider(
  side: 'webhook' | 'bot',
  env: Environment,
  settings: ProviderSettings,
  production: boolean,
): ReadProvider {
  const keys = settings.variables.map((variable) => ({ variable, ...readKey(env, variable) }));
  // A variable may be listed twice, once for each process.
  const held = new Map(keys.flatMap(({ variable, placeholder }) => (placeholder ? [[variable.name, variable]] : [])));
  const placeholders = [...held.values()].map((variable) => problem('placeholder', variable.name, variable));
  const required = keys.filter(({ variable }) => variable.required);
  if (!required.some(({ value }) => value !== undefined)) return { problems: [], placeholders };

  // The bot process settles what the webhook process takes in: it runs no provider whose notices nobody could verify.
  const missing = required.filter(
    ({ value, variable }) => value === undefined && (side === 'bot' || isFor(side, variable)),
  );
  if (missing.length > 0) {
    const problems = missing.map(({ variable }) => problem('partial', variable.name, variable, settings.provider));
    const told = new Set(problems.map(({ variable }) => variable));
    return { problems, placeholders: placeholders.filter(({ variable }) => !told.has(variable)) };
  }
  const clear = keys.filter(({ value, variable }) => isFor(side, variable) && isInTheClear(value ?? ''));
  if (production && clear.length > 0) {
    const wrong = clear.map(({ variable }) =>
      problem('invalid', variable.name, { ...variable, expected: `${variable.expected}, with https in production` }),
    );
    return { problems: wrong, placeholders };
  }
  const part = Object.fromEntries(
    keys.flatMap(({ variable, value }) =>
      value !== undefined && isFor(side, variable) ? [[variable.name, value]] : [],
    ),
  );
  const parsed = settings[side].safeParse(part);
  if (parsed.success) return { found: parsed.data, problems: [], placeholders };
  return { problems: problemsOf(parsed.error, settings), placeholders };
}

function readKey(env: Environment, variable: ProviderVariable): { value: string | undefined; placeholder: boolean } {
  const value = rawValue(env, variable.name);
  const placeholder = value !== undefined && isPlaceholder(value, variable.secret ? variable.example : undefined);
  return { value: placeholder ? undefined : value, placeholder };
}

function isFor(side: 'webhook' | 'bot', variable: ProviderVariable): boolean {
  return variable.neededBy === 'both' || variable.neededBy === side;
}

/** One problem a variable; a fault that the provider's schema lays on no variable of its own is laid on its first. */
function problemsOf(error: z.ZodError, settings: ProviderSettings): Problem[] {
  const names = new Set(error.issues.map((issue) => String(issue.path[0])));
  const wrong = settings.variables.filter(({ name }) => names.has(name));
  const blamed = wrong.length > 0 ? wrong : settings.variables.slice(0, 1);
  return blamed.map((variable) => problem('invalid', variable.name, variable, settings.provider));
}

export interface OfferedProviders {
  /** the providers that new orders are offered, in order */
  readonly offered: readonly ProviderName[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly Warning[];
}

const WITHOUT_KEYS: readonly ProviderName[] = ['stars', 'points', 'redpacket'];
const LISTED = { expected: 'providers whose keys are all set', example: 'pingpong' };

/** The list leaves nothing to pay with: said with the names that it could hold. */
export function noneOfTheListed(there: readonly ProviderName[]): Problem {
  const about = { expected: `one or more of ${there.join(', ')}`, example: there[0] ?? LISTED.example };
  return problem('refused', 'PAYMENT_PROVIDERS', about, 'this release offers nothing of what it names');
}

/** `PAYMENT_PROVIDERS` narrows and orders what is there; without it everything is offered in the registry's order, save `mock`. */
export function chooseOffered(
  listed: readonly ProviderName[] | undefined,
  providers: ProviderMap,
  registry: readonly ProviderSettings[],
  production: boolean,
): OfferedProviders {
  const there = [...providers.keys()];
  if (listed === undefined) return { offered: there.filter((name) => name !== 'mock'), problems: [], warnings: [] };
  const problems: Problem[] = [];
  const warnings: Warning[] = [];
  const offered: ProviderName[] = [];
  for (const name of listed) {
    if (name === 'mock' && production)
      problems.push(problem('refused', 'PAYMENT_PROVIDERS', LISTED, 'mock is for development only'));
    else if (providers.has(name)) offered.push(name);
    else if (WITHOUT_KEYS.includes(name) || !registry.some(({ provider }) => provider === name))
      warnings.push({
        code: 'not_in_release',
        subject: name,
        text: `PAYMENT_PROVIDERS names ${name}, which this release does not offer; it is left out`,
      });
    else problems.push(problem('partial', 'PAYMENT_PROVIDERS', LISTED, `${name} has no keys`));
  }
  return { offered, problems, warnings };
}
