import { type Db, rows } from '@mingdan/db';
import type { Money } from '@mingdan/kernel';
import { IS_OF_NOTHING_GIVEN, type RefundStatus } from './refund-records.ts';

/** One refund of an order, as its buyer reads it. */
export interface RefundLine {
  /** in the currency of the payment */
  readonly amount: Money;
  readonly status: RefundStatus;
  /** coins that it took back, of an order of coins */
  readonly coinsTaken: number;
  readonly at: Date;
}

/** What went back of an order and what is on its way, oldest first; without money that was no payment of it. */
export async function refundLines(db: Db, orderId: number): Promise<RefundLine[]> {
  return rows<RefundLine>(
    db,
    `select jsonb_build_object('minor', r.amount_minor, 'currency', r.currency) as amount, r.status, coalesce(r.settled_at, r.created_at) as at,
            (select coalesce(-sum(l.amount), 0)::bigint from coin_ledger l
              where l.user_id = o.user_id and l.order_id = o.id and l.cause like 'takeback%' and split_part(l.cause, ':', 2) = r.refund_id) as "coinsTaken"
       from refund_records r join orders o on o.id = r.order_id
      where r.order_id = :orderId and not ${IS_OF_NOTHING_GIVEN} order by r.id`,
    { orderId },
  );
}
