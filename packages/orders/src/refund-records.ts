import { randomUUID } from 'node:crypto';
import { changed, type Db, row, rows } from '@mingdan/db';
import type { Money } from '@mingdan/kernel';

export type RefundStatus = 'requested' | 'pending' | 'succeeded' | 'failed' | 'manual';

export interface RefundRecord {
  readonly id: number;
  readonly refundId: string;
  readonly orderId: number;
  readonly orderNo: string;
  readonly provider: string | null;
  readonly gatewayOrderId: string;
  readonly providerPaymentId: string | null;
  readonly amount: Money;
  readonly paymentAmount: Money;
  readonly reason: string;
  readonly status: RefundStatus;
  readonly attempts: number;
  /** how often the gateway itself said no */
  readonly refusals: number;
}

/**
 * Asks for what is left of every payment of an order, each under its own refund id. What is already reserved is not asked for again.
 * @returns the new refund ids
 */
export async function requestRefundOfOrder(
  tx: Db,
  wanted: { orderId: number; reason: string; by: string },
): Promise<string[]> {
  const asked = await rows<{ refundId: string | null }>(
    tx,
    `select request_refund_of_payment(provider, provider_payment_id, :reason, :by) as "refundId" from payment_transactions where order_id = :orderId`,
    wanted,
  );
  const ids = asked.flatMap(({ refundId }) => (refundId === null ? [] : [refundId]));
  return asked.length > 0 ? ids : [...ids, ...(await requestUnrecorded(tx, wanted))];
}

/** An order that counts as paid though no payment was recorded (marked by hand): the gateway is asked under the order number, once. */
async function requestUnrecorded(tx: Db, wanted: { orderId: number; reason: string; by: string }): Promise<string[]> {
  const asked = await rows<{ refundId: string }>(
    tx,
    `insert into refund_records (refund_id, order_id, provider, amount_minor, currency, reason, requested_by)
     select :refundId, o.id, coalesce(o.provider, a.provider), o.amount_minor, o.currency, :reason, :by
       from orders o left join lateral (select provider from payment_attempts where order_id = o.id order by id desc limit 1) a on true
      where o.id = :orderId and o.amount_minor > 0 and o.paid_at is not null
     on conflict (order_id) where transaction_id is null do update
       set status = 'requested', attempts = 0, refusals = 0, due_at = now(), told_at = null, settled_at = null
       where refund_records.status in ('failed', 'manual')
     returning refund_id as "refundId"`,
    { ...wanted, refundId: `R${randomUUID().replaceAll('-', '')}` },
  );
  return asked.map(({ refundId }) => refundId);
}

const REFUND = `r.id, r.refund_id as "refundId", r.order_id as "orderId", o.order_no as "orderNo", r.provider,
  coalesce(a.gateway_order_id, o.order_no) as "gatewayOrderId", t.provider_payment_id as "providerPaymentId",
  jsonb_build_object('minor', r.amount_minor, 'currency', r.currency) as amount,
  jsonb_build_object('minor', coalesce(t.amount_minor, r.amount_minor), 'currency', r.currency) as "paymentAmount",
  r.reason, r.status, r.attempts, r.refusals`;

/** Refunds that are due to be asked for, leased to `owner` for `leaseSeconds`. */
export async function claimRefunds(
  db: Db,
  owner: string,
  leaseSeconds: number,
  limit: number,
): Promise<RefundRecord[]> {
  return rows<RefundRecord>(
    db,
    `with batch as materialized (
       select id as batch_id from refund_records where status in ('requested', 'pending') and due_at <= now() order by due_at for update skip locked limit :limit),
     due as (
       update refund_records set lease_owner = :owner, due_at = now() + make_interval(secs => :leaseSeconds) from batch where id = batch_id
       returning refund_records.*)
     select ${REFUND} from due r join orders o on o.id = r.order_id
       left join payment_transactions t on t.id = r.transaction_id left join payment_attempts a on a.id = t.attempt_id`,
    { owner, leaseSeconds, limit },
  );
}

/** The gateway has it but is not through, or did not answer: ask again later. */
export async function postponeRefund(
  db: Db,
  refund: Pick<RefundRecord, 'id'>,
  later: { status: 'requested' | 'pending'; error: string | null; seconds: number; refused: boolean },
): Promise<void> {
  await changed(
    db,
    `update refund_records set status = :status, attempts = attempts + 1, refusals = refusals + :refusal, last_error = :error, lease_owner = null, due_at = now() + make_interval(secs => :seconds)
      where id = :id and status in ('requested', 'pending')`,
    { ...later, id: refund.id, refusal: later.refused ? 1 : 0 },
  );
}

/**
 * The end of a refund: `succeeded` books it, `failed` and `manual` free the money again or leave it to the operators.
 * @returns true when this call settled it (a notice may have been quicker)
 */
export async function settleRefund(
  db: Db,
  refundId: string,
  status: 'succeeded' | 'failed',
  providerRefundId: string | null,
): Promise<boolean> {
  const answer = await row<{ verdict: string }>(
    db,
    'select settle_refund(:refundId, :status, :providerRefundId) as verdict',
    { refundId, status, providerRefundId },
  );
  return answer?.verdict === 'settled';
}

/** A gateway without a refund call: the operators pay by hand and record it (`mingdan inbox`). */
export async function leaveRefundToOperators(db: Db, refund: Pick<RefundRecord, 'id'>, why: string): Promise<void> {
  await changed(
    db,
    `update refund_records set status = 'manual', last_error = :why, lease_owner = null where id = :id and status in ('requested', 'pending')`,
    {
      id: refund.id,
      why,
    },
  );
}

/** The state of an order's refund as buyers see it: what is still under way, else how the last one ended. */
export async function refundStatusOf(db: Db, orderId: number): Promise<RefundStatus | 'none'> {
  const found = await row<{ status: RefundStatus }>(
    db,
    `select status from refund_records where order_id = :orderId and reason <> 'second_payment'
      order by status in ('requested', 'pending') desc, id desc limit 1`,
    { orderId },
  );
  return found?.status ?? 'none';
}
