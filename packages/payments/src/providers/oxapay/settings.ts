import { z } from 'zod';
import type { ProviderSettings } from '../../contract.ts';
import { apiRoot, text } from '../../values.ts';

export interface OxapayWebhook {
  /** the merchant key: OxaPay has no other secret for its notices */
  readonly secretKey: string;
}

export interface OxapayBot extends OxapayWebhook {
  /** root without a version and without a trailing slash */
  readonly apiBase: string;
}

export const settings: ProviderSettings<OxapayWebhook, OxapayBot> = {
  provider: 'oxapay',
  variables: [
    {
      name: 'OXAPAY_SECRET_KEY',
      expected: 'the merchant API key of OxaPay (not the payout key): dashboard, Merchant Service',
      example: 'ABCDEF-GHIJKL-MNOPQR-STUVWX',
      secret: true,
      neededBy: 'both',
      required: true,
    },
    {
      name: 'OXAPAY_API_BASE',
      expected: 'the root of the OxaPay API, without a version',
      example: 'https://api.oxapay.com',
      secret: false,
      neededBy: 'bot',
      required: false,
    },
  ],
  webhook: z.object({ OXAPAY_SECRET_KEY: text }).transform((values) => ({ secretKey: values.OXAPAY_SECRET_KEY })),
  bot: z
    .object({
      OXAPAY_SECRET_KEY: text,
      OXAPAY_API_BASE: apiRoot.default('https://api.oxapay.com'),
    })
    .transform((values) => ({
      secretKey: values.OXAPAY_SECRET_KEY,
      apiBase: values.OXAPAY_API_BASE,
    })),
};
