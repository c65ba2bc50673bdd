import { type Db, row, rows } from '@mingdan/db';
import { ORDER_COLUMNS, type Order } from './order.ts';

/** Unpaid orders that are over, taken for asking their gateway; nobody else gets them for `seconds`. */
export async function takeOverdue(db: Db, limit: number, seconds: number): Promise<Order[]> {
  return rows<Order>(
    db,
    `with batch as materialized (
       select id from orders where status = 'pending_payment' and expires_at <= now() and (check_payment_at is null or check_payment_at <= now())
        order by expires_at for update skip locked limit :limit)
     update orders o set check_payment_at = now() + make_interval(secs => :seconds) from batch where o.id = batch.id
     returning ${ORDER_COLUMNS}`,
    { limit, seconds },
  );
}

/** pending_payment → expired; a payment that came meanwhile wins. @returns false when it was no longer unpaid */
export async function expire(tx: Db, orderId: number, reason: 'expired' | 'cancelled', by: string): Promise<boolean> {
  const moved = await row(
    tx,
    `update orders set status = 'expired', status_reason = :reason, status_by = :by where id = :orderId and status = 'pending_payment' returning 1`,
    { orderId, reason, by },
  );
  return moved !== undefined;
}

/** How long money may come late for an order that ended unpaid; after this its gateways are not asked any more. */
const LATE_DAYS = 7;

/** Orders that ended unpaid and still have a payment open at a gateway, taken for closing it; nobody else gets them for `seconds`. */
export async function takeUnclosed(db: Db, limit: number, seconds: number): Promise<Order[]> {
  return rows<Order>(
    db,
    `with batch as materialized (
       select o.id from orders o
        where o.status in ('failed', 'expired') and o.paid_at is null and o.created_at > now() - make_interval(days => ${LATE_DAYS})
          and exists (select 1 from payment_attempts a where a.order_id = o.id and a.status = 'open')
          and (o.check_payment_at is null or o.check_payment_at <= now())
        order by o.id for update of o skip locked limit :limit)
     update orders o set check_payment_at = now() + make_interval(secs => :seconds) from batch where o.id = batch.id
     returning ${ORDER_COLUMNS}`,
    { limit, seconds },
  );
}
