import { z } from 'zod';
import type { ProviderSettings } from '../../contract.ts';
import { text } from '../../values.ts';

export interface MockSettings {
  readonly webhookSecret: string;
}

const schema = z
  .object({ MOCK_WEBHOOK_SECRET: text })
  .transform((values): MockSettings => ({ webhookSecret: values.MOCK_WEBHOOK_SECRET }));

/** Development only. The bot process has the secret too: there, its own page plays the gateway. */
export const settings: ProviderSettings<MockSettings, MockSettings> = {
  provider: 'mock',
  onlyWhenListed: true,
  variables: [
    {
      name: 'MOCK_WEBHOOK_SECRET',
      expected: 'any text that signs the notices of the mock provider, in development',
      example: 'a-random-text-of-your-own',
      secret: true,
      neededBy: 'both',
      required: true,
    },
  ],
  webhook: schema,
  bot: schema,
};
