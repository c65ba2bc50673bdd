import { randomBytes, randomInt } from 'node:crypto';
import type { BotContext } from '../context.ts';
import { NotPossible, personOf } from '../people.ts';
import type { StarPayment } from '../types.ts';
import { type Person, userOf } from '../world.ts';
import { readInvoiceLink } from './link.ts';
import type { Invoice, PaymentOutcome, SentInvoice, StarMove } from './types.ts';

/** Which invoice: one in the person's chat, or a link that anybody may open. */
export interface PaymentWish {
  readonly messageId?: number | undefined;
  readonly link?: string | undefined;
  /** though it is paid: Telegram's app lets nobody do so, two devices at once can */
  readonly again?: boolean | undefined;
  /** what the buyer's app waits for between the bot's yes and the payment */
  readonly afterYes?: Promise<unknown> | undefined;
}

/**
 * A person confirms a payment. The bot is asked first, and has ten seconds; then the Stars change hands and the bot is told.
 */
export async function pay(context: BotContext, personId: number, wish: PaymentWish): Promise<PaymentOutcome> {
  const person = personOf(context, personId);
  return payInvoice(context, person, findInvoice(person, wish), wish.afterYes);
}

/** The same with an invoice out of another chat, as somebody has it to whom it was forwarded. */
export async function payInvoice(
  context: BotContext,
  person: Person,
  invoice: Invoice | SentInvoice,
  afterYes?: Promise<unknown>,
): Promise<PaymentOutcome> {
  if (person.stars < invoice.stars) throw new NotPossible('there are not enough Stars in the account');
  const answer = await askBot(context, person, invoice);
  if (!answer) return { paid: false, by: 'timeout', message: 'the bot did not answer in time' };
  if (!answer.ok) return { paid: false, by: 'bot', message: answer.message };
  await afterYes;
  const chargeId = `stx${randomBytes(24).toString('base64url')}`;
  charge(context, person, invoice, chargeId, invoice.period === null ? 'once' : 'first');
  markPaid(context, person, invoice);
  return { paid: true, chargeId };
}

function findInvoice(person: Person, { messageId, link, again }: PaymentWish): Invoice {
  if (link !== undefined) {
    const invoice = readInvoiceLink(link);
    if (!invoice) throw new NotPossible('this link leads to no invoice');
    return invoice;
  }
  const message = person.messages.find((other) => other.message_id === messageId);
  const invoice = message && person.invoices.find((other) => other.messageId === messageId);
  if (!invoice) throw new NotPossible(`message ${messageId} is no invoice`);
  if (message.receipt && !again) throw new NotPossible('this invoice is paid');
  return invoice;
}

async function askBot(
  context: BotContext,
  person: Person,
  invoice: Invoice,
): Promise<{ ok: boolean; message: string } | undefined> {
  const { world, updates } = context;
  const id = String(randomInt(2 ** 47)) + String(randomInt(1_000_000)).padStart(6, '0');
  const checkout = { answer: null };
  world.stars.checkouts.set(id, checkout);
  const { payload, stars } = invoice;
  updates.push({
    pre_checkout_query: {
      id,
      from: userOf(person),
      currency: 'XTR',
      total_amount: stars,
      invoice_payload: payload,
    },
  });
  try {
    return await world.waitFor(
      () => world.stars.checkouts.get(id)?.answer ?? undefined,
      world.stars.preCheckoutMs,
      () => 'no answer',
    );
  } catch {
    return undefined;
  } finally {
    // An answer that comes now is too late.
    world.stars.checkouts.delete(id);
  }
}

/** Takes the Stars and tells the bot. A renewal happens by itself, without a pre-checkout. */
export function charge(
  context: BotContext,
  person: Person,
  invoice: Pick<Invoice, 'payload' | 'stars' | 'period'>,
  chargeId: string,
  which: 'once' | 'first' | 'renewal',
): void {
  const { payload, stars, period } = invoice;
  context.world.stars.write(person, { kind: 'payment', chargeId, payload, stars, period });
  const recurring: Partial<StarPayment> =
    which === 'once'
      ? {}
      : {
          subscription_expiration_date: Math.floor(Date.now() / 1_000) + (period ?? 0),
          is_recurring: true,
          ...(which === 'first' && { is_first_recurring: true }),
        };
  tellPayment(context, person, { ...paymentOf({ payload, stars, chargeId }), ...recurring });
}

export function tellPayment(context: BotContext, person: Person, payment: StarPayment): void {
  const message = context.world.say(person, 'person', { successful_payment: payment });
  context.updates.push({ message: structuredClone(message) });
  context.world.tell(person.id, { kind: 'person' });
}

export function tellRefund(context: BotContext, person: Person, move: StarMove): void {
  const message = context.world.say(person, 'person', { refunded_payment: paymentOf(move) });
  context.updates.push({ message: structuredClone(message) });
  context.world.tell(person.id, { kind: 'person' });
}

export function paymentOf(move: { payload: string; stars: number; chargeId: string }): StarPayment {
  return {
    currency: 'XTR',
    total_amount: move.stars,
    invoice_payload: move.payload,
    telegram_payment_charge_id: move.chargeId,
    provider_payment_charge_id: '',
  };
}

/** The button below a paid invoice shows the receipt from now on. */
function markPaid(context: BotContext, person: Person, invoice: Invoice | SentInvoice): void {
  const messageId = 'messageId' in invoice ? invoice.messageId : undefined;
  const message = person.messages.find((other) => other.message_id === messageId);
  if (!message?.invoice) return;
  message.receipt = true;
  context.world.tell(person.id, { kind: 'edited', message });
}

/** A person puts Stars into their account, as they buy them in Telegram. */
export function topUp(context: BotContext, personId: number, stars: number): { stars: number } {
  const person = personOf(context, personId);
  person.stars += stars;
  context.world.tell(person.id, { kind: 'person' });
  return { stars: person.stars };
}
