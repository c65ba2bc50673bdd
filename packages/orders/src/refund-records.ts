import { randomUUID } from 'node:crypto';
import { changed, type Db, row, rows } from '@mingdan/db';
import type { Money } from '@mingdan/kernel';
import { IS_COIN_PART } from './coins.ts';

export type RefundStatus = 'requested' | 'pending' | 'succeeded' | 'failed' | 'manual';

export interface RefundRecord {
  readonly id: number;
  readonly refundId: string;
  /** null: the money belongs to no order of ours */
  readonly orderId: number | null;
  readonly orderNo: string | null;
  readonly provider: string | null;
  readonly gatewayOrderId: string;
  readonly providerPaymentId: string | null;
  readonly providerRefundId: string | null;
  readonly userId: number | null;
  readonly telegramId: number | null;
  readonly amount: Money;
  readonly paymentAmount: Money;
  readonly reason: string;
  readonly status: RefundStatus;
  readonly attempts: number;
  /** how often the gateway itself said no */
  readonly refusals: number;
}

/** Reasons of refunds that give back money which never paid for anything. */
export const OF_NOTHING_GIVEN = ['second_payment', 'unmatched_payment'] as const;
export const IS_OF_NOTHING_GIVEN = `r.reason in (${OF_NOTHING_GIVEN.map((reason) => `'${reason}'`).join(', ')})`;

/** What the gateway took comes before coins. */
const MOST_LEFT_FIRST = `order by ${IS_COIN_PART}, t.amount_minor - t.refund_reserved_minor desc, t.id`;

/**
 * Asks for what is left of every payment of an order, each under its own refund id. What is already reserved is not asked for again.
 * @returns the new refund ids
 */
export async function requestRefundOfOrder(
  tx: Db,
  wanted: { orderId: number; reason: string; by: string; refundId?: string | null },
): Promise<string[]> {
  const { orderId, reason, by, refundId = null } = wanted;
  const asked = await rows<{ refundId: string | null; isPart: boolean }>(
    tx,
    // the caller's id is for the first payment; what was paid beside it has ids of its own
    `select request_refund_of_payment(provider, provider_payment_id, :reason, :by, null, case when place = 1 and any_money then :refundId end) as "refundId",
            is_part as "isPart"
       from (select t.*, ${IS_COIN_PART} as is_part, bool_or(not ${IS_COIN_PART}) over () as any_money,
                    row_number() over (order by t.amount_minor <= t.refund_reserved_minor, ${IS_COIN_PART}, t.amount_minor - t.refund_reserved_minor desc, t.id) as place
               from payment_transactions t where order_id = :orderId) t
      order by place`,
    { orderId, reason, by, refundId },
  );
  const ids = asked.flatMap(({ refundId }) => (refundId === null ? [] : [refundId]));
  return asked.some(({ isPart }) => !isPart) ? ids : [...(await requestUnrecorded(tx, wanted)), ...ids];
}

/** An order that counts as paid though no payment was recorded (marked by hand): the gateway is asked under the order number, once. */
async function requestUnrecorded(
  tx: Db,
  wanted: { orderId: number; reason: string; by: string; refundId?: string | null },
): Promise<string[]> {
  const asked = await rows<{ refundId: string }>(
    tx,
    `insert into refund_records (refund_id, order_id, provider, amount_minor, currency, reason, requested_by)
     select :refundId, o.id, coalesce(o.provider, a.provider), o.amount_minor - o.coins_minor, o.currency, :reason, :by
       from orders o left join lateral (select provider from payment_attempts where order_id = o.id order by id desc limit 1) a on true
      where o.id = :orderId and o.amount_minor > 0 and o.paid_at is not null
     on conflict (order_id) where transaction_id is null do update
       set status = 'requested', attempts = 0, refusals = 0, due_at = now(), told_at = null, settled_at = null
       where refund_records.status in ('failed', 'manual')
     returning refund_id as "refundId"`,
    { ...wanted, refundId: wanted.refundId ?? `R${randomUUID().replaceAll('-', '')}` },
  );
  return asked.map(({ refundId }) => refundId);
}

const REFUND = `r.id, r.refund_id as "refundId", r.order_id as "orderId", o.order_no as "orderNo", r.provider,
  coalesce(t.gateway_order_id, a.gateway_order_id, o.order_no) as "gatewayOrderId",
  case when t.provider_payment_id not like 'order:%' then t.provider_payment_id end as "providerPaymentId", r.provider_refund_id as "providerRefundId",
  u.id as "userId", u.telegram_id as "telegramId",
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
     select ${REFUND} from due r left join orders o on o.id = r.order_id left join users u on u.id = o.user_id
       left join payment_transactions t on t.id = r.transaction_id left join payment_attempts a on a.id = t.attempt_id`,
    { owner, leaseSeconds, limit },
  );
}

/** The gateway has it but is not through, or did not answer: ask again later. */
export async function postponeRefund(
  db: Db,
  refund: Pick<RefundRecord, 'id'>,
  later: {
    status: 'requested' | 'pending';
    error: string | null;
    seconds: number;
    refused: boolean;
    providerRefundId?: string | null;
  },
): Promise<void> {
  await changed(
    db,
    `update refund_records set status = :status, attempts = attempts + 1, refusals = refusals + :refusal, last_error = :error, lease_owner = null, due_at = now() + make_interval(secs => :seconds),
            provider_refund_id = coalesce(:providerRefundId, provider_refund_id)
      where id = :id and status in ('requested', 'pending')`,
    { ...later, providerRefundId: later.providerRefundId ?? null, id: refund.id, refusal: later.refused ? 1 : 0 },
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

/** Who asked for how much under which id. */
export interface RefundWithId {
  readonly orderId: number;
  /** the caller's own id: the same id again is the same refund */
  readonly refundId: string | null;
  /** minor units in the currency of the payment; null: all that is left */
  readonly amountMinor: number | null;
  readonly reason: string;
  readonly by: string;
}

/**
 * Asks for one refund of an order's payment, also of a part of it. Of several payments the one with the most left is taken, and coins that
 * paid a part only when there is no other.
 * @returns the refund's id; null where nothing, or less than the amount, is left
 */
export async function requestRefundWithId(tx: Db, wanted: RefundWithId): Promise<string | null> {
  const asked = await row<{ refundId: string | null }>(
    tx,
    `select request_refund_of_payment(provider, provider_payment_id, :reason, :by, :amountMinor::bigint, :refundId) as "refundId"
       from payment_transactions t where order_id = :orderId ${MOST_LEFT_FIRST} limit 1`,
    { ...wanted },
  );
  return asked?.refundId ?? null;
}

/** What goes back by some refunds, the gateway's money before coins. */
export async function amountsOfRefunds(tx: Db, refundIds: readonly string[]): Promise<Money[]> {
  return rows<Money>(
    tx,
    `select sum(amount_minor)::bigint as minor, currency from refund_records where refund_id = any(:refundIds) group by currency order by currency = 'COIN'`,
    { refundIds },
  );
}

/** The payment that the next refund of an order would be made of. */
export async function paymentWithMostLeft(tx: Db, orderId: number): Promise<Money | undefined> {
  return row<Money>(
    tx,
    `select t.amount_minor as minor, t.currency from payment_transactions t where t.order_id = :orderId ${MOST_LEFT_FIRST} limit 1`,
    { orderId },
  );
}

export async function findRefund(db: Db, refundId: string): Promise<FoundRefund | undefined> {
  return row<FoundRefund>(
    db,
    `select refund_id as "refundId", order_id as "orderId", status, jsonb_build_object('minor', amount_minor, 'currency', currency) as amount
       from refund_records where refund_id = :refundId`,
    { refundId },
  );
}

/** The refund of an order that is not through yet, if there is one: of this amount, or else the last, and of the money before coins. */
export async function openRefundOf(
  db: Db,
  orderId: number,
  amountMinor: number | null = null,
): Promise<FoundRefund | undefined> {
  return row<FoundRefund>(
    db,
    `select r.refund_id as "refundId", r.order_id as "orderId", r.status, jsonb_build_object('minor', r.amount_minor, 'currency', r.currency) as amount
       from refund_records r left join payment_transactions t on t.id = r.transaction_id
      where r.order_id = :orderId and r.status in ('requested', 'pending', 'manual') and r.reason <> 'second_payment'
        and (:amountMinor::bigint is null or r.amount_minor = :amountMinor::bigint)
      order by ${IS_COIN_PART}, r.id desc limit 1`,
    { orderId, amountMinor },
  );
}

export interface FoundRefund {
  readonly refundId: string;
  readonly orderId: number | null;
  readonly status: RefundStatus;
  readonly amount: Money;
}

/** The state of an order's refund as buyers see it: what is still under way, else how the last one ended. */
export async function refundStatusOf(db: Db, orderId: number): Promise<RefundStatus | 'none'> {
  const found = await row<{ status: RefundStatus }>(
    db,
    // of each payment the last word, and of those the one that is furthest from its end
    `select status from (
       select distinct on (transaction_id) status, id from refund_records r where order_id = :orderId and not ${IS_OF_NOTHING_GIVEN}
        order by transaction_id, status in ('requested', 'pending') desc, id desc) last
      order by array_position(array['requested', 'pending', 'manual', 'failed', 'succeeded'], status), id desc limit 1`,
    { orderId },
  );
  return found?.status ?? 'none';
}

export interface OrderRefund {
  readonly status: RefundStatus | 'none';
  /** all of the money is back, not only a part of it */
  readonly whole: boolean;
}

/** The refund of an order as its buyer sees it, and whether it was all of the money. */
export async function refundOfOrder(db: Db, orderId: number): Promise<OrderRefund> {
  const status = await refundStatusOf(db, orderId);
  if (status !== 'succeeded') return { status, whole: false };
  const left = await row(
    db,
    `select 1 from payment_transactions where order_id = :orderId and refunded_minor < amount_minor limit 1`,
    { orderId },
  );
  return { status, whole: left === undefined };
}
