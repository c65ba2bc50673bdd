import { type Db, row } from '@mingdan/db';
import { amountText, toMailbox } from '@mingdan/fulfilment';
import type { OperationDeps } from '@mingdan/operations';
import { ORDER_COLUMNS, type Order } from '@mingdan/orders';
import { enqueue } from '@mingdan/outbox';

/** Buyers of the shop find their order again by this mail: each new order with an address is told once. */
export async function tellReceivedOrders(deps: OperationDeps): Promise<void> {
  while (await deps.db.transaction((tx) => tellOne(deps, tx)));
}

async function tellOne(deps: OperationDeps, tx: Db): Promise<boolean> {
  const order = await row<Order>(
    tx,
    `update orders o set received_told_at = now()
      where id = (select id from orders where email is not null and received_told_at is null order by id for update skip locked limit 1)
      returning ${ORDER_COLUMNS}`,
  );
  if (!order) return false;
  const minutes = Math.round((order.expiresAt.getTime() - deps.clock.now().getTime()) / 60_000);
  const message = messageOf(order, minutes);
  if (message)
    await enqueue(tx, deps.vault, toMailbox(deps.vault, order, { dedupeKey: `received:${order.orderNo}`, message }));
  return true;
}

/** Nobody is asked to pay what is paid by now. Nothing where it ended unpaid or failed: that is said in a mail of its own. */
function messageOf(order: Order, minutes: number) {
  const { orderNo, productNames: product } = order;
  if (order.status === 'pending_payment' && minutes > 0)
    return { template: 'order_received', params: { orderNo, product, amount: amountText(order), minutes } } as const;
  const isPaid = order.status === 'paid' || order.status === 'generating' || order.status === 'completed';
  return isPaid ? ({ template: 'order_received_paid', params: { orderNo, product } } as const) : undefined;
}
