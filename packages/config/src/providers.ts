import type { ProviderName, ProviderSettings, ProviderVariable } from '@mingdan/payments/settings';
import type { z } from 'zod';
import { type Environment, isInTheClear, isPlaceholder, rawValue } from './environment.ts';
import { type Problem, problem } from './problems.ts';
import { isOwnVariable } from './variables.ts';

export type { ProviderName };

/** Settings of the providers whose keys are all there, by provider; each as its own `settings.ts` parsed them. */
export type ProviderMap = ReadonlyMap<ProviderName, unknown>;

export type Side = 'webhook' | 'bot';

export interface ReadProviders {
  readonly providers: ProviderMap;
  readonly problems: readonly Problem[];
  readonly placeholders: readonly Problem[];
}

/**
 * A provider is there when all its required keys are; none of them is fine too, some of them is a problem. One that needs no keys is
 * always there for the bot process: it settles what it has, also when it is offered no longer. The webhook process asks for its own
 * keys only, and gets no others.
 * @param listed PAYMENT_PROVIDERS
 */
export function readProviders(
  side: Side,
  env: Environment,
  registry: readonly ProviderSettings[],
  { production, listed = [] }: { production: boolean; listed?: readonly ProviderName[] | undefined },
): ReadProviders {
  const providers = new Map<ProviderName, unknown>();
  const problems: Problem[] = [];
  const placeholders: Problem[] = [];
  for (const settings of registry) {
    if (production && settings.provider === 'mock') continue;
    if (side === 'webhook' && !settings.variables.some((variable) => isFor(side, variable))) continue;
    const wanted = settings.onlyWhenListed === true && listed.includes(settings.provider);
    const read = readProvider(side, env, settings, { production, wanted });
    placeholders.push(...read.placeholders);
    problems.push(...read.problems);
    if (read.found !== undefined) providers.set(settings.provider, read.found);
  }
  // A provider may read what the process reads anyway (the bot's token): that is told once, as the process's own.
  const notOwn = ({ variable }: Problem): boolean => !isOwnVariable(variable);
  return { providers, problems: problems.filter(notOwn), placeholders: placeholders.filter(notOwn) };
}

interface ReadProvider {
  found?: unknown;
  problems: readonly Problem[];
  placeholders: readonly Problem[];
}

interface ReadKey {
  readonly variable: ProviderVariable;
  readonly value: string | undefined;
  readonly placeholder: boolean;
}

function readProvider(
  side: Side,
  env: Environment,
  settings: ProviderSettings,
  { production, wanted }: { production: boolean; wanted: boolean },
): ReadProvider {
  const keys = settings.variables.map((variable): ReadKey => ({ variable, ...readKey(env, variable) }));
  // A variable may be listed twice, once for each process.
  const held = new Map(keys.flatMap(({ variable, placeholder }) => (placeholder ? [[variable.name, variable]] : [])));
  const placeholders = [...held.values()].map((variable) => problem('placeholder', variable.name, variable));
  const strange = strangeProtocols(env, settings);
  if (strange.length > 0) return { problems: strange, placeholders };

  // Also a key of another of its protocols says that the provider is meant to be there.
  const required = keys.filter(({ variable }) => variable.required);
  const isMeant = wanted || required.length === 0 || required.some(({ value }) => value !== undefined);
  if (!isMeant) return { problems: [], placeholders };

  const missing = missingKeys(side, env, settings, required);
  if (missing.length > 0) {
    const told = new Set(missing.map(({ variable }) => variable));
    return { problems: missing, placeholders: placeholders.filter(({ variable }) => !told.has(variable)) };
  }
  const clear = production ? sentInTheClear(side, keys) : [];
  if (clear.length > 0) return { problems: clear, placeholders };
  const part = keys.flatMap(({ variable, value }) =>
    value !== undefined && isFor(side, variable) ? [[variable.name, value]] : [],
  );
  const parsed = settings[side].safeParse(Object.fromEntries(part));
  if (parsed.success) return { found: parsed.data, problems: [], placeholders };
  return { problems: problemsOf(parsed.error, side, settings), placeholders };
}

/** The bot process settles what the webhook process takes in: it runs no provider whose notices nobody could verify. */
function missingKeys(
  side: Side,
  env: Environment,
  settings: ProviderSettings,
  required: readonly ReadKey[],
): readonly Problem[] {
  const missing = required.filter(
    ({ value, variable }) =>
      value === undefined && isOfChosenProtocol(env, variable) && (side === 'bot' || isFor(side, variable)),
  );
  return oneEach(missing.map(({ variable }) => variable)).map((variable) => {
    const protocol = variable.when ? `, ${variable.when.name}=${variable.when.is}` : '';
    return problem('partial', variable.name, variable, `${settings.provider}${protocol}`);
  });
}

/** The process's own addresses have a rule of their own (a Bot API server in the same network is no way). */
function sentInTheClear(side: Side, keys: readonly ReadKey[]): readonly Problem[] {
  return keys
    .filter(
      ({ value, variable }) => isFor(side, variable) && !isOwnVariable(variable.name) && isInTheClear(value ?? ''),
    )
    .map(({ variable }) =>
      problem('invalid', variable.name, { ...variable, expected: `${variable.expected}, with https in production` }),
    );
}

function readKey(env: Environment, variable: ProviderVariable): { value: string | undefined; placeholder: boolean } {
  const value = rawValue(env, variable.name);
  const placeholder = value !== undefined && isPlaceholder(value, variable.secret ? variable.example : undefined);
  return { value: placeholder ? undefined : value, placeholder };
}

type Choice = NonNullable<ProviderVariable['when']>;

function isOfChosenProtocol(env: Environment, { when }: ProviderVariable): boolean {
  return when === undefined || chosen(env, when) === when.is.toLowerCase();
}

function chosen(env: Environment, { name, otherwise }: Choice): string {
  const value = rawValue(env, name);
  return (value === undefined || isPlaceholder(value) ? otherwise : value).toLowerCase();
}

/** A protocol that nobody speaks: with it a gateway would refuse every payment, and say so to buyers only. */
function strangeProtocols(env: Environment, settings: ProviderSettings): readonly Problem[] {
  const choices = settings.variables.flatMap(({ when }) => (when ? [when] : []));
  const names = [...new Set(choices.map(({ name }) => name))];
  return names.flatMap((name) => {
    const words = [...new Set(choices.filter((choice) => choice.name === name).map(({ is }) => is))];
    const choice = choices.find((each) => each.name === name);
    if (!choice || words.some((word) => word.toLowerCase() === chosen(env, choice))) return [];
    const about = { expected: words.join(' or '), example: choice.otherwise };
    return [problem('invalid', name, settings.variables.find((variable) => variable.name === name) ?? about)];
  });
}

function isFor(side: Side, variable: ProviderVariable): boolean {
  return variable.neededBy === 'both' || variable.neededBy === side;
}

/** One problem a variable; a fault that the provider's schema lays on no variable of its own is laid on its first. */
function problemsOf(error: z.ZodError, side: Side, settings: ProviderSettings): Problem[] {
  const names = new Set(error.issues.map((issue) => String(issue.path[0])));
  const own = settings.variables.filter((variable) => isFor(side, variable));
  const wrong = own.filter(({ name }) => names.has(name));
  const blamed = wrong.length > 0 ? wrong : own.slice(0, 1);
  return oneEach(blamed).map((variable) =>
    problem('invalid', variable.name, variable, [settings.provider, ...wordsAbout(error, variable.name)].join(': ')),
  );
}

/** What the provider itself has to say: its words are fixed, and hold no value. Those of zod may. */
function wordsAbout(error: z.ZodError, name: string): string[] {
  const own = error.issues.filter((issue) => issue.code === 'custom' && issue.path[0] === name);
  return own.flatMap(({ message }) => (message === 'Invalid input' ? [] : [message])).slice(0, 1);
}

function oneEach(variables: readonly ProviderVariable[]): ProviderVariable[] {
  return [...new Map(variables.map((variable) => [variable.name, variable])).values()];
}
