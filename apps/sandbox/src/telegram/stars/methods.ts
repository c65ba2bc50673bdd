import { z } from 'zod';
import { type BotContext, type Method, reachable } from '../context.ts';
import { type BotApiError, badRequest } from '../errors.ts';
import { chatId, flag, jsonOr, parse, replyMarkup } from '../input.ts';
import { checkKeyboard } from '../keyboard.ts';
import type { InlineKeyboard } from '../types.ts';
import { userOf } from '../world.ts';
import type { Entry } from './book.ts';
import { invoiceLink } from './link.ts';
import { tellRefund } from './pay.ts';
import type { Invoice } from './types.ts';

const MONTH_SECONDS = 2_592_000;
const MOST_FOR_SUBSCRIPTION = 10_000;

const wanted = {
  title: z.coerce.string().default(''),
  description: z.coerce.string().default(''),
  payload: z.coerce.string().default(''),
  provider_token: z.string().default(''),
  currency: z.string().default(''),
  prices: jsonOr(z.array(z.looseObject({ label: z.string(), amount: z.coerce.number() }))).default([]),
  subscription_period: z.coerce.number().int().optional(),
};
const linkInput = z.object(wanted);
const sendInput = z.object({
  ...wanted,
  chat_id: chatId,
  start_parameter: z.string().default(''),
  reply_markup: replyMarkup,
});

const answerInput = z.object({
  pre_checkout_query_id: z.coerce.string(),
  ok: flag,
  error_message: z.string().default(''),
});
const chargeInput = z.object({
  user_id: z.coerce.number().int().catch(0),
  telegram_payment_charge_id: z.string().default(''),
});
const listInput = z.object({
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(100).default(100),
});

/** The part of the Bot API about Stars. Source: core.telegram.org/bots/api#payments */
export const starMethods: Record<string, Method> = {
  createInvoiceLink(_context, { fields, origin }) {
    return invoiceLink(origin, checkInvoice(parse(linkInput, fields)));
  },

  sendInvoice(context, { fields }) {
    const input = parse(sendInput, fields);
    if (input.subscription_period !== undefined) throw badRequest('SUBSCRIPTION_PERIOD_INVALID');
    const invoice = checkInvoice(input);
    const person = reachable(context, input.chat_id);
    const keyboard = payKeyboard(input.reply_markup);
    context.flood.takeSlot(person.id);
    const { title, description, stars } = invoice;
    const message = context.world.say(person, 'bot', {
      invoice: { title, description, start_parameter: input.start_parameter, currency: 'XTR', total_amount: stars },
      ...(keyboard && { reply_markup: keyboard }),
    });
    person.invoices.push({ ...invoice, messageId: message.message_id });
    return message;
  },

  answerPreCheckoutQuery(context, { fields }) {
    const { pre_checkout_query_id, ok, error_message } = parse(answerInput, fields);
    const checkout = context.world.stars.checkouts.get(pre_checkout_query_id);
    if (!checkout || checkout.answer)
      throw badRequest('query is too old and response timeout expired or query ID is invalid');
    if (!ok && error_message === '') throw badRequest('error message must be non-empty');
    checkout.answer = { ok, message: error_message };
    for (const look of [...context.world.changes]) look();
    return true;
  },

  refundStarPayment(context, { fields }) {
    const { person, move } = findCharge(context, fields);
    const { stars } = context.world;
    if (stars.find(move.chargeId, 'refund')) throw badRequest('CHARGE_ALREADY_REFUNDED');
    if (stars.balance() < move.stars) throw badRequest('BALANCE_TOO_LOW');
    stars.write(person, { ...move, kind: 'refund' });
    tellRefund(context, person, move);
    return true;
  },

  getStarTransactions(context, { fields }) {
    const { offset, limit } = parse(listInput, fields);
    return {
      transactions: context.world.stars
        .entries()
        .slice(offset, offset + limit)
        .map(transactionOf),
    };
  },

  getMyStarBalance: ({ world }) => ({ amount: world.stars.balance() }),

  editUserStarSubscription(context, { fields }) {
    const { is_canceled } = parse(z.object({ is_canceled: flag }), fields);
    const { move } = findCharge(context, fields);
    if (move.period === null) throw badRequest('CHARGE_NOT_FOUND');
    move.canceled = is_canceled;
    return true;
  },
};

/** @throws BotApiError in Telegram's words */
function checkInvoice(input: z.infer<typeof linkInput>): Invoice {
  const { title, description, payload, prices, subscription_period: period } = input;
  const refuse = (what: string): BotApiError => badRequest(what);
  if (input.currency !== 'XTR') throw refuse('PAYMENT_PROVIDER_INVALID');
  if (input.provider_token !== '') throw refuse('STARS_INVOICE_INVALID');
  if (title.length < 1 || title.length > 32) throw refuse('INVOICE_TITLE_INVALID');
  if (description.length < 1 || description.length > 255) throw refuse('INVOICE_DESCRIPTION_INVALID');
  const bytes = Buffer.byteLength(payload);
  if (bytes < 1 || bytes > 128) throw refuse('INVOICE_PAYLOAD_INVALID');
  const [price, ...more] = prices;
  if (!price || more.length > 0) throw refuse('STARS_INVOICE_INVALID');
  if (!Number.isSafeInteger(price.amount) || price.amount < 1) throw refuse('CURRENCY_TOTAL_AMOUNT_INVALID');
  if (period !== undefined && (period !== MONTH_SECONDS || price.amount > MOST_FOR_SUBSCRIPTION))
    throw refuse('SUBSCRIPTION_PERIOD_INVALID');
  return { title, description, payload, stars: price.amount, period: period ?? null };
}

/** Under an invoice the first button must be one to pay. */
function payKeyboard(markup: unknown): InlineKeyboard | undefined {
  if (typeof markup !== 'object' || markup === null || !('inline_keyboard' in markup)) return undefined;
  const keyboard = checkKeyboard(markup as InlineKeyboard);
  if (keyboard.inline_keyboard.length > 0 && !keyboard.inline_keyboard[0]?.[0]?.pay)
    throw badRequest('the first button must be a pay button');
  return keyboard.inline_keyboard.length > 0 ? keyboard : undefined;
}

function findCharge(context: BotContext, fields: unknown): Entry {
  const { user_id, telegram_payment_charge_id: chargeId } = parse(chargeInput, fields);
  if (chargeId === '') throw badRequest('CHARGE_ID_EMPTY');
  if (!context.world.find(user_id)) throw badRequest('USER_ID_INVALID');
  const found = context.world.stars.find(chargeId, 'payment');
  if (!found || found.person.id !== user_id) throw badRequest('CHARGE_NOT_FOUND');
  return found;
}

function transactionOf({ person, move }: Entry) {
  const partner = {
    type: 'user',
    transaction_type: 'invoice_payment',
    user: userOf(person),
    invoice_payload: move.payload,
    ...(move.period !== null && { subscription_period: move.period }),
  };
  return {
    id: move.chargeId,
    amount: move.stars,
    date: Math.floor(move.at / 1_000),
    ...(move.kind === 'payment' ? { source: partner } : { receiver: partner }),
  };
}
