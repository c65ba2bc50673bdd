import { changed, type Db, rows } from '@mingdan/db';
import { ORDER_COLUMNS, type Order } from './order.ts';

export interface Holder {
  /** unique for each start of a process */
  readonly owner: string;
  readonly leaseSeconds: number;
}

/** paid → generating for up to `limit` orders, members first, then the longest-waiting. Two workers at once never get the same one. */
export async function claimPaid(db: Db, holder: Holder, limit: number): Promise<Order[]> {
  return rows<Order>(
    db,
    // A CTE, since a subquery under IN may be run again for each row and would then lock more than the limit.
    `with batch as materialized (select id from orders where status = 'paid' order by priority desc, paid_at, id for update skip locked limit :limit)
     update orders o
        set status = 'generating', status_by = :owner, lease_owner = :owner, due_at = now() + make_interval(secs => :leaseSeconds)
       from batch where o.id = batch.id
     returning ${ORDER_COLUMNS}`,
    { ...holder, limit },
  );
}

/**
 * Orders in work whose holder is gone or whose pause is over. A dead holder is counted, so that a poisoned order is noticed.
 * @param inHand what this process works on itself: after an outage of the database their leases are over, and it goes on with them
 */
export async function takeOverDue(
  db: Db,
  holder: Holder,
  limit: number,
  inHand: readonly number[] = [],
): Promise<Order[]> {
  return rows<Order>(
    db,
    `with batch as materialized (
       select id from orders where status = 'generating' and delivery = 'none' and due_at <= now() and id <> all(:inHand::bigint[])
        order by due_at, id for update skip locked limit :limit)
     update orders o
        set takeovers = takeovers + case when lease_owner is null then 0 else 1 end,
            lease_owner = :owner, due_at = now() + make_interval(secs => :leaseSeconds)
       from batch where o.id = batch.id
     returning ${ORDER_COLUMNS}`,
    { ...holder, limit, inHand: [...inHand] },
  );
}

/**
 * Renews the leases of the orders in hand. A row that somebody else has locked keeps its lease as it is and holds up no other.
 * @returns the ids still held; the others were taken away and must be let go
 */
export async function renewLeases(db: Db, holder: Holder, orderIds: readonly number[]): Promise<Set<number>> {
  const held = await rows<{ id: number }>(
    db,
    `with held as materialized (
       select id from orders where id = any(:orderIds) and lease_owner = :owner and status = 'generating' and delivery = 'none'),
     free as materialized (
       select id from orders where id in (select id from held) and lease_owner = :owner and status = 'generating' and delivery = 'none'
        for no key update skip locked),
     renewed as (
       update orders o set due_at = now() + make_interval(secs => :leaseSeconds) from free where o.id = free.id)
     select id from held`,
    { ...holder, orderIds: [...orderIds] },
  );
  return new Set(held.map((order) => order.id));
}

/** Lets an order rest until a time, or hands it back at once (a graceful stop). */
export async function putDown(db: Db, owner: string, orderId: number, seconds: number): Promise<void> {
  await changed(
    db,
    `update orders set lease_owner = null, due_at = now() + make_interval(secs => :seconds)
      where id = :orderId and lease_owner = :owner and status = 'generating' and delivery = 'none'`,
    { owner, orderId, seconds },
  );
}
