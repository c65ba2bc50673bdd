import type { BotContext } from '../context.ts';
import type { ApiMessage } from '../types.ts';
import type { Entry } from './book.ts';
import { type PaymentWish, pay, payInvoice, paymentOf, tellPayment, topUp } from './pay.ts';
import { changeSubscription, renew } from './subscription.ts';
import type { PaymentOutcome, StarMove } from './types.ts';

export interface StarsControl {
  /** what a person's account has left */
  balance(userId: number): number;
  topUp(userId: number, stars: number): void;
  /** what the bot has, and what its owner takes out, so that a refund fails */
  botBalance(): number;
  withdraw(stars: number): void;
  /** The bot's list, oldest first. */
  moves(): StarMove[];
  /** The newest invoice in a chat, now or later. */
  waitForInvoice(userId: number, timeoutMs?: number): Promise<ApiMessage>;
  /** Pays the newest invoice of the chat, or one by its link. */
  pay(userId: number, wish?: Omit<PaymentWish, 'messageId'>): Promise<PaymentOutcome>;
  /** Pays the newest invoice out of somebody else's chat, as one to whom it was forwarded. */
  payFor(userId: number, ownerId: number): Promise<PaymentOutcome>;
  /** How long the bot may take for the answer to a pre-checkout query; 10 seconds at Telegram. */
  setPreCheckoutMs(ms: number): void;
  /** Tells the bot once more of a payment, under a new update id. */
  repeat(chargeId: string): void;
  /** The next month of a subscription is paid. @returns its charge id */
  renew(chargeId: string): string;
  /** The person ends a subscription, or its payment fails. */
  changeSubscription(chargeId: string, state: 'canceled' | 'active' | 'failed'): void;
}

const PATIENCE_MS = 10_000;

export function starsControl(bot: BotContext): StarsControl {
  const { world } = bot;
  const newest = (userId: number): ApiMessage | undefined =>
    world.get(userId).messages.findLast((message) => message.invoice !== undefined);
  const invoiceOf = (userId: number) => {
    const messageId = newest(userId)?.message_id;
    const invoice = world.get(userId).invoices.find((other) => other.messageId === messageId);
    if (!invoice) throw new Error(`the chat of ${userId} shows no invoice`);
    return invoice;
  };
  const paid = (chargeId: string): Entry => {
    const entry = world.stars.find(chargeId, 'payment');
    if (!entry) throw new Error(`there is no payment ${chargeId}`);
    return entry;
  };

  return {
    balance: (userId) => world.get(userId).stars,
    topUp: (userId, stars) => void topUp(bot, userId, stars),
    botBalance: () => world.stars.balance(),
    withdraw: (stars) => {
      world.stars.withdrawn += stars;
    },
    moves: () => world.stars.entries().map(({ move }) => move),
    waitForInvoice: (userId, timeoutMs = PATIENCE_MS) =>
      world.waitFor(
        () => newest(userId),
        timeoutMs,
        () => `no invoice for ${userId} within ${timeoutMs} ms`,
      ),
    pay: async (userId, wish = {}) =>
      pay(bot, userId, wish.link === undefined ? { ...wish, messageId: invoiceOf(userId).messageId } : wish),
    payFor: async (userId, ownerId) => payInvoice(bot, world.get(userId), invoiceOf(ownerId)),
    setPreCheckoutMs: (ms) => {
      world.stars.preCheckoutMs = ms;
    },
    repeat(chargeId) {
      const { person, move } = paid(chargeId);
      tellPayment(bot, person, paymentOf(move));
    },
    renew: (chargeId) => renew(bot, paid(chargeId)),
    changeSubscription: (chargeId, state) => changeSubscription(bot, paid(chargeId), state),
  };
}
