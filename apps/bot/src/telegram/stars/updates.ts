import { z } from 'zod';

/** The updates about Stars, which telegraf 4.16 does not know or knows in part. Source: core.telegram.org/bots/api#payments */

const person = z.looseObject({ id: z.number().int(), language_code: z.string().optional() });

const query = z.looseObject({
  id: z.string(),
  from: person,
  currency: z.string(),
  total_amount: z.number().int(),
  invoice_payload: z.string(),
});
export type PreCheckoutQuery = z.infer<typeof query>;

const money = {
  currency: z.string(),
  total_amount: z.number().int(),
  invoice_payload: z.string(),
  telegram_payment_charge_id: z.string().min(1),
};
const paid = z.looseObject({
  ...money,
  is_recurring: z.boolean().optional(),
  is_first_recurring: z.boolean().optional(),
});
const givenBack = z.looseObject(money);
const message = { date: z.number().int(), chat: z.looseObject({ id: z.number().int() }) };

const payment = z.looseObject({ ...message, successful_payment: paid });
const refund = z.looseObject({ ...message, refunded_payment: givenBack });
const subscription = z.looseObject({ user: person, invoice_payload: z.string(), state: z.string() });

const update = z.union([
  z.looseObject({ pre_checkout_query: query }).transform((value) => ({
    kind: 'pre_checkout' as const,
    query: value.pre_checkout_query,
  })),
  z.looseObject({ message: payment }).transform(({ message: { successful_payment, date, chat } }) => ({
    kind: 'paid' as const,
    payment: successful_payment,
    chatId: chat.id,
    at: new Date(date * 1000),
  })),
  z.looseObject({ message: refund }).transform(({ message: { refunded_payment, date } }) => ({
    kind: 'refunded' as const,
    payment: refunded_payment,
    at: new Date(date * 1000),
  })),
  z.looseObject({ update_id: z.number().int(), subscription }).transform((value) => ({
    kind: 'subscription' as const,
    subscription: value.subscription,
    updateId: value.update_id,
  })),
]);
export type StarsUpdate = z.infer<typeof update>;

/** Undefined for everything that is not about Stars. */
export function starsUpdate(value: unknown): StarsUpdate | undefined {
  return update.safeParse(value).data;
}
