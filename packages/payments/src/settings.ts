import type { ProviderSettings, SettingsModule } from './contract.ts';
import { loadProviders } from './load.ts';

export type { ProviderName, ProviderSettings, ProviderVariable } from './contract.ts';
export { providerNames } from './registry.ts';

const modules = await loadProviders<SettingsModule>('settings');

/** The settings of every provider that exists, in the order of `providerNames`. */
export const providerSettings: readonly ProviderSettings[] = [...modules.values()].map((module) => module.settings);
