import type { Localised } from '@mingdan/kernel';
import { loadProviders } from './load.ts';
import type { ProviderName } from './registry.ts';

/** A key that is whole but in the wrong place, or anything else that only a person who knows the gateway would see. */
export interface ProviderFinding {
  readonly state: 'warn' | 'fail';
  readonly variable: string;
  /** what is wrong and what to do; never a value */
  readonly text: Localised;
}

/** `providers/<name>/doctor.ts`; a provider may have none. Pure: nobody is asked. */
export interface DoctorModule {
  /** @param settings as the provider's own `settings.bot` parsed them */
  diagnose?(settings: unknown): readonly ProviderFinding[];
  /** in operators' words why a notice was refused, where the record of it leaves them alone */
  explainRefusal?(why: string): Localised | undefined;
}

const modules = await loadProviders<DoctorModule>('doctor');

/** What is odd about the settings of one provider. */
export function diagnose(provider: ProviderName, settings: unknown): readonly ProviderFinding[] {
  return modules.get(provider)?.diagnose?.(settings) ?? [];
}

/** @param why as the record of refused notices has it */
export function explainRefusal(provider: string, why: string): Localised | undefined {
  for (const [name, module] of modules) if (name === provider) return module.explainRefusal?.(why);
  return undefined;
}
