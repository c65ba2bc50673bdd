import { type Db, row } from '@mingdan/db';
import { amountText, toMailbox } from '@mingdan/fulfilment';
import type { OperationDeps } from '@mingdan/operations';
import { ORDER_COLUMNS, type Order } from '@mingdan/orders';
import { enqueue } from '@mingdan/outbox';

/**
 * So many of these mails an hour go to one address: nobody proves that it is theirs before they order. The mails of further orders wait,
 * and are not written any more once their orders have ended unpaid. Who has paid is never made to wait.
 */
const MOST_AN_HOUR = 5;
const TOLD_LATELY = `(select count(*) from orders p join outbox m on m.dedupe_key = any (array['received:' || p.order_no, 'received:' || p.order_no || ':1', 'received:' || p.order_no || ':2', 'received:' || p.order_no || ':3'])
  where p.email_digest = orders.email_digest and p.received_told_at > now() - interval '1 hour' and m.created_at > now() - interval '1 hour')`;

/** Buyers of the shop find their order again by this mail: each new order with an address is told once. */
export async function tellReceivedOrders(deps: OperationDeps): Promise<void> {
  while (await deps.db.transaction((tx) => tellOne(deps, tx)));
}

async function tellOne(deps: OperationDeps, tx: Db): Promise<boolean> {
  // Counted and written by one at a time, so that two processes do not both write the fifth.
  await row(tx, 'select pg_advisory_xact_lock(7141006)');
  const order = await row<Order & { corrections: number; handedOut: boolean }>(
    tx,
    `update orders o set received_told_at = now()
      where id = (select id from orders where email is not null and received_told_at is null
                     and (status in ('failed', 'expired') or (paid_at is not null and amount_minor > 0) or ${TOLD_LATELY} < ${MOST_AN_HOUR})
                   order by id for update skip locked limit 1)
      returning ${ORDER_COLUMNS}, o.email_corrections as corrections,
                exists (select 1 from outbox m where m.dedupe_key in ('goods:' || o.order_no || ':mail', 'report:' || o.order_no || ':mail')) as "handedOut"`,
  );
  if (!order) return false;
  const minutes = Math.round((order.expiresAt.getTime() - deps.clock.now().getTime()) / 60_000);
  const message = order.handedOut ? undefined : messageOf(order, minutes);
  if (!message) return true;
  // A corrected address has not been told yet.
  const dedupeKey = `received:${order.orderNo}${order.corrections > 0 ? `:${order.corrections}` : ''}`;
  await enqueue(tx, deps.vault, toMailbox(deps.vault, order, { dedupeKey, message }));
  return true;
}

/**
 * Nobody is asked to pay what is paid by now. Nothing where it ended unpaid or failed, or what was bought is on its way already: that is
 * said in a mail of its own, and this one would come behind it.
 */
function messageOf(order: Order, minutes: number) {
  const { orderNo, productNames: product } = order;
  if (order.status === 'pending_payment' && minutes > 0)
    return { template: 'order_received', params: { orderNo, product, amount: amountText(order), minutes } } as const;
  const isPaid = (order.status === 'paid' || order.status === 'generating') && order.delivery === 'none';
  return isPaid ? ({ template: 'order_received_paid', params: { orderNo, product } } as const) : undefined;
}
