import { z } from 'zod';
import { webAddress } from '../../values.ts';

// What we read of Stripe's answers; the SDK types them, but believes what came.

const id = z.string().min(1).max(128);
const named = { metadata: z.record(z.string(), z.unknown()).nullish() };

export const refundAnswer = z.object({ id, status: z.string(), ...named });
export type Refund = z.output<typeof refundAnswer>;
export const refundPage = z.object({ data: z.array(refundAnswer), has_more: z.boolean().nullish() });

const charge = z.object({
  id,
  created: z.number().nullish(),
  amount_refunded: z.number().int().nonnegative().nullish(),
  refunds: refundPage.nullish(),
});
const intent = z.object({ id, status: z.string().nullish(), latest_charge: z.union([id, charge]).nullish(), ...named });

export const sessionAnswer = z.object({
  id,
  url: webAddress.nullish(),
  status: z.string().nullish(),
  payment_status: z.string().nullish(),
  amount_total: z.unknown().optional(),
  currency: z.unknown().optional(),
  client_reference_id: z.string().nullish(),
  /** only its id where it was not asked for in whole */
  payment_intent: z.union([id, intent]).nullish(),
  created: z.number().nullish(),
  ...named,
});
export type Session = z.output<typeof sessionAnswer>;

export const sessionPage = z.object({ data: z.array(sessionAnswer), has_more: z.boolean().nullish() });

/** To be asked for with a session: the payment intent says whether a delayed payment failed, its charge when money came. */
export const WITH_CHARGE = 'payment_intent.latest_charge';
export const WITH_REFUNDS = `${WITH_CHARGE}.refunds`;

export function intentOf({ payment_intent: found }: Session): z.output<typeof intent> | null {
  return typeof found === 'object' ? (found ?? null) : null;
}

export function intentIdOf({ payment_intent: found }: Session): string | null {
  return (typeof found === 'object' ? found?.id : found) ?? null;
}

export function chargeOf(session: Session): z.output<typeof charge> | null {
  const found = intentOf(session)?.latest_charge;
  return typeof found === 'object' ? (found ?? null) : null;
}
