import { type Db, rows } from '@mingdan/db';
import { isCurrency } from '@mingdan/kernel';
import { moneyCode } from '../../print.ts';

interface Amount {
  amount_minor: number | null;
  currency: string | null;
}

export interface OrderHistory {
  events: { at: Date; from: string | null; status: string; reason: string | null; actor: string | null }[];
  attempts: {
    provider: string;
    method: string;
    payment_id: string | null;
    status: string;
    amount: string | null;
    at: Date;
  }[];
  notices: { provider: string; kind: string; verdict: string; repeats: number; flagged: boolean; at: Date }[];
  payments: {
    provider: string;
    payment_id: string;
    status: string;
    amount: string | null;
    refunded: string | null;
    at: Date;
  }[];
  refunds: {
    refund_id: string;
    status: string;
    reason: string;
    attempts: number;
    last_error: string | null;
    amount: string | null;
    at: Date;
  }[];
  steps: {
    step: string;
    failures: number;
    finished_at: Date | null;
    tokens: number | null;
    duration_ms: number | null;
  }[];
  messages: Record<string, number>;
}

type WithAmount<T> = Omit<T, 'amount'> & Amount;
type Part<Name extends keyof OrderHistory> = OrderHistory[Name] extends (infer T)[] ? T : never;

/** All that happened to an order, oldest first; nothing of what its buyer typed or was sent. */
export async function historyOf(db: Db, order: { id: number; orderNo: string }): Promise<OrderHistory> {
  const [events, attempts, notices, payments, refunds, steps, messages] = await Promise.all([
    rows<Part<'events'>>(
      db,
      'select created_at as at, from_status as "from", status, reason, actor from order_events where order_id = :id order by id',
      order,
    ),
    rows<WithAmount<Part<'attempts'>>>(
      db,
      `select provider, method, provider_payment_id as payment_id, status, amount_minor, currency, created_at as at
         from payment_attempts where order_id = :id order by id`,
      order,
    ),
    rows<Part<'notices'>>(
      db,
      `select provider, kind, verdict, repeats, flag is not null as flagged, received_at as at from payment_notifications
        where order_no = :orderNo or order_no like :orderNo || '-%' order by id`,
      order,
    ),
    rows<WithAmount<Part<'payments'>> & { refunded_minor: number }>(
      db,
      `select provider, provider_payment_id as payment_id, status, amount_minor, refunded_minor, currency, created_at as at
         from payment_transactions where order_id = :id order by id`,
      order,
    ),
    rows<WithAmount<Part<'refunds'>>>(
      db,
      `select refund_id, status, reason, attempts, last_error, amount_minor, currency, created_at as at
         from refund_records where order_id = :id order by id`,
      order,
    ),
    rows<Part<'steps'>>(
      db,
      `select step, failures, finished_at, prompt_tokens + completion_tokens as tokens, duration_ms
         from order_steps where order_id = :id order by finished_at nulls last, step`,
      order,
    ),
    rows<{ status: string; count: number }>(
      db,
      'select status, count(*) as count from outbox where order_id = :id group by status',
      order,
    ),
  ]);
  return {
    events,
    attempts: attempts.map(decimal),
    notices,
    payments: payments.map(({ refunded_minor, ...rest }) => ({
      ...decimal(rest),
      refunded: text(refunded_minor, rest.currency),
    })),
    refunds: refunds.map(decimal),
    steps,
    messages: Object.fromEntries(messages.map(({ status, count }) => [status, count])),
  };
}

function decimal<T extends Amount>({
  amount_minor,
  currency,
  ...rest
}: T): Omit<T, keyof Amount> & { amount: string | null } {
  return { ...rest, amount: text(amount_minor, currency) };
}

function text(minor: number | null, currency: string | null): string | null {
  if (minor === null) return null;
  return isCurrency(currency) ? moneyCode({ minor, currency }) : String(minor);
}
