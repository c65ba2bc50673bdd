import type { ClientModule, ClientTools, PaymentClient, ProviderName } from './contract.ts';
import { loadProviders } from './load.ts';

export * from './contract.ts';

const modules = await loadProviders<ClientModule>('client');

/**
 * Door 2, for the bot process: a client for each provider, in the order of `settings`.
 * @param settings by provider, as its own `settings.bot` parsed them
 */
export function createClients(
  settings: ReadonlyMap<ProviderName, unknown>,
  tools: ClientTools,
): ReadonlyMap<ProviderName, PaymentClient> {
  const clients = new Map<ProviderName, PaymentClient>();
  for (const [provider, values] of settings) {
    const module = modules.get(provider);
    if (module) clients.set(provider, module.createClient(values, tools));
  }
  return clients;
}
