import { z } from 'zod';

/** The only currency of Stars, and the only period that a subscription may have. */
export const STARS = 'XTR';
export const SUBSCRIPTION_SECONDS = 2_592_000;

/** UTF-16 units that Telegram takes. Source: core.telegram.org/bots/api#sendinvoice and #createinvoicelink */
const LONGEST_TITLE = 32;
const LONGEST_DESCRIPTION = 255;

/** The invoice as `createInvoiceLink` and `sendInvoice` both want it: no provider token, exactly one price, in whole Stars. */
export function invoiceFields(invoice: { title: string; description: string; payload: string; stars: number }) {
  const title = cut(invoice.title, LONGEST_TITLE);
  return {
    title,
    description: cut(invoice.description, LONGEST_DESCRIPTION),
    payload: invoice.payload,
    provider_token: '',
    currency: STARS,
    prices: [{ label: title, amount: invoice.stars }],
  };
}

/** Never in the middle of a character. */
function cut(text: string, longest: number): string {
  if (text.length <= longest) return text;
  let short = '';
  for (const character of text) {
    if (short.length + character.length > longest - 1) break;
    short += character;
  }
  return `${short.trimEnd()}…`;
}

const transaction = z.looseObject({
  id: z.string().min(1),
  amount: z.number().int(),
  date: z.number().int(),
  source: z
    .looseObject({
      type: z.string(),
      user: z.looseObject({ id: z.number().int() }).optional(),
      transaction_type: z.string().optional(),
      invoice_payload: z.string().optional(),
      subscription_period: z.number().int().optional(),
    })
    .optional(),
  receiver: z.looseObject({ type: z.string() }).optional(),
});

/** One line of the bot's list of Stars that matters to us. A refund has the id of its payment. */
export interface StarTransaction {
  readonly chargeId: string;
  readonly kind: 'payment' | 'refund';
  readonly stars: number;
  readonly at: Date;
  /** our order id at the gateway; null in refunds */
  readonly payload: string | null;
  readonly payerId: number | null;
  /** of a subscription */
  readonly repeats: boolean;
}

/** Undefined for what is no payment of an invoice and no refund of one: gifts, paid media, withdrawals. */
export function readTransaction(value: unknown): StarTransaction | undefined {
  const known = transaction.safeParse(value);
  if (!known.success) return undefined;
  const { id, amount, date, source, receiver } = known.data;
  const line = { chargeId: id, stars: Math.abs(amount), at: new Date(date * 1000) };
  if (receiver)
    return receiver.type === 'user'
      ? { ...line, kind: 'refund', payload: null, payerId: null, repeats: false }
      : undefined;
  if (source?.type !== 'user' || source.invoice_payload === undefined) return undefined;
  if ((source.transaction_type ?? 'invoice_payment') !== 'invoice_payment') return undefined;
  const { invoice_payload: payload, subscription_period: period } = source;
  return { ...line, kind: 'payment', payload, payerId: source.user?.id ?? null, repeats: period !== undefined };
}

/** When a transaction of the list was made, whatever it is. */
export function dateOf(value: unknown): Date | null {
  const known = z.looseObject({ date: z.number().int() }).safeParse(value);
  return known.success ? new Date(known.data.date * 1000) : null;
}
