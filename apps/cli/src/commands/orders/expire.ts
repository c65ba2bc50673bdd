import { expireOrder } from '@mingdan/operations';
import { findOrder } from '@mingdan/orders';
import type { Command } from 'commander';
import { answering } from '../../answer.ts';
import { orderNumberArgument } from '../../arguments.ts';
import type { Context } from '../../context.ts';
import { withOperations } from '../../deps.ts';
import { notFound } from './not-found.ts';

export function registerExpire(orders: Command, context: Context): void {
  answering(
    orders,
    context,
    'expire <order_no>',
    'End an unpaid order, at the gateway first. If it was paid after all, it stays.',
    ([text = '']) => {
      const orderNo = orderNumberArgument(text);
      return withOperations(context, async (deps) => {
        if (!(await findOrder(deps.db, orderNo))) throw notFound(orderNo);
        const outcome = await expireOrder(deps, orderNo);
        return {
          json: { order_no: orderNo, outcome },
          lines: [context.texts().t(`expiring.${outcome}`, { orderNo })],
          failed: outcome !== 'expired',
        };
      });
    },
  );
}
