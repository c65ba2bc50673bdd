import {
  ForgedNotice,
  type NoticeKind,
  type NoticeVerifier,
  type PaymentNotice,
  type RawNotice,
  UnreadableNotice,
} from '../../contract.ts';
import { equalsHex, singleHeader } from '../../signatures.ts';
import { problemWhereNamed } from '../../wire-money.ts';
import { type Fields, fieldsOf, jsonObject, textOf } from '../../wire-text.ts';
import type { StripeWebhook } from './settings.ts';
import {
  dateOf,
  isOurSession,
  isPaid,
  metadataOf,
  namedMoney,
  orderOf,
  refundStatus,
  SIGNATURE_HEADER,
  signature,
} from './wire.ts';

/** Stripe's own bound for old events. It signs every repeat anew, so an older one was recorded by somebody; one from the future too. */
const TOLERANCE_SECONDS = 300;

export function createVerifier(settings: StripeWebhook): NoticeVerifier {
  return {
    provider: 'stripe',
    acknowledgement: { status: 200, contentType: 'application/json; charset=utf-8', body: '{"received":true}' },
    verify(notice, now) {
      checkSignature(notice, settings.webhookSecrets, now);
      const event = jsonObject(notice.body);
      if (!event) throw new UnreadableNotice('the body is no JSON object');
      return { ...paymentNotice(event), merchantMatches: isForUs(event, settings.liveMode) };
    },
  };
}

function checkSignature(notice: RawNotice, secrets: readonly string[], now: Date): void {
  const header = singleHeader(notice, SIGNATURE_HEADER);
  if (header === null) throw new ForgedNotice('the header Stripe-Signature is missing');
  const usable = secrets.filter((secret) => secret !== '');
  if (usable.length === 0) throw new ForgedNotice('no notice secret is set, and an empty one verifies nothing');
  const parts = header.split(',').map((part) => part.trim());
  const [timestamp, another] = valuesOf(parts, 't');
  if (timestamp === undefined || another !== undefined || !/^\d{1,12}$/.test(timestamp))
    throw new ForgedNotice('Stripe-Signature names no time, or more than one');
  const named = valuesOf(parts, 'v1');
  if (named.length === 0) throw new ForgedNotice('Stripe-Signature has no signature of the scheme v1');
  const right = usable.some((secret) => {
    const expected = signature(secret, timestamp, notice.body);
    return named.some((hex) => equalsHex(hex, expected));
  });
  if (!right) throw new ForgedNotice('Stripe-Signature does not match the body under STRIPE_WEBHOOK_SECRET');
  const age = Math.floor(now.getTime() / 1000) - Number(timestamp);
  if (Math.abs(age) > TOLERANCE_SECONDS)
    throw new ForgedNotice(
      `the event was signed ${Math.abs(age)} s ${age > 0 ? 'ago' : 'ahead'}; ${TOLERANCE_SECONDS} s are allowed`,
    );
}

function valuesOf(parts: readonly string[], name: string): string[] {
  return parts.flatMap((part) => (part.startsWith(`${name}=`) ? [part.slice(name.length + 1)] : []));
}

/** Events of other accounts (Stripe Connect) name their account; live events have no place beside test keys, nor the other way round. */
function isForUs(event: Fields, liveMode: boolean | null): boolean {
  if (event.account !== undefined && event.account !== null) return false;
  if (liveMode !== null && typeof event.livemode === 'boolean' && event.livemode !== liveMode) return false;
  return !wordOf(event.type).startsWith('checkout.session.') || isOurSession(objectOf(event));
}

type Read = Omit<PaymentNotice, 'merchantMatches'>;

function paymentNotice(event: Fields): Read {
  const type = wordOf(event.type);
  const object = objectOf(event);
  if (type.startsWith('checkout.session.')) return sessionNotice(event, type, object);
  if (/^(refund\.|charge\.refund\.)/.test(type)) return refundNotice(event, type, object);
  if (type === 'charge.refunded') return totalRefunded(event, type, object);
  if (type === 'charge.dispute.created') return disputeNotice(event, type, object);
  return common(event, object, `${type}:${textOf(event.id) ?? 'none'}`);
}

/** What ends nothing: other types, and `v2.core.event`, whose content would have to be fetched. */
function common(event: Fields, object: Fields, eventId: string): Read {
  const { gatewayOrderId, contradicts } = orderOf(object);
  return {
    provider: 'stripe',
    eventId,
    kind: 'pending',
    gatewayOrderId,
    // Only sessions name it: refunds, charges and disputes know the payment intent instead.
    providerPaymentId: null,
    refundId: null,
    amount: null,
    // A dispute, and a refund made in the dashboard, know no order of ours, only the payment intent.
    reference: textOf(object.payment_intent) ?? textOf(fieldsOf(object.payment_intent).id),
    problem: contradicts ? 'order_mismatch' : null,
    occurredAt: dateOf(event.created),
  };
}

function sessionNotice(event: Fields, type: string, session: Fields): Read {
  const base = common(event, session, idOf(event, type, session, wordOf(session.payment_status)));
  const kind = sessionKind(type, session);
  const money = namedMoney(session.amount_total, session.currency);
  return {
    ...base,
    kind,
    providerPaymentId: textOf(session.id),
    amount: money.amount,
    // A paid session always has a sum: without one there is nothing to compare the order with.
    problem: base.problem ?? (kind === 'paid' ? money.problem : problemWhereNamed(money)),
  };
}

/** `completed` says that the buyer is done; whether money came is said by `payment_status` alone. */
function sessionKind(type: string, session: Fields): NoticeKind {
  switch (type) {
    case 'checkout.session.completed':
    case 'checkout.session.async_payment_succeeded':
      if (isPaid(session.payment_status)) return 'paid';
      return session.payment_status === 'unpaid' ? 'processing' : 'pending';
    case 'checkout.session.async_payment_failed':
      return 'failed';
    case 'checkout.session.expired':
      return 'expired';
    default:
      return 'pending';
  }
}

function refundNotice(event: Fields, type: string, refund: Fields): Read {
  const status = wordOf(refund.status);
  const base = common(event, refund, idOf(event, type, refund, status));
  const money = namedMoney(refund.amount, refund.currency);
  const ended = refundStatus(status);
  return {
    ...base,
    kind: ended === 'succeeded' ? 'refunded' : ended === 'failed' ? 'refund_failed' : 'pending',
    refundId: textOf(metadataOf(refund).refund_id) ?? textOf(refund.id),
    amount: money.amount,
    problem: base.problem ?? problemWhereNamed(money),
  };
}

/** A charge only knows how much went back in all. */
function totalRefunded(event: Fields, type: string, charge: Fields): Read {
  const base = common(event, charge, idOf(event, type, charge, textOf(charge.amount_refunded) ?? 'none'));
  const total = namedMoney(charge.amount_refunded, charge.currency);
  return { ...base, kind: 'refunded', refundedTotal: total.amount, problem: base.problem ?? problemWhereNamed(total) };
}

function disputeNotice(event: Fields, type: string, dispute: Fields): Read {
  const base = common(event, dispute, idOf(event, type, dispute, null));
  const money = namedMoney(dispute.amount, dispute.currency);
  return { ...base, kind: 'disputed', amount: money.amount, problem: base.problem ?? problemWhereNamed(money) };
}

/** Stripe may make two Event objects for one change: type, object and state are the same in both, `evt_…` is not. */
function idOf(event: Fields, type: string, object: Fields, state: string | null): string {
  const id = textOf(object.id) ?? textOf(event.id) ?? 'none';
  return state === null ? `${type}:${id}` : `${type}:${id}:${state}`;
}

function objectOf(event: Fields): Fields {
  return fieldsOf(fieldsOf(event.data).object);
}

function wordOf(value: unknown): string {
  return textOf(value) ?? 'none';
}
