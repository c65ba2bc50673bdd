import { type Db, row } from '@mingdan/db';
import { type Clock, type Logger, messageOf } from '@mingdan/kernel';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export interface Metrics {
  /** other parts of the process register their own here */
  readonly registry: Registry;
  countRequest(status: number, seconds: number): void;
  /** the text that Prometheus reads */
  render(): Promise<string>;
}

interface Figures {
  pending_payment: number;
  paid: number;
  generating: number;
  outbox_pending: number;
  outbox_parked: number;
  oldest_paid_seconds: number | null;
  inbox_open: number;
  refunds_open: number;
  held_payments: number;
  gateways_out: number;
  refused_notices: number;
}

/** A scrape every second by several collectors still asks the database once in this time. */
const FRESH_MS = 5_000;

/** Every count runs over a partial index of what is open, so that it costs the same with three million old orders. */
const FIGURES = `select
  (select count(*) from orders where status = 'pending_payment') as pending_payment,
  (select count(*) from orders where status = 'paid') as paid,
  (select count(*) from orders where status = 'generating' and delivery = 'none')
    + (select count(*) from orders where status = 'generating' and delivery = 'sending') as generating,
  (select count(*) from outbox where status = 'pending') as outbox_pending,
  (select count(*) from outbox where status = 'parked') as outbox_parked,
  (select extract(epoch from now() - min(paid_at))::float8 from orders where status = 'paid') as oldest_paid_seconds,
  (select count(*) from inbox_items where status = 'open') as inbox_open,
  (select count(*) from refund_records where status in ('requested', 'pending')) as refunds_open,
  (select count(*) from held_payments where status = 'held') as held_payments,
  (select count(*) from provider_health where opened_at is not null or maintenance) as gateways_out,
  (select count(*) from refused_notices where refused_at > now() - interval '10 minutes') as refused_notices`;

/** Default figures of the process, the requests, and the state of the business; labels are few, and never an order or a person. */
export function createMetrics(deps: { db: Db; clock: Clock; log: Logger }): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: 'mingdan_http_requests_total',
    help: 'Answered HTTP requests by status class',
    labelNames: ['status'],
    registers: [registry],
  });
  const duration = new Histogram({
    name: 'mingdan_http_request_seconds',
    help: 'Time to answer a request',
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  });
  const business = businessGauges(registry);
  const figures = cached(deps.clock, () => row<Figures>(deps.db, FIGURES));

  return {
    registry,
    countRequest(status, seconds) {
      requests.inc({ status: `${Math.floor(status / 100)}xx` });
      duration.observe(seconds);
    },
    async render() {
      try {
        business.show(await figures());
      } catch (error) {
        // A scrape must still tell how the process itself is.
        deps.log.warn({ cause: messageOf(error) }, 'metrics without the figures of the database');
        business.show(undefined);
      }
      return registry.metrics();
    },
  };
}

function businessGauges(registry: Registry): { show(figures: Figures | undefined): void } {
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  const up = gauge('mingdan_database_up', '1 when the database answered this scrape');
  const orders = gauge('mingdan_orders_open', 'Orders that are not finished, by state', ['status']);
  const outbox = gauge('mingdan_outbox_messages', 'Messages not yet sent, by state', ['status']);
  const oldest = gauge(
    'mingdan_oldest_paid_order_seconds',
    'How long the oldest paid order has waited for a worker; 0 when none waits',
  );
  const inbox = gauge('mingdan_inbox_open', 'Tasks that wait for an operator');
  const money = {
    refunds_open: gauge('mingdan_refunds_open', 'Refunds that a gateway has not confirmed yet'),
    held_payments: gauge('mingdan_held_payments', 'Payments that fit no order and wait for a decision'),
    gateways_out: gauge('mingdan_gateways_out', 'Gateways that are not offered: failing, or in maintenance'),
    refused_notices: gauge('mingdan_refused_notices', 'Notices refused in the last ten minutes'),
  };
  return {
    show(figures) {
      up.set(figures ? 1 : 0);
      // What is not known is absent: a 0 would say that all is well.
      for (const each of [orders, outbox]) each.reset();
      for (const each of [oldest, inbox, ...Object.values(money)]) each.remove();
      if (!figures) return;
      for (const status of ['pending_payment', 'paid', 'generating'] as const) orders.set({ status }, figures[status]);
      outbox.set({ status: 'pending' }, figures.outbox_pending);
      outbox.set({ status: 'parked' }, figures.outbox_parked);
      oldest.set(figures.oldest_paid_seconds ?? 0);
      inbox.set(figures.inbox_open);
      for (const [name, one] of Object.entries(money)) one.set(figures[name as keyof typeof money]);
    },
  };
}

/** Asks at most once in FRESH_MS; callers in between share the answer, also one that is still under way. */
function cached<T>(clock: Clock, ask: () => Promise<T>): () => Promise<T> {
  let asked: { at: number; answer: Promise<T> } | undefined;
  return () => {
    const now = clock.now().getTime();
    if (!asked || now - asked.at >= FRESH_MS) asked = { at: now, answer: ask() };
    return asked.answer;
  };
}
