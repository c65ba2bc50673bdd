import type { CapabilitiesModule, PaymentMethod, ProviderCapabilities, ProviderName } from './contract.ts';
import { loadProviders } from './load.ts';

export type { PaymentMethod, ProviderCapabilities, ProviderName } from './contract.ts';

const modules = await loadProviders<CapabilitiesModule>('capabilities');

/** What each provider that exists can do, in the order of `providerNames`. */
export const providerCapabilities: ReadonlyMap<ProviderName, ProviderCapabilities> = new Map(
  [...modules].map(([name, module]) => [name, module.capabilities]),
);

/**
 * A method of a provider by its name in any case; where no name is given the only one that is paid once. Undefined where that names
 * none, or not one.
 */
export function findMethod(provider: ProviderName, name: string | null): PaymentMethod | undefined {
  const methods = providerCapabilities.get(provider)?.methods ?? [];
  if (name === null) {
    const [only, ...more] = methods.filter(({ repeatsDays }) => repeatsDays === undefined);
    return more.length === 0 ? only : undefined;
  }
  return methods.find(({ method }) => method === name.toUpperCase());
}
