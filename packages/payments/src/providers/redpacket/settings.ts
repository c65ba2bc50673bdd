import { z } from 'zod';
import type { ProviderSettings } from '../../contract.ts';

/** Red packets need no keys, but operators who redeem them: being listed in PAYMENT_PROVIDERS turns them on. */
export const settings: ProviderSettings<object, object> = {
  provider: 'redpacket',
  onlyWhenListed: true,
  variables: [],
  webhook: z.object({}),
  bot: z.object({}),
};
