import { changed, type Db, row, rows } from '@mingdan/db';
import { COMMISSION_HELD_DAYS } from './promoters.ts';
import { IS_OF_NOTHING_GIVEN, requestRefundOfOrder } from './refund-records.ts';
import { OrderTakenAway } from './steps.ts';

/**
 * Completes an order when none of its parts is left unsent (a buyer without a chat has none), and credits its promoter, once.
 * An order that was completed as parked only learns that it was delivered after all. @returns its number when it was completed now
 */
export async function completeIfDelivered(db: Db, orderId: number): Promise<string | undefined> {
  const nothingLeft = `not exists (select 1 from outbox where outbox.order_id = orders.id and delivers and outbox.status in ('pending', 'parked'))`;
  const completed = await row<{ orderNo: string; promoted: boolean }>(
    db,
    `with done as (
       update orders set status = 'completed', completed_at = now(), delivery = 'delivered', status_reason = null, status_by = 'sender'
        where id = :orderId and status = 'generating' and delivery = 'sending' and ${nothingLeft}
       returning id, order_no, promoter_id, user_id
     ), ${CREDIT_PROMOTER}, ${SHOW_CODES}
     select order_no as "orderNo", promoter_id is not null as promoted from done`,
    { orderId },
  );
  // A refund that was booked while this statement waited for the order is not in what it saw.
  if (completed?.promoted) await row(db, 'select reverse_promoter_credit(:orderId)', { orderId });
  if (!completed) {
    await changed(
      db,
      `with done as (
         update orders set delivery = 'delivered' where id = :orderId and status = 'completed' and delivery = 'parked' and ${nothingLeft} returning id
       ), ${SHOW_CODES}
       select id from done`,
      { orderId },
    );
  }
  return completed?.orderNo;
}

/** Codes that went to the chat are seen; those of a buyer without one are seen when they read the order page. */
const SHOW_CODES = `shown as (
       update inventory_items set shown_at = now()
        where order_id in (select id from done) and status = 'sold' and shown_at is null
          and exists (select 1 from outbox where outbox.order_id = inventory_items.order_id and delivers and outbox.status = 'sent'))`;

/**
 * An order is credited to its promoter by its own key: a second completion finds the row and changes nothing. The commission is of what was
 * really paid and is kept, in its own currency, and held while a refund is likely; coins were paid for before, and nobody earns by their
 * own orders. What goes back later takes its part of it along (migrations/0016).
 */
const CREDIT_PROMOTER = `credit as (
       insert into promoter_credits (order_id, promoter_id, amount_minor, currency, rate_percent, commission_minor, held_until)
       select done.id, p.id, paid.minor, paid.currency, p.rate_percent, floor(paid.minor * p.rate_percent / 100)::bigint, now() + make_interval(days => ${COMMISSION_HELD_DAYS})
         from done join promoters p on p.id = done.promoter_id
         join lateral (
           select sum(amount_minor - refunded_minor)::bigint as minor, currency from payment_transactions t
            where order_id = done.id and currency <> 'COIN'
              and not exists (select 1 from refund_records r where r.transaction_id = t.id and ${IS_OF_NOTHING_GIVEN})
            group by currency order by minor desc limit 1) paid on paid.minor > 0
        where p.user_id is distinct from done.user_id
       on conflict (order_id) do nothing returning promoter_id, amount_minor, currency
     ), counted as (
       insert into promoter_statistics as s (promoter_id, currency, orders, amount_minor)
       select promoter_id, currency, 1, amount_minor from credit
       on conflict (promoter_id, currency) do update set orders = s.orders + 1, amount_minor = s.amount_minor + excluded.amount_minor
     )`;

/** A report that could not be delivered in time: the order is complete, its parts wait for the buyer's next contact. */
export async function parkDelivery(db: Db, olderThanHours: number): Promise<{ id: number; orderNo: string }[]> {
  return rows<{ id: number; orderNo: string }>(
    db,
    `with done as (
       update orders set status = 'completed', completed_at = now(), delivery = 'parked', status_reason = 'undeliverable', status_by = 'housekeeping'
        where status = 'generating' and delivery = 'sending' and delivery_started_at < now() - make_interval(secs => 3600 * :hours::float8)
       returning id, order_no, promoter_id, user_id
     ), ${CREDIT_PROMOTER}, parked as (
       update outbox set status = 'parked' where delivers and status = 'pending' and order_id in (select id from done)
     )
     select id, order_no as "orderNo" from done`,
    { hours: olderThanHours },
  );
}

/**
 * generating (or paid, where `owner` is null) → failed together with the refund of everything that was paid; one transaction, so call it inside one.
 * `owner` null takes the order from whoever holds it (a refund asked for by the buyer or an operator).
 * @returns the ids of the refunds asked for, none for a free order
 * @throws OrderTakenAway when this worker does not hold it any more, or its report is already on its way
 */
export async function failAndRefund(
  tx: Db,
  failed: {
    orderId: number;
    orderNo: string;
    owner: string | null;
    reason: string;
    by: string;
    refundId?: string | null;
  },
): Promise<string[]> {
  // Nobody had claimed it yet: it passes through `generating`, as every failing order does.
  if (failed.owner === null)
    await changed(
      tx,
      `update orders set status = 'generating', status_reason = :reason, status_by = :by, lease_owner = null where id = :orderId and status = 'paid'`,
      failed,
    );
  const moved = await row(
    tx,
    `update orders set status = 'failed', failed_at = now(), status_reason = :reason, status_by = :by, lease_owner = null
      where id = :orderId and status = 'generating' and delivery = 'none' and (:owner::text is null or lease_owner = :owner) returning 1`,
    failed,
  );
  if (!moved) throw new OrderTakenAway(failed.orderNo);
  const { orderId, reason, by, refundId = null } = failed;
  return requestRefundOfOrder(tx, { orderId, reason, by, refundId });
}
