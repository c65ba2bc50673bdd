import { randomToken } from '@mingdan/kernel';
import { z } from 'zod';
import type { MadeKeys } from '../contract.ts';

export const stripeKeys = z.object({ secretKey: z.string().min(1), webhookSecret: z.string().min(1) });
export type StripeKeys = z.infer<typeof stripeKeys>;

export function makeKeys(): MadeKeys<StripeKeys> {
  const sandbox = { secretKey: `sk_test_${randomToken(24)}`, webhookSecret: `whsec_${randomToken(24)}` };
  return {
    sandbox,
    environment: {
      STRIPE_SECRET_KEY: sandbox.secretKey,
      STRIPE_WEBHOOK_SECRET: sandbox.webhookSecret,
      STRIPE_PUBLISHABLE_KEY: `pk_test_${randomToken(24)}`,
    },
  };
}
