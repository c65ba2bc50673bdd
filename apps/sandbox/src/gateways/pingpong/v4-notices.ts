import { formatAmount, type Money } from '@mingdan/kernel';
import type { Dispute, Notice, Payment, Refund, TillEvent } from '../contract.ts';
import type { V4Keys } from './keys.ts';
import { v4Sign } from './v4-sign.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A payment stays in the protocol that it was made in. */
export function isV4(payment: Payment): boolean {
  return payment.details.protocol === 'v4';
}

/** What is told of an event: payments, refunds that have ended, closing where an address was given for it, disputes. */
export function v4NoticesOf(keys: V4Keys, event: TillEvent): Notice[] {
  const { payment } = event;
  switch (event.kind) {
    case 'paid': {
      const { paymentId, amount, at } = event.charge;
      const said = { status: 'SUCCESS', transactionId: paymentId, ...v4Money(amount) };
      return [recharge(keys, payment, { ...said, transactionEndingTime: String(Date.parse(at)) })];
    }
    case 'failed':
      return [recharge(keys, payment, { status: 'FAILED', resultCode: '301099' })];
    case 'closed': {
      const url = payment.details.closeNotificationUrl ?? '';
      return [{ ...recharge(keys, payment, { status: 'CLOSED' }), url }];
    }
    case 'refund':
      return event.refund.status === 'pending' ? [] : [refundNotice(keys, payment, event.refund)];
    case 'dispute':
      return [disputeNotice(keys, payment, event.dispute)];
    default:
      return [];
  }
}

/** A signed notice of a payment with these fields. */
export function v4OwnNotice(keys: V4Keys, payment: Payment, fields: Fields): Notice {
  return recharge(keys, payment, { status: 'SUCCESS', ...fields });
}

function recharge(keys: V4Keys, payment: Payment, fields: Fields): Notice {
  return inEnvelope(keys, payment, {
    notifyType: 'RECHARGE',
    transactionId: payment.paymentId,
    merchantTransactionId: payment.orderId,
    ...v4Money(payment.amount),
    transactionTime: String(Date.parse(payment.createdAt)),
    requestId: payment.orderId,
    captureDelayHours: 0,
    paymentMethod: { type: 'VISA' },
    ...fields,
  });
}

function refundNotice(keys: V4Keys, payment: Payment, refund: Refund): Notice {
  const notice = inEnvelope(keys, payment, {
    notifyType: 'REFUND',
    status: refund.status === 'succeeded' ? 'SUCCESS' : 'FAILED',
    refundId: refund.gatewayRefundId,
    ...(refund.madeIn === 'api' ? { merchantRefundId: refund.refundId } : {}),
    transactionId: refund.chargeId,
    merchantTransactionId: payment.orderId,
    ...v4Money(refund.amount),
    refundTime: String(Date.parse(refund.at)),
    refundEndingTime: String(Date.parse(refund.at)),
  });
  return { ...notice, url: refund.notifyUrl };
}

const EVENTS = { open: 'NOTIFICATION_OF_CHARGEBACK', won: 'CHARGEBACK_REVERSED', lost: 'PREARBITRATION_LOST' } as const;

/** The one notice whose fields lie beside the signature. */
function disputeNotice(keys: V4Keys, payment: Payment, dispute: Dispute): Notice {
  return signed(keys, payment, {
    accId: keys.accId,
    amount: formatAmount(dispute.amount),
    chargebackSchemeCode: 'VISA',
    chargebackStatus: dispute.status === 'open' ? 'PENDING' : dispute.status.toUpperCase(),
    currency: dispute.amount.currency,
    defendable: true,
    disputePspReference: dispute.disputeId,
    disputeType: 'WRONG_GOODS',
    eventCode: EVENTS[dispute.status],
    eventDate: dispute.at.slice(0, 19).replace('T', ' '),
    merchantReference: dispute.orderId,
    originalReference: dispute.chargeId,
    paymentMethod: 'VISA',
    reason: 'Not as described',
    signType: 'SHA256',
  });
}

function inEnvelope(keys: V4Keys, payment: Payment, content: Fields): Notice {
  const { accId, clientId } = keys;
  const bizContent = JSON.stringify(content);
  const notice = signed(keys, payment, { accId, bizContent, clientId, signType: 'SHA256', version: '1.0' });
  return { ...notice, says: `${content.notifyType} ${content.status}`, body: content };
}

function signed(keys: V4Keys, payment: Payment, fields: Fields): Notice {
  const bytes = JSON.stringify({ ...fields, sign: v4Sign(keys.salt, fields) });
  return {
    url: payment.notifyUrl,
    orderId: payment.orderId,
    says: String(fields.eventCode ?? ''),
    body: fields,
    sign: () => ({ headers: { 'content-type': 'application/json' }, body: bytes }),
  };
}

/** With six decimals, as its answers have it. */
export function v4Money(amount: Money): { amount: string; currency: string } {
  const [whole = '', fraction = ''] = formatAmount(amount).split('.');
  return { amount: `${whole}.${fraction.padEnd(6, '0')}`, currency: amount.currency };
}
