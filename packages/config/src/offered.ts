import type { ProviderSettings } from '@mingdan/payments/settings';
import { type Problem, problem } from './problems.ts';
import type { ProviderMap, ProviderName } from './providers.ts';
import { isOwnVariable } from './variables.ts';

export interface OfferedProviders {
  /** the providers that new orders are offered, in order */
  readonly offered: readonly ProviderName[];
  readonly problems: readonly Problem[];
}

export interface OfferWanted {
  /** PAYMENT_PROVIDERS */
  readonly listed: readonly ProviderName[] | undefined;
  readonly providers: ProviderMap;
  readonly registry: readonly ProviderSettings[];
  readonly production: boolean;
  /** what is known to be wrong with the providers' keys */
  readonly told: readonly Problem[];
}

const LISTED = { expected: 'providers whose keys are all set', example: 'pingpong' };

/**
 * `PAYMENT_PROVIDERS` narrows and orders what is there. Without it everything with keys is offered in the registry's order, and Stars
 * last: they need no keys, and are taken for what has a price in them.
 */
export function chooseOffered(wanted: OfferWanted): OfferedProviders {
  const { listed, providers, registry } = wanted;
  if (listed === undefined) {
    const there = registry.filter(({ provider, onlyWhenListed }) => !onlyWhenListed && providers.has(provider));
    const names = there.map(({ provider }) => provider);
    return { offered: [...names.filter((name) => name !== 'stars'), ...names.filter(isStars)], problems: [] };
  }
  return {
    offered: listed.filter((name) => providers.has(name)),
    problems: listed.filter((name) => !providers.has(name)).flatMap((name) => whyNot(name, wanted)),
  };
}

function whyNot(name: ProviderName, { registry, production, told }: OfferWanted): Problem[] {
  const refused = (why: string): Problem[] => [problem('refused', 'PAYMENT_PROVIDERS', LISTED, why)];
  if (name === 'mock' && production) return refused('mock is for development only');
  const settings = registry.find(({ provider }) => provider === name);
  if (!settings) return refused(`there is no ${name} yet`);
  const variables = new Set(settings.variables.map((variable) => variable.name));
  if (told.some(({ variable }) => variables.has(variable)) || [...variables].some(isOwnVariable)) return [];
  return [problem('partial', 'PAYMENT_PROVIDERS', LISTED, `${name} has no keys`)];
}

/**
 * Whether anything can be bought for money. Stars that are not listed may have no price anywhere; coins have to be bought first, and a
 * code waits for an operator.
 */
export function canSell(offered: readonly ProviderName[], wanted: OfferWanted): boolean {
  const { listed, registry, production } = wanted;
  const helpers = new Set(registry.filter(({ onlyWhenListed }) => onlyWhenListed).map(({ provider }) => provider));
  return offered.some((name) => (isStars(name) ? listed !== undefined : !production || !helpers.has(name)));
}

/** The list leaves nothing to pay with: said with the names that it could hold. */
export function noneOfTheListed(there: readonly ProviderName[]): Problem {
  const about = { expected: `one or more of ${there.join(', ')}`, example: there[0] ?? LISTED.example };
  return problem('refused', 'PAYMENT_PROVIDERS', about, 'coins and red-packet codes alone are not enough');
}

const isStars = (name: ProviderName): boolean => name === 'stars';
