import { isCurrency, type Money } from '@mingdan/kernel';
import { wakeWorkers } from '@mingdan/operations';
import { bookedUnder, type NoticeToRecord, noteSubscriptionState, recordNotice, recordRenewal } from '@mingdan/orders';
import { unpark } from '@mingdan/outbox';
import type { TelegramServices } from '../services.ts';
import { answerPreCheckout } from './pre-checkout.ts';
import type { StarsUpdate } from './updates.ts';

type Paid = Extract<StarsUpdate, { kind: 'paid' }>;
type Refunded = Extract<StarsUpdate, { kind: 'refunded' }>;
type Subscription = Extract<StarsUpdate, { kind: 'subscription' }>;

/** What Telegram tells of Stars goes the way of every gateway's notice: recorded once by its event, however often the update comes. */
export async function handleStars(services: TelegramServices, update: StarsUpdate): Promise<void> {
  switch (update.kind) {
    case 'pre_checkout':
      return answerPreCheckout(services, update.query);
    case 'paid':
      await record(services, paidNotice(update), isRenewal(update));
      // Who pays is there again: what waited for them is sent.
      if ((await unpark(services.db, update.chatId)) > 0) services.wakeOutbox();
      return;
    case 'refunded':
      return record(services, await refundedNotice(services, update));
    default:
      await record(services, subscriptionNotice(update));
      return noteState(services, update);
  }
}

async function record(services: TelegramServices, notice: NoticeToRecord, renews = false): Promise<void> {
  const { db, log, clock } = services;
  const { providerPaymentId } = notice;
  const { verdict, orderNo, wake } =
    renews && providerPaymentId !== null
      ? await recordRenewal(db, clock, { ...notice, providerPaymentId })
      : await recordNotice(db, notice);
  log.info({ provider: 'stars', kind: notice.kind, order_no: orderNo ?? undefined, verdict }, 'notice');
  if (wake) await wakeWorkers(db);
}

const unnamed = { provider: 'stars', refundId: null, merchantMatches: true } as const;

/** It has the payload of the first payment: taken as a second payment of its order it would be given back. */
function isRenewal({ payment }: Paid): boolean {
  return payment.is_recurring === true && payment.is_first_recurring !== true;
}

function paidNotice({ payment, at }: Paid): NoticeToRecord {
  const amount = starsOf(payment);
  const chargeId = payment.telegram_payment_charge_id;
  return {
    ...unnamed,
    kind: 'paid',
    eventId: `paid:${chargeId}`,
    gatewayOrderId: payment.invoice_payload,
    providerPaymentId: chargeId,
    amount,
    problem: amount === null ? 'unknown_currency' : null,
    occurredAt: at,
  };
}

/** Stars go back in full only, so what is told is all that was ever given back; our own refunds are in it. */
async function refundedNotice({ db }: TelegramServices, { payment, at }: Refunded): Promise<NoticeToRecord> {
  const refundedTotal = starsOf(payment);
  const chargeId = payment.telegram_payment_charge_id;
  // The payload of a renewal names the first order; it is booked for its own.
  const booked = await bookedUnder(db, { provider: 'stars', paymentId: chargeId });
  return {
    ...unnamed,
    kind: 'refunded',
    eventId: `refunded:${chargeId}`,
    gatewayOrderId: booked ?? payment.invoice_payload,
    providerPaymentId: chargeId,
    amount: null,
    refundedTotal,
    problem: refundedTotal === null ? 'unknown_currency' : null,
    occurredAt: at,
  };
}

/** Moves no money: each renewal is a payment of its own. Kept, so that it is known who ended theirs. */
function subscriptionNotice({ subscription, updateId }: Subscription): NoticeToRecord {
  return {
    ...unnamed,
    kind: 'pending',
    eventId: `subscription:${subscription.state}:${updateId}`,
    gatewayOrderId: subscription.invoice_payload,
    providerPaymentId: null,
    amount: null,
    problem: null,
    occurredAt: null,
  };
}

/** Telegram's words for what a subscription has become; another one means nothing to us yet. */
const STATES: Readonly<Record<string, 'active' | 'failed' | 'ended'>> = {
  active: 'active',
  failed: 'failed',
  canceled: 'ended',
  cancelled: 'ended',
};

async function noteState({ db, log }: TelegramServices, { subscription }: Subscription): Promise<void> {
  const state = STATES[subscription.state];
  if (state === undefined) {
    log.warn({ provider: 'stars', state: subscription.state.slice(0, 40) }, 'an unknown state of a subscription');
    return;
  }
  await noteSubscriptionState(db, { provider: 'stars', gatewayOrderId: subscription.invoice_payload, state });
}

function starsOf(payment: { currency: string; total_amount: number }): Money | null {
  const { currency, total_amount: minor } = payment;
  return isCurrency(currency) ? { minor, currency } : null;
}
