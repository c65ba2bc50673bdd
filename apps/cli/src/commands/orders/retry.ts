import { changed, type Db } from '@mingdan/db';
import { wakeWorkers } from '@mingdan/operations';
import { findOrder, type Order } from '@mingdan/orders';
import type { Command } from 'commander';
import { answering } from '../../answer.ts';
import { orderNumberArgument } from '../../arguments.ts';
import type { Context } from '../../context.ts';
import { withDatabase } from '../../deps.ts';
import { notFound } from './not-found.ts';

export function registerRetry(orders: Command, context: Context): void {
  answering(
    orders,
    context,
    'retry <order_no>',
    'Try an order that waits between two tries at once, with all its tries before it again.',
    ([text = '']) => {
      const orderNo = orderNumberArgument(text);
      return withDatabase(context, async (db) => {
        const order = await findOrder(db, orderNo);
        if (!order) throw notFound(orderNo);
        const outcome = await retry(db, order);
        return {
          json: { order_no: orderNo, outcome },
          lines: [context.texts().t(`retrying.${outcome}`, { orderNo })],
          failed: outcome === 'not_generating',
        };
      });
    },
  );
}

/** An order that somebody works on is left to them; what it has saved stays saved. */
async function retry(db: Db, order: Order): Promise<'retried' | 'in_work' | 'not_generating'> {
  if (order.status !== 'generating' || order.delivery !== 'none') return 'not_generating';
  const outcome = await db.transaction(async (tx) => {
    const put = await changed(
      tx,
      `update orders set due_at = now() where id = :id and status = 'generating' and delivery = 'none' and lease_owner is null`,
      { id: order.id },
    );
    if (put === 0) return 'in_work';
    await changed(tx, 'update order_steps set failures = 0 where order_id = :id and finished_at is null', {
      id: order.id,
    });
    return 'retried';
  });
  if (outcome === 'retried') await wakeWorkers(db);
  return outcome;
}
