import { changed, type Db, row, rows } from '@mingdan/db';
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
  if (!moved) return false;
  await changed(tx, `update payment_attempts set status = 'closed' where order_id = :orderId and status = 'open'`, {
    orderId,
  });
  return true;
}
