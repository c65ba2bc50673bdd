import { checkPayment } from '@mingdan/operations';
import type { Command } from 'commander';
import { answering } from '../../answer.ts';
import { orderNumberArgument } from '../../arguments.ts';
import type { Context } from '../../context.ts';
import { withOperations } from '../../deps.ts';

export function registerCheck(orders: Command, context: Context): void {
  answering(orders, context, 'check <order_no>', 'Ask the gateway now, and settle what it says.', ([text = '']) => {
    const orderNo = orderNumberArgument(text);
    return withOperations(context, async (deps) => {
      const { found, order } = await checkPayment(deps, orderNo);
      return {
        json: { order_no: orderNo, found, status: order.status },
        lines: [context.texts().t(`check.${found}`, { orderNo })],
        failed: found === 'unreachable',
      };
    });
  });
}
