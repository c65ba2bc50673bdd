import { ForgedNotice, type PaymentNotice, type RawNotice, UnreadableNotice } from '../../../contract.ts';
import { moneyOf, problemWhereNamed } from '../../../wire-money.ts';
import { type Fields, jsonObject, textOf } from '../../../wire-text.ts';
import type { V4Keys } from '../settings.ts';
import { dateOf, disputeKind, judgeSignature, noticeKind, type SignatureVerdict } from './wire.ts';

/** A notice with `sign` in its body. @throws ForgedNotice or UnreadableNotice */
export function verifyV4(notice: RawNotice, keys: V4Keys): PaymentNotice {
  const envelope = jsonObject(notice.body);
  if (!envelope) throw new UnreadableNotice('the body is no JSON object');
  const verdict = judgeSignature(envelope, keys);
  if (verdict !== 'right') throw new ForgedNotice(WHY_FORGED[verdict]);
  const ours = envelope.accId === keys.accId;
  // A dispute names the shop alone.
  if (!('bizContent' in envelope)) return disputeNotice(envelope, ours);
  const content = typeof envelope.bizContent === 'string' ? jsonObject(envelope.bizContent) : undefined;
  if (!content) throw new UnreadableNotice('bizContent is no JSON object');
  return paymentNotice(content, ours && envelope.clientId === keys.clientId);
}

const WHY_FORGED: Readonly<Record<Exclude<SignatureVerdict, 'right'>, string>> = {
  wrong: 'sign does not match the fields under PINGPONG_SALT',
  missing: 'sign is empty',
  unknown_sign_type: 'signType is neither SHA256 nor the one that PINGPONG_SIGN_TYPE allows',
  no_salt: 'no salt is set, and an empty one verifies nothing',
};

function paymentNotice(content: Fields, merchantMatches: boolean): PaymentNotice {
  const notifyType = wordOf(content.notifyType);
  const status = wordOf(content.status);
  const kind = noticeKind(notifyType, status);
  const isRefund = notifyType === 'REFUND';
  const orderId = textOf(content.merchantTransactionId) ?? '';
  const transactionId = textOf(content.transactionId);
  const gatewayRefundId = textOf(content.refundId);
  const money = moneyOf(content.amount, content.currency);
  const about = isRefund ? (gatewayRefundId ?? textOf(content.merchantRefundId)) : transactionId;
  return {
    provider: 'pingpong',
    eventId: `${about ?? orderId}:${notifyType}:${status}`,
    kind,
    gatewayOrderId: orderId,
    providerPaymentId: transactionId,
    // A refund that was made in PingPong's console has no id of ours.
    refundId: isRefund ? (textOf(content.merchantRefundId) ?? gatewayRefundId) : null,
    amount: money.amount,
    merchantMatches,
    problem: kind === 'paid' ? money.problem : problemWhereNamed(money),
    occurredAt: dateOf(content.refundEndingTime ?? content.transactionEndingTime ?? content.transactionTime),
  };
}

function disputeNotice(fields: Fields, merchantMatches: boolean): PaymentNotice {
  const eventCode = wordOf(fields.eventCode);
  const money = moneyOf(fields.amount, fields.currency);
  return {
    provider: 'pingpong',
    eventId: `${textOf(fields.disputePspReference) ?? ''}:${eventCode}`,
    kind: disputeKind(eventCode),
    gatewayOrderId: textOf(fields.merchantReference) ?? '',
    providerPaymentId: textOf(fields.originalReference),
    refundId: null,
    amount: money.amount,
    merchantMatches,
    problem: problemWhereNamed(money),
    occurredAt: null,
  };
}

function wordOf(value: unknown): string {
  return textOf(value)?.trim().toUpperCase() ?? '';
}
