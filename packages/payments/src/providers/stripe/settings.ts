import { z } from 'zod';
import type { ProviderSettings } from '../../contract.ts';
import { apiRoot } from '../../values.ts';

export interface StripeWebhook {
  /** every secret that may sign: two while one is being rolled */
  readonly webhookSecrets: readonly string[];
  /** what the publishable key says of the account's mode; null where it is not set, and then not compared */
  readonly liveMode: boolean | null;
}

export interface StripeBot {
  /** without a version and without a trailing slash */
  readonly apiBase: string;
  readonly secretKey: string;
}

const DEFAULT_API_BASE = 'https://api.stripe.com';

// A key in the wrong variable would be a secret that signs nothing, or one that is shown to buyers: better found before the start.
const key = (wrong: RegExp) =>
  z
    .string()
    .trim()
    .regex(/^[\x21-\x7e]+$/)
    .refine((value) => !wrong.test(value));
const webhookSecrets = z
  .string()
  .transform((value) =>
    value
      .split(',')
      .map((secret) => secret.trim())
      .filter((secret) => secret !== ''),
  )
  .pipe(z.array(key(/^[srp]k_/)).min(1));
const publishableKey = key(/^([sr]k|whsec)_/).optional();

export const settings: ProviderSettings<StripeWebhook, StripeBot> = {
  provider: 'stripe',
  variables: [
    {
      name: 'STRIPE_SECRET_KEY',
      expected: 'the secret or restricted key of your Stripe account (Developers → API keys), sk_… or rk_…',
      example: 'sk_live_51H8x0example',
      secret: true,
      neededBy: 'bot',
      required: true,
    },
    {
      name: 'STRIPE_WEBHOOK_SECRET',
      expected:
        'the signing secret of the webhook endpoint, whole with its whsec_; two with a comma while it is rolled',
      example: 'whsec_8x0example',
      secret: true,
      neededBy: 'webhook',
      required: true,
    },
    {
      name: 'STRIPE_PUBLISHABLE_KEY',
      expected: 'the publishable key of the same account and mode, pk_live_… or pk_test_…',
      example: 'pk_live_51H8x0example',
      secret: false,
      neededBy: 'both',
      required: false,
    },
    {
      name: 'STRIPE_API_BASE',
      expected: 'the root of the Stripe API, without a version',
      example: DEFAULT_API_BASE,
      secret: false,
      neededBy: 'bot',
      required: false,
    },
  ],
  webhook: z
    .object({ STRIPE_WEBHOOK_SECRET: webhookSecrets, STRIPE_PUBLISHABLE_KEY: publishableKey })
    .transform((values) => ({
      webhookSecrets: values.STRIPE_WEBHOOK_SECRET,
      liveMode: modeOf(values.STRIPE_PUBLISHABLE_KEY),
    })),
  bot: z
    .object({
      STRIPE_SECRET_KEY: key(/^(pk|whsec)_/),
      STRIPE_PUBLISHABLE_KEY: publishableKey,
      STRIPE_API_BASE: apiRoot.default(DEFAULT_API_BASE),
    })
    .refine((values) => sameMode(values.STRIPE_SECRET_KEY, values.STRIPE_PUBLISHABLE_KEY), {
      path: ['STRIPE_PUBLISHABLE_KEY'],
    })
    .transform((values) => ({
      apiBase: values.STRIPE_API_BASE,
      secretKey: values.STRIPE_SECRET_KEY,
    })),
};

/** Stripe writes the mode into every key. */
function modeOf(value: string | undefined): boolean | null {
  const word = /^[a-z]+_(live|test)_/.exec(value ?? '')?.[1];
  return word === undefined ? null : word === 'live';
}

function sameMode(one: string, other: string | undefined): boolean {
  const modes = [modeOf(one), modeOf(other)];
  return modes.includes(null) || modes[0] === modes[1];
}
