import {
  ForgedNotice,
  type NoticeKind,
  type NoticeVerifier,
  type PaymentNotice,
  type RawNotice,
  UnreadableNotice,
} from '../../contract.ts';
import { equalsHex, singleHeader } from '../../signatures.ts';
import { textOf } from '../../wire-text.ts';
import { orderIdOf, type Payment, paymentIn, trackIdOf } from './received.ts';
import type { OxapayWebhook } from './settings.ts';
import {
  dateOf,
  differs,
  either,
  type Fields,
  fieldsWithNumbersAsText,
  SIGNATURE_HEADER,
  signature,
  word,
} from './wire.ts';

export function createVerifier(settings: OxapayWebhook): NoticeVerifier {
  return {
    provider: 'oxapay',
    acknowledgement: { status: 200, contentType: 'text/plain; charset=utf-8', body: 'ok' },
    verify(notice) {
      checkSignature(notice, settings.secretKey);
      const fields = fieldsWithNumbersAsText(notice.body);
      if (!fields) throw new UnreadableNotice('the body is no JSON object');
      // Payouts are signed with a key of their own: one that is signed with ours is none of OxaPay's making.
      if (word(fields.type) === 'payout') throw new ForgedNotice('this is a notice of a payout, which we never make');
      return paymentNotice(fields);
    },
  };
}

function checkSignature(notice: RawNotice, secretKey: string): void {
  const header = singleHeader(notice, SIGNATURE_HEADER);
  if (header === null) throw new ForgedNotice('the header HMAC is missing');
  if (secretKey === '') throw new ForgedNotice('no merchant key is set, and an empty one verifies nothing');
  const hex = header.trim();
  if (!/^[0-9a-f]{128}$/i.test(hex)) throw new ForgedNotice('HMAC is not 128 characters of hex');
  if (!equalsHex(hex, signature(secretKey, notice.body)))
    throw new ForgedNotice('HMAC does not match the body under OXAPAY_SECRET_KEY');
}

function paymentNotice(fields: Fields): PaymentNotice {
  const payment = paymentIn(fields);
  const kind = noticeKind(payment);
  const track = trackIdOf(fields);
  const trackId = textOf(track);
  const orderId = textOf(orderIdOf(fields)) ?? '';
  const isRefund = kind === 'refunded';
  return {
    provider: 'oxapay',
    eventId: `${trackId ?? orderId}:${payment.status}`,
    kind,
    gatewayOrderId: orderId,
    providerPaymentId: trackId,
    // OxaPay gives refunds no id, and gives back the whole of a payment or nothing: the payment's own id names its refund.
    refundId: isRefund ? trackId : null,
    amount: isRefund ? null : kind === 'paid' ? payment.received : payment.asked.amount,
    ...(isRefund ? { refundedTotal: payment.received } : {}),
    merchantMatches: true,
    problem: isUnreadable(track) ? 'unreadable_payment_id' : problemOf(payment, kind),
    occurredAt: payment.lastAt ?? dateOf(either(fields, 'date', 'payDate')),
  };
}

function noticeKind(payment: Payment): NoticeKind {
  if (payment.meaning === 'refunded') return 'refunded';
  // The refund has only begun; that the money came was told before.
  if (payment.meaning === 'refunding') return 'pending';
  switch (payment.state) {
    case 'paid':
    case 'processing':
    case 'failed':
      return payment.state;
    case 'gone':
      return 'expired';
    default:
      return 'pending';
  }
}

function problemOf(payment: Payment, kind: NoticeKind): string | null {
  if (payment.asked.problem) return payment.asked.problem;
  if (kind !== 'paid') return null;
  if (payment.received === null) return 'amount_missing';
  // It says that too little came, and names a sum that is not too little: a person should look.
  const { meaning, asked, received } = payment;
  const contradicts = meaning === 'short' && asked.amount !== null && !differs(received, asked.amount);
  return contradicts ? 'amount_mismatch' : null;
}

function isUnreadable(track: unknown): boolean {
  return track !== undefined && track !== null && track !== '' && textOf(track) === null;
}
