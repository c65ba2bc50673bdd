import type { NoticeVerifier, ProviderName, VerifyModule } from './contract.ts';
import { loadProviders } from './load.ts';

export * from './contract.ts';

const modules = await loadProviders<VerifyModule>('verify');

/**
 * Door 1, for the webhook process: a verifier for each provider that sends notices.
 * @param settings by provider, as its own `settings.webhook` parsed them
 */
export function createVerifiers(
  settings: ReadonlyMap<ProviderName, unknown>,
): ReadonlyMap<ProviderName, NoticeVerifier> {
  const verifiers = new Map<ProviderName, NoticeVerifier>();
  for (const [provider, module] of modules) {
    if (settings.has(provider)) verifiers.set(provider, module.createVerifier(settings.get(provider)));
  }
  return verifiers;
}
