import { resendReport } from '@mingdan/operations';
import { findOrder } from '@mingdan/orders';
import type { Command } from 'commander';
import { answering } from '../../answer.ts';
import { orderNumberArgument } from '../../arguments.ts';
import type { Context } from '../../context.ts';
import { withOperations } from '../../deps.ts';
import { notFound } from './not-found.ts';

export function registerResend(orders: Command, context: Context): void {
  answering(orders, context, 'resend <order_no>', 'Send the report of a completed order again.', ([text = '']) => {
    const orderNo = orderNumberArgument(text);
    return withOperations(context, async (deps) => {
      if (!(await findOrder(deps.db, orderNo))) throw notFound(orderNo);
      const outcome = await resendReport(deps, orderNo);
      return {
        json: { order_no: orderNo, outcome },
        lines: [context.texts().t(`resend.${outcome}`, { orderNo })],
        failed: outcome === 'not_ready',
      };
    });
  });
}
