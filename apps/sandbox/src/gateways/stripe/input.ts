import { type Currency, isCurrency, type Money } from '@mingdan/kernel';
import { z } from 'zod';
import { StripeError } from './form.ts';

const MINUTE = 60;

const metadata = z.record(z.string().max(40), z.string().max(500)).default({});
const integer = z
  .string()
  .regex(/^\d{1,8}$/)
  .transform(Number);
/** A list in a form is an object with numbers for names. */
const list = <T extends z.ZodType>(item: T) =>
  z.record(z.string().regex(/^\d+$/), item).transform(Object.values<z.output<T>>);

// Strict, as Stripe is: an unknown parameter is refused.
const createInput = z.strictObject({
  mode: z.literal('payment'),
  line_items: list(
    z.strictObject({
      quantity: integer.default(1),
      price_data: z.strictObject({
        currency: z.string(),
        unit_amount: integer,
        product_data: z.strictObject({ name: z.string().min(1), description: z.string().optional() }),
      }),
    }),
  ),
  success_url: z.url({ protocol: /^https?$/ }),
  cancel_url: z.url({ protocol: /^https?$/ }).optional(),
  client_reference_id: z.string().max(200).optional(),
  customer_email: z.email().optional(),
  expires_at: z
    .string()
    .regex(/^\d{1,11}$/)
    .transform(Number)
    .optional(),
  locale: z.string().optional(),
  metadata,
  payment_intent_data: z.strictObject({ metadata, description: z.string().optional() }).default({ metadata: {} }),
  payment_method_types: list(z.string()).optional(),
});

export interface SessionWish {
  readonly amount: Money;
  readonly name: string;
  /** milliseconds since 1970 */
  readonly expiresAt: number;
  readonly input: z.output<typeof createInput>;
}

/** @throws StripeError 400 */
export function readSession(tree: unknown, now: number): SessionWish {
  const input = checked(createInput, tree);
  const [first] = input.line_items;
  if (!first) throw new StripeError(400, 'Missing required param: line_items.', { code: 'parameter_missing' });
  const currency = currencyOf(first.price_data.currency);
  const minor = input.line_items.reduce((sum, item) => sum + item.quantity * item.price_data.unit_amount, 0);
  if (minor < smallest(currency))
    throw new StripeError(400, 'The Checkout Session total amount must convert to at least 50 cents.', {
      code: 'amount_too_small',
    });
  const seconds = Math.floor(now / 1_000);
  const expires = input.expires_at ?? seconds + 24 * 60 * MINUTE;
  // A call may be under way for some seconds.
  if (expires < seconds + 30 * MINUTE - 10 || expires > seconds + 24 * 60 * MINUTE + 10)
    throw new StripeError(400, 'The `expires_at` timestamp must be between 30 minutes and 24 hours from now.', {
      param: 'expires_at',
    });
  return { amount: { minor, currency }, name: first.price_data.product_data.name, expiresAt: expires * 1_000, input };
}

const refundInput = z.strictObject({
  payment_intent: z.string(),
  amount: integer.optional(),
  reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer']).optional(),
  metadata,
});

/** @throws StripeError 400 */
export function readRefund(tree: unknown): z.output<typeof refundInput> {
  return checked(refundInput, tree);
}

const listInput = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(10),
  starting_after: z.string().optional(),
  status: z.enum(['open', 'complete', 'expired']).optional(),
  payment_intent: z.string().optional(),
  created: z
    .object({ gte: z.coerce.number().default(0), lt: z.coerce.number().default(Number.POSITIVE_INFINITY) })
    .default({ gte: 0, lt: Number.POSITIVE_INFINITY }),
});
export type ListInput = z.output<typeof listInput>;

/** @throws StripeError 400 */
export function readList(tree: unknown): ListInput {
  return checked(listInput, tree);
}

const expandInput = z.object({ expand: list(z.string()).default([]) });

/** Paths such as `payment_intent.latest_charge`. @param prefix what stands before them in lists */
export function readExpand(tree: unknown, prefix = ''): readonly string[] {
  return checked(expandInput, tree).expand.map((path) => (path.startsWith(prefix) ? path.slice(prefix.length) : path));
}

function checked<T>(schema: z.ZodType<T>, tree: unknown): T {
  const read = schema.safeParse(tree);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const param = [...(issue?.path ?? []), ...(unknown === undefined ? [] : [unknown])].join('.');
  if (unknown !== undefined)
    throw new StripeError(400, `Received unknown parameter: ${param}`, { code: 'parameter_unknown', param });
  throw new StripeError(400, `Invalid ${param}: ${issue?.message ?? ''}`, { code: 'parameter_invalid', param });
}

function currencyOf(word: string): Currency {
  const currency = word.toUpperCase();
  const taken = isCurrency(currency) && !['USDT', 'XTR', 'COIN'].includes(currency) && word === word.toLowerCase();
  if (!taken) throw new StripeError(400, `Invalid currency: ${word.slice(0, 10)}.`, { param: 'currency' });
  return currency;
}

/** Worth about half a US dollar. */
function smallest(currency: Currency): number {
  const known: Partial<Record<Currency, number>> = { CNY: 400, HKD: 400, TWD: 1_600, JPY: 50, KRW: 700, MYR: 200 };
  return known[currency] ?? 50;
}
