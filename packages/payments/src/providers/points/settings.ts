import { z } from 'zod';
import type { ProviderSettings } from '../../contract.ts';

/** Coins need no keys: being listed in PAYMENT_PROVIDERS turns them on. */
export const settings: ProviderSettings<object, object> = {
  provider: 'points',
  onlyWhenListed: true,
  variables: [],
  webhook: z.object({}),
  bot: z.object({}),
};
