import { randomCode } from '@mingdan/kernel';
import type { Dispute, Payment, Refund } from '../contract.ts';
import type { Ledger } from '../till/ledger.ts';

export type StripeObject = Record<string, unknown>;

const seconds = (iso: string): number => Math.floor(Date.parse(iso) / 1_000);
const metadataOf = (json: string | undefined): unknown => JSON.parse(json ?? '{}');

export function newSessionId(): string {
  return `cs_test_${randomCode(40)}`;
}

/** The payment intent belongs to the session: it is there once the buyer has confirmed something. */
export function intentIdOf(payment: Payment): string {
  return `pi_${payment.paymentId.slice('cs_test_'.length)}`;
}

function chargeIdOf(intentId: string): string {
  return `ch_${intentId.slice('pi_'.length)}`;
}

/** True from the moment at which the buyer chose a method whose money comes later. */
export function isDelayed({ details }: Payment): boolean {
  return details.delayed === 'yes';
}

export function sessionStatus(payment: Payment): 'open' | 'complete' | 'expired' {
  if (payment.status === 'paid' || isDelayed(payment)) return 'complete';
  return payment.status === 'closed' ? 'expired' : 'open';
}

/** @param expand paths from the session, such as `payment_intent.latest_charge` */
export function sessionObject(
  ledger: Ledger,
  payment: Payment,
  url: string,
  expand: readonly string[] = [],
): StripeObject {
  const status = sessionStatus(payment);
  const { amount } = payment.charges[0] ?? payment;
  return {
    id: payment.paymentId,
    object: 'checkout.session',
    amount_subtotal: amount.minor,
    amount_total: amount.minor,
    cancel_url: payment.details.cancelUrl || null,
    client_reference_id: payment.details.reference || null,
    created: seconds(payment.createdAt),
    currency: amount.currency.toLowerCase(),
    customer: null,
    expires_at: Math.floor(payment.expiresAt / 1_000),
    livemode: false,
    metadata: metadataOf(payment.details.metadata),
    mode: 'payment',
    payment_intent:
      status === 'complete'
        ? expanded('payment_intent', expand, intentIdOf(payment), (deeper) => intentObject(ledger, payment, deeper))
        : null,
    payment_method_types: ['card', 'alipay', 'wechat_pay'],
    payment_status: payment.status === 'paid' ? 'paid' : 'unpaid',
    status,
    success_url: payment.details.successUrl || null,
    url: status === 'open' ? url : null,
  };
}

export function intentObject(ledger: Ledger, payment: Payment, expand: readonly string[] = []): StripeObject {
  const { amount } = payment.charges[0] ?? payment;
  const id = intentIdOf(payment);
  const isPaid = payment.status === 'paid';
  const status = isPaid ? 'succeeded' : payment.status === 'processing' ? 'processing' : 'requires_payment_method';
  return {
    id,
    object: 'payment_intent',
    amount: amount.minor,
    amount_received: isPaid ? amount.minor : 0,
    created: seconds(payment.createdAt),
    currency: amount.currency.toLowerCase(),
    latest_charge: isPaid
      ? expanded('latest_charge', expand, chargeIdOf(id), (deeper) => chargeObject(ledger, payment, deeper))
      : null,
    livemode: false,
    metadata: metadataOf(payment.details.intentMetadata),
    status,
  };
}

/** Stripe copies the metadata of the payment intent to it. */
export function chargeObject(ledger: Ledger, payment: Payment, expand: readonly string[] = []): StripeObject {
  const { amount, at } = payment.charges[0] ?? { ...payment, at: payment.createdAt };
  const back = ledger.refundedMinor(payment);
  const id = intentIdOf(payment);
  return {
    id: chargeIdOf(id),
    object: 'charge',
    amount: amount.minor,
    amount_captured: amount.minor,
    amount_refunded: back,
    captured: true,
    created: seconds(at),
    currency: amount.currency.toLowerCase(),
    livemode: false,
    metadata: metadataOf(payment.details.intentMetadata),
    paid: true,
    payment_intent: id,
    payment_method_details: { type: payment.details.method ?? 'card' },
    refunded: back >= amount.minor,
    ...(expand.includes('refunds') && {
      refunds: listObject(ledger.refundsOf(payment).map(refundObject).reverse(), '/v1/refunds'),
    }),
    status: 'succeeded',
  };
}

export function refundObject(refund: Refund): StripeObject {
  const intentId = `pi_${refund.paymentId.slice('cs_test_'.length)}`;
  return {
    id: refund.gatewayRefundId,
    object: 'refund',
    amount: refund.amount.minor,
    charge: chargeIdOf(intentId),
    created: seconds(refund.at),
    currency: refund.amount.currency.toLowerCase(),
    ...(refund.status === 'failed' && { failure_reason: 'unknown' }),
    metadata: metadataOf(refund.details.metadata),
    payment_intent: intentId,
    reason: refund.reason === '' || refund.madeIn === 'console' ? null : refund.reason,
    status: refund.status,
  };
}

/** Its metadata are its own: those of the payment are not copied. */
export function disputeObject(dispute: Dispute): StripeObject {
  const intentId = `pi_${dispute.paymentId.slice('cs_test_'.length)}`;
  return {
    id: dispute.disputeId,
    object: 'dispute',
    amount: dispute.amount.minor,
    charge: chargeIdOf(intentId),
    created: seconds(dispute.at),
    currency: dispute.amount.currency.toLowerCase(),
    livemode: false,
    metadata: {},
    payment_intent: intentId,
    reason: 'fraudulent',
    status: dispute.status === 'open' ? 'needs_response' : dispute.status,
  };
}

export function listObject(data: readonly StripeObject[], url: string, hasMore = false): StripeObject {
  return { object: 'list', data, has_more: hasMore, url };
}

/** The id alone, or the object where the caller has asked for it. */
function expanded(
  name: string,
  expand: readonly string[],
  id: string,
  make: (deeper: readonly string[]) => StripeObject,
): string | StripeObject {
  const paths = expand.filter((path) => path === name || path.startsWith(`${name}.`));
  return paths.length === 0 ? id : make(paths.map((path) => path.slice(name.length + 1)));
}
