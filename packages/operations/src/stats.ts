import { type Db, row, rows } from '@mingdan/db';
import { formatAmount, isCurrency } from '@mingdan/kernel';

export interface Stats {
  readonly orders: Readonly<Record<string, number>>;
  readonly revenue: readonly { currency: string; received: string; refunded: string }[];
  /** seconds from paid to completed, last 7 days */
  readonly fulfilmentSeconds: { p50: number | null; p95: number | null };
  readonly model: { calls: number; tokens: number; costCny: string };
  readonly outbox: { pending: number; parked: number };
  readonly inboxOpen: number;
  readonly oldestPaidSeconds: number | null;
  readonly pausedSince: string | null;
}

/** What an operator wants to know at a glance. `since` bounds orders and money. */
export async function stats(db: Db, since: Date): Promise<Stats> {
  const [orders, revenue, speed, model, outbox, state] = await Promise.all([
    rows<{ status: string; count: number }>(
      db,
      'select status, count(*) as count from orders where created_at >= :since group by status',
      { since },
    ),
    rows<{ currency: string; received: number; refunded: number }>(
      db,
      `select currency, sum(amount_minor)::bigint as received, sum(refunded_minor)::bigint as refunded
         from payment_transactions where created_at >= :since group by currency order by currency`,
      { since },
    ),
    row<{ p50: number | null; p95: number | null }>(
      db,
      `select percentile_cont(0.5) within group (order by extract(epoch from completed_at - paid_at)) as p50,
              percentile_cont(0.95) within group (order by extract(epoch from completed_at - paid_at)) as p95
         from orders where completed_at > now() - interval '7 days'`,
    ),
    row<{ calls: number; tokens: number; cost: number }>(
      db,
      `select count(*) as calls, coalesce(sum(prompt_tokens + completion_tokens), 0)::bigint as tokens, coalesce(sum(cost_micros), 0)::bigint as cost
         from order_steps where completion_tokens is not null and finished_at >= :since`,
      { since },
    ),
    row<{ pending: number; parked: number }>(
      db,
      `select count(*) filter (where status = 'pending') as pending, count(*) filter (where status = 'parked') as parked
         from outbox where status in ('pending', 'parked')`,
    ),
    row<{ inbox: number; oldest: number | null; paused: Date | null }>(
      db,
      `select (select count(*) from inbox_items where status = 'open') as inbox,
              (select extract(epoch from now() - min(paid_at))::integer from orders where status = 'paid') as oldest,
              (select paused_at from fulfilment_health) as paused`,
    ),
  ]);
  return {
    orders: Object.fromEntries(orders.map(({ status, count }) => [status, count])),
    revenue: revenue.map(({ currency, received, refunded }) => ({
      currency,
      received: amount(received, currency),
      refunded: amount(refunded, currency),
    })),
    fulfilmentSeconds: { p50: speed?.p50 ?? null, p95: speed?.p95 ?? null },
    model: {
      calls: model?.calls ?? 0,
      tokens: model?.tokens ?? 0,
      costCny: ((model?.cost ?? 0) / 1_000_000).toFixed(4),
    },
    outbox: outbox ?? { pending: 0, parked: 0 },
    inboxOpen: state?.inbox ?? 0,
    oldestPaidSeconds: state?.oldest ?? null,
    pausedSince: state?.paused?.toISOString() ?? null,
  };
}

function amount(minor: number, currency: string): string {
  return isCurrency(currency) ? formatAmount({ minor, currency }) : String(minor);
}
