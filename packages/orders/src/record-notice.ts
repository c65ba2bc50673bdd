import { createHash } from 'node:crypto';
import { type Db, row } from '@mingdan/db';
import { type Money, splitGatewayOrderId } from '@mingdan/kernel';

/** What the webhook process and the query of a gateway hand over: a notice in our words. */
export interface NoticeToRecord {
  readonly provider: string;
  readonly eventId: string;
  readonly kind: 'paid' | 'failed' | 'expired' | 'pending' | 'processing' | 'refunded' | 'refund_failed' | 'disputed';
  readonly gatewayOrderId: string;
  readonly providerPaymentId: string | null;
  readonly refundId: string | null;
  readonly amount: Money | null;
  /** all that was ever given back of the payment, where a refund notice tells it */
  readonly refundedTotal?: Money | null;
  /** another id of the gateway's, by which it names the payment in events that name no order */
  readonly reference?: string | null;
  readonly merchantMatches: boolean;
  /** what in the notice could not be understood, as a short code; such a notice is kept and never booked */
  readonly problem?: string | null;
  readonly occurredAt: Date | null;
}

/** Verdicts that need no person: everything else is flagged for the operators. See odd-money.ts. */
export const quietVerdicts = ['paid', 'failed', 'already', 'second_payment', 'settled', 'noted', 'seen'] as const;

export interface RecordedNotice {
  /** one of quietVerdicts, or what did not fit: unknown_order, other_provider, other_merchant, amount_mismatch, … */
  readonly verdict: string;
  /** our order number, where the gateway's id looks like one */
  readonly orderNo: string | null;
  /** true: the worker has something to do */
  readonly wake: boolean;
}

/** The longest text of a gateway that we keep. */
const cut = (text: string | null): string | null =>
  text === null ? null : text.replaceAll('\u0000', '').slice(0, 200).toWellFormed();

/**
 * Records a verified notice and does what it says, in one round trip: `take_notice` (migrations/0006) inserts the notice, the
 * payment and flips the order in one transaction. Harmless for every repeat.
 * @param raw the bytes that came; left out where none did: an answer to a question of ours, an operator's decision, an update of the bot
 */
export async function recordNotice(
  db: Db,
  notice: NoticeToRecord,
  raw: { digest: Buffer; sealed: Buffer | null } = { digest: digestOf(notice), sealed: null },
): Promise<RecordedNotice> {
  const orderNo = splitGatewayOrderId(notice.gatewayOrderId)?.orderNo ?? null;
  const answer = await row<{ verdict: string }>(db, 'select take_notice(:notice::jsonb, :digest, :raw) as verdict', {
    notice: JSON.stringify(wireNotice(notice, orderNo)),
    digest: raw.digest,
    raw: raw.sealed,
  });
  const verdict = answer?.verdict ?? 'noted';
  return { verdict, orderNo, wake: verdict !== 'already' && verdict !== 'noted' };
}

function digestOf(notice: NoticeToRecord): Buffer {
  return createHash('sha256').update(JSON.stringify(notice)).digest();
}

/** Null for what PostgreSQL would not take: a strange time must not cost the payment that it came with. */
function timestamp(at: Date | null): string | null {
  const isUsual = at !== null && at.getTime() > 0 && at.getUTCFullYear() < 10_000;
  return isUsual ? at.toISOString() : null;
}

function wireNotice(notice: NoticeToRecord, orderNo: string | null) {
  return {
    provider: notice.provider,
    event_id: cut(notice.eventId),
    kind: notice.kind,
    order_no: orderNo,
    gateway_order_id: cut(notice.gatewayOrderId),
    payment_id: cut(notice.providerPaymentId),
    refund_id: cut(notice.refundId),
    amount_minor: notice.amount?.minor ?? null,
    currency: notice.amount?.currency ?? null,
    refunded_total_minor: notice.refundedTotal?.minor ?? null,
    refunded_total_currency: notice.refundedTotal?.currency ?? null,
    reference: cut(notice.reference ?? null),
    merchant_matches: notice.merchantMatches,
    problem: notice.problem ?? null,
    occurred_at: timestamp(notice.occurredAt),
  };
}

/** Keeps why a notice was refused; the database keeps the last 1,000 and at most 5 a second. */
export async function recordRefusedNotice(
  db: Db,
  refused: { provider: string; why: string; digest: Buffer; size: number },
): Promise<void> {
  await row(db, 'select record_refused_notice(:provider, :why, :digest, :size)', { ...refused });
}
