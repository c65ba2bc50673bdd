import { createHmac } from 'node:crypto';
import { randomCode } from '@mingdan/kernel';
import type { Desk, Notice, Payment, Refund, TillEvent } from '../contract.ts';
import type { StripeKeys } from './keys.ts';
import {
  chargeObject,
  disputeObject,
  intentObject,
  isDelayed,
  refundObject,
  type StripeObject,
  sessionObject,
} from './objects.ts';

/** What the endpoint is sent of an event; what has nothing to do with a session, refund or dispute it has not asked for. */
export function noticesOf(desk: Desk<StripeKeys>, event: TillEvent): Notice[] {
  const { payment } = event;
  const { ledger } = desk.till;
  const tell = (type: string, object: StripeObject) => eventNotice(desk, payment, type, object);
  const session = () => sessionObject(ledger, payment, desk.pageOf(payment));
  switch (event.kind) {
    case 'paid':
      return [tell(`checkout.session.${isDelayed(payment) ? 'async_payment_succeeded' : 'completed'}`, session())];
    case 'processing':
      return [tell('checkout.session.completed', session())];
    case 'failed':
      // A declined card leaves the session open: the buyer tries another one.
      return isDelayed(payment)
        ? [tell('checkout.session.async_payment_failed', session())]
        : [tell('payment_intent.payment_failed', intentObject(ledger, payment))];
    case 'closed':
      return [tell('checkout.session.expired', session())];
    case 'refund':
      return refundTypes(event.refund).map((type) =>
        tell(type, type === 'charge.refunded' ? chargeObject(ledger, payment) : refundObject(event.refund)),
      );
    case 'dispute':
      return [
        tell(`charge.dispute.${event.dispute.status === 'open' ? 'created' : 'closed'}`, disputeObject(event.dispute)),
      ];
  }
}

function refundTypes(refund: Refund): string[] {
  const isNew = refund.details.told !== 'yes';
  refund.details.told = 'yes';
  return [
    ...(isNew ? ['refund.created'] : refund.status === 'failed' ? [] : ['refund.updated']),
    ...(refund.status === 'failed' ? ['refund.failed'] : []),
    ...(refund.status === 'succeeded' ? ['charge.refunded'] : []),
  ];
}

/** A signed event of the caller's making: `type`, and fields of its session. */
export function ownNotice(desk: Desk<StripeKeys>, payment: Payment, fields: Readonly<Record<string, unknown>>): Notice {
  const { type = 'checkout.session.completed', ...changes } = fields;
  const session = sessionObject(desk.till.ledger, payment, desk.pageOf(payment));
  return eventNotice(desk, payment, String(type), { ...session, ...changes });
}

function eventNotice(desk: Desk<StripeKeys>, payment: Payment, type: string, object: StripeObject): Notice {
  const event = {
    id: `evt_${randomCode(24)}`,
    object: 'event',
    api_version: '2026-10-28.endive',
    created: Math.floor(Date.now() / 1_000),
    data: { object },
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type,
  };
  const bytes = JSON.stringify(event, null, 2);
  return {
    url: desk.webhookUrl(),
    orderId: payment.orderId,
    says: type,
    body: event,
    sign: (at) => ({
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'stripe-signature': signatureHeader(desk.keys.webhookSecret, at, bytes),
      },
      body: bytes,
    }),
  };
}

/** Each try is signed with its own time; the key is the whole secret, `whsec_` and all. */
function signatureHeader(secret: string, at: Date, bytes: string): string {
  const t = Math.floor(at.getTime() / 1_000);
  const v1 = createHmac('sha256', secret).update(`${t}.${bytes}`).digest('hex');
  return `t=${t},v1=${v1}`;
}
