import { type Db, row } from '@mingdan/db';
import { amountText, paymentMessageEdits, tellBuyer } from '@mingdan/fulfilment';
import { type Money, moneyText } from '@mingdan/kernel';
import type { OperationDeps } from '@mingdan/operations';
import { ORDER_COLUMNS, type Order } from '@mingdan/orders';
import { enqueue } from '@mingdan/outbox';

/** The webhook process only flips orders; what a failed payment means is said here, once, and the dead button is taken away. */
export async function tellFailedPayments(deps: OperationDeps): Promise<void> {
  while (await deps.db.transaction((tx) => tellOneFailure(deps, tx)));
}

async function tellOneFailure(deps: OperationDeps, tx: Db): Promise<boolean> {
  const order = await row<Order>(
    tx,
    `update orders o set payment_failure_told_at = now()
      where id = (select id from orders where status = 'failed' and paid_at is null and payment_failure_told_at is null order by id for update skip locked limit 1)
      returning ${ORDER_COLUMNS}`,
  );
  if (!order) return false;
  await enqueue(tx, deps.vault, await paymentMessageEdits(tx, order, 'failed'));
  const params = { orderNo: order.orderNo, product: order.productNames, amount: amountText(order) };
  const message = { template: 'payment_failed', params } as const;
  await tellBuyer(tx, deps.vault, order, { dedupeKey: `payment_failed:${order.orderNo}`, message });
  deps.log.info({ order_no: order.orderNo, status: 'failed', reason: 'payment_failed' }, 'order moved');
  return true;
}

/** A second payment of a paid order goes back by itself; its buyer is told that it does. */
export async function tellSecondPayments(deps: OperationDeps): Promise<void> {
  while (await deps.db.transaction((tx) => tellOneSecond(deps, tx)));
}

async function tellOneSecond(deps: OperationDeps, tx: Db): Promise<boolean> {
  const found = await row<Order & { refundId: string; goesBack: Money }>(
    tx,
    `with told as (
       update refund_records set request_told_at = now()
        where id = (select id from refund_records where reason = 'second_payment' and status in ('requested', 'pending') and request_told_at is null
                     order by id for update skip locked limit 1)
       returning refund_id, order_id, amount_minor, currency)
     select ${ORDER_COLUMNS}, told.refund_id as "refundId", jsonb_build_object('minor', told.amount_minor, 'currency', told.currency) as "goesBack" from told join orders o on o.id = told.order_id`,
  );
  if (!found) return false;
  const params = { orderNo: found.orderNo, product: found.productNames, amount: moneyText(found.goesBack) };
  const message = { template: 'second_payment_refunding', params } as const;
  await tellBuyer(tx, deps.vault, found, { dedupeKey: `second:${found.refundId}`, message });
  return true;
}

/** Money that a gateway sees and does not call final yet: the buyer reads that it is on its way, once. */
export async function tellSeenPayments(deps: OperationDeps): Promise<void> {
  while (await deps.db.transaction((tx) => tellOneSeen(deps, tx)));
}

async function tellOneSeen(deps: OperationDeps, tx: Db): Promise<boolean> {
  const order = await row<Order>(
    tx,
    `update orders o set payment_seen_told_at = now()
      where id = (select id from orders where payment_seen_at is not null and payment_seen_told_at is null and status = 'pending_payment'
                   order by id for update skip locked limit 1)
      returning ${ORDER_COLUMNS}`,
  );
  if (!order) return false;
  const params = { orderNo: order.orderNo, product: order.productNames, amount: amountText(order) };
  const message = { template: 'payment_seen', params } as const;
  await tellBuyer(tx, deps.vault, order, { dedupeKey: `seen:${order.orderNo}`, message });
  return true;
}
