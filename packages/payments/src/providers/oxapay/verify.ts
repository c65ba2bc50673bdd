import {
  ForgedNotice,
  type NoticeKind,
  type NoticeVerifier,
  type PaymentNotice,
  UnreadableNotice,
} from '../../contract.ts';
import { checkHmacHeader } from '../../signatures.ts';
import { type Fields, isNamed, textOf } from '../../wire-text.ts';
import { orderIdOf, type Payment, paymentIn, trackIdOf } from './received.ts';
import type { OxapayWebhook } from './settings.ts';
import { dateOf, differs, either, fieldsWithNumbersAsText, SIGNATURE_HEADER, signature, word } from './wire.ts';

export function createVerifier(settings: OxapayWebhook): NoticeVerifier {
  return {
    provider: 'oxapay',
    acknowledgement: { status: 200, contentType: 'text/plain; charset=utf-8', body: 'ok' },
    verify(notice) {
      checkHmacHeader(
        notice,
        { header: SIGNATURE_HEADER, secret: settings.secretKey, variable: 'OXAPAY_SECRET_KEY' },
        signature,
      );
      const fields = fieldsWithNumbersAsText(notice.body);
      if (!fields) throw new UnreadableNotice('the body is no JSON object');
      // Payouts are signed with a key of their own: one that is signed with ours is none of OxaPay's making.
      if (word(fields.type) === 'payout') throw new ForgedNotice('this is a notice of a payout, which we never make');
      return paymentNotice(fields);
    },
  };
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
    problem: isNamed(track) && trackId === null ? 'unreadable_payment_id' : problemOf(payment, kind),
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
