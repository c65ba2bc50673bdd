import { type Db, row, rows } from '@mingdan/db';
import type { Shop } from '../../support/shop.ts';
import { until } from '../../support/until.ts';

/** What the database holds of one order's money. */
export async function booksOf(db: Db, orderNo: string) {
  const payments = await rows<{ status: string; refundedMinor: number; reservedMinor: number; amountMinor: number }>(
    db,
    `select t.status, t.amount_minor as "amountMinor", refunded_minor as "refundedMinor", refund_reserved_minor as "reservedMinor"
       from payment_transactions t join orders o on o.id = t.order_id where order_no = :orderNo order by t.id`,
    { orderNo },
  );
  const refunds = await rows<{ status: string; reason: string; amountMinor: number; error: string | null }>(
    db,
    `select r.status, r.reason, r.last_error as error, r.amount_minor as "amountMinor" from refund_records r join orders o on o.id = r.order_id where order_no = :orderNo order by r.id`,
    { orderNo },
  );
  return { payments, refunds };
}

export interface Matter {
  readonly id: number;
  readonly kind: string;
  readonly status: 'open' | 'resolved';
  readonly resolution: string | null;
  readonly verdict: string | null;
  readonly heldId: number | null;
  readonly answers: readonly string[] | null;
}

/** What the operators have of an order, oldest first. */
export function mattersOf(db: Db, orderNo: string): Promise<Matter[]> {
  return rows<Matter>(
    db,
    `select i.id, i.kind, i.status, i.resolution, i.details ->> 'verdict' as verdict, (i.details ->> 'held_id')::bigint as "heldId", i.details -> 'answers' as answers
       from inbox_items i left join orders o on o.id = i.order_id where o.order_no = :orderNo or i.details ->> 'order_no' = :orderNo order by i.id`,
    { orderNo },
  );
}

/** The matter of such a kind, now or soon. */
export function matter(shop: Shop, orderNo: string, kind: string): Promise<Matter> {
  return until(
    async () => (await mattersOf(shop.db, orderNo)).find((each) => each.kind === kind),
    () => `the inbox has a matter ${kind} of ${orderNo}\n${shop.lastWords()}`,
  );
}

export interface Balance {
  readonly provider: string;
  readonly currency: string;
  readonly cameIn: number;
  readonly delivered: number;
  readonly refunded: number;
  readonly inbox: number;
  /** neither: money that nobody is looking at */
  readonly lost: number;
}

/** All money by our own books, by provider and currency, in minor units. */
export function balances(db: Db): Promise<Balance[]> {
  return rows<Balance>(
    db,
    `with money as (
       select t.provider, t.currency, t.amount_minor, t.refunded_minor as refunded,
              case when exists (select 1 from refund_records r where r.transaction_id = t.id and r.status in ('manual', 'failed')) or t.disputed_at is not null
                   then t.amount_minor - t.refunded_minor else 0 end as inbox,
              case when o.status = 'completed' and t.id = (select min(id) from payment_transactions where order_id = o.id) then t.amount_minor - t.refunded_minor else 0 end as delivered
         from payment_transactions t left join orders o on o.id = t.order_id
       union all
       select provider, currency, amount_minor, 0, amount_minor, 0 from held_payments where status = 'held')
     select provider, currency, sum(amount_minor)::bigint as "cameIn", sum(case when inbox > 0 then 0 else delivered end)::bigint as delivered,
            sum(refunded)::bigint as refunded, sum(inbox)::bigint as inbox,
            sum(amount_minor - refunded - greatest(inbox, delivered))::bigint as lost
       from money group by provider, currency order by provider, currency`,
  );
}

/** What the stand-ins took in and gave back, by their own books. */
export function gatewayTotals(shop: Shop, provider: 'pingpong' | 'alipay' | 'wechat' | 'stripe' | 'oxapay') {
  const totals = new Map<string, { cameIn: number; refunded: number }>();
  const of = (currency: string) => {
    const known = totals.get(currency) ?? { cameIn: 0, refunded: 0 };
    totals.set(currency, known);
    return known;
  };
  const gateway = shop.control.gateway(provider);
  for (const { charges } of gateway.payments())
    for (const { amount } of charges) of(amount.currency).cameIn += amount.minor;
  for (const { amount, status } of gateway.refunds())
    if (status === 'succeeded') of(amount.currency).refunded += amount.minor;
  return totals;
}

/** Nothing is under way any more: no refund to ask for, no order to make, no matter to write down. */
export function untilQuiet(shop: Shop): Promise<unknown> {
  return until(async () => {
    const left = await row<{ count: number }>(
      shop.db,
      `select (select count(*) from refund_records where status in ('requested', 'pending')) + (select count(*) from orders where status in ('paid', 'generating'))
            + (select count(*) from payment_notifications where flag is not null and flag_handled_at is null)
            + (select count(*) from refund_records where told_at is null and status in ('succeeded', 'failed', 'manual')) as count`,
    );
    return left?.count === 0;
  }, 'nothing is under way any more');
}
