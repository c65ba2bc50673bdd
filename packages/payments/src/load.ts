import { existsSync } from 'node:fs';
import { type ProviderName, providerNames } from './registry.ts';

export type ProviderFile = 'settings' | 'capabilities' | 'verify' | 'client' | 'doctor' | 'sign-for-tests';

/**
 * Loads one file of every provider that has it. Each door loads its own file only: that is how the webhook process takes the
 * verifiers of all gateways without one line of code that can spend.
 */
export async function loadProviders<T>(file: ProviderFile): Promise<ReadonlyMap<ProviderName, T>> {
  const loaded = new Map<ProviderName, T>();
  for (const name of providerNames) {
    const address = new URL(`./providers/${name}/${file}.ts`, import.meta.url);
    if (existsSync(address)) loaded.set(name, await import(address.href));
  }
  return loaded;
}
