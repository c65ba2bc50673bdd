import { type Db, row, rows } from '@mingdan/db';
import type { Money } from '@mingdan/kernel';
import type { OddMoneyAnswer } from './odd-money.ts';

/** Money that came and fits no order; nothing is flipped by it until a person, or the end of 72 hours, decides. */
export interface HeldPayment {
  readonly id: number;
  readonly provider: string;
  readonly gatewayOrderId: string;
  readonly orderNo: string | null;
  /** null: the gateway did not say it in a way that could be read */
  readonly amount: Money | null;
  readonly verdict: string;
  readonly status: 'held' | 'delivered' | 'refunding' | 'dropped';
  readonly decideBy: Date;
}

const HELD = `h.id, h.provider, h.gateway_order_id as "gatewayOrderId", o.order_no as "orderNo",
  case when h.amount_minor is not null then jsonb_build_object('minor', h.amount_minor, 'currency', h.currency) end as amount,
  h.verdict, h.status, h.decide_by as "decideBy"`;

export async function findHeldPayment(db: Db, id: number): Promise<HeldPayment | undefined> {
  return row<HeldPayment>(
    db,
    `select ${HELD} from held_payments h left join orders o on o.id = h.order_id where h.id = :id`,
    { id },
  );
}

/** Held money nobody decided about in time. */
export async function overdueHeldPayments(db: Db, limit: number): Promise<HeldPayment[]> {
  return rows<HeldPayment>(
    db,
    `select ${HELD} from held_payments h left join orders o on o.id = h.order_id
      where h.status = 'held' and h.decide_by <= now() and h.amount_minor is not null order by h.decide_by limit :limit`,
    { limit },
  );
}

export type HeldOutcome =
  | 'delivered'
  | 'refunding'
  | 'waiting'
  | 'already'
  | 'amount_unknown'
  | 'no_order'
  | 'order_paid';

/** Decides about held money, once: by it the order is paid, or it goes back, or it waits 72 hours more. */
export async function settleHeldPayment(db: Db, id: number, answer: OddMoneyAnswer, by: string): Promise<HeldOutcome> {
  const settled = await row<{ outcome: HeldOutcome }>(db, 'select settle_held(:id, :answer, :by) as outcome', {
    id,
    answer,
    by,
  });
  return settled?.outcome ?? 'already';
}

/** Whether an order waits for that decision, and for no payment. */
export async function isHeld(db: Db, order: { readonly id: number; readonly status: string }): Promise<boolean> {
  return order.status === 'pending_payment' && hasHeldMoney(db, order.id);
}

/** Whether money of an order waits for somebody to decide about it. */
export async function hasHeldMoney(db: Db, orderId: number): Promise<boolean> {
  const held = await row(db, `select 1 from held_payments where order_id = :orderId and status = 'held' limit 1`, {
    orderId,
  });
  return held !== undefined;
}
