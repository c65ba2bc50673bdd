import { askForRefund } from '@mingdan/operations';
import type { Command } from 'commander';
import { answering } from '../../answer.ts';
import { orderNumberArgument } from '../../arguments.ts';
import type { Context } from '../../context.ts';
import { withOperations } from '../../deps.ts';
import { moneyText } from '../../print.ts';

export function registerRefund(orders: Command, context: Context): void {
  answering(
    orders,
    context,
    'refund <order_no>',
    'Give the money back. Asking twice gives it back once.',
    ([text = ''], options) => {
      const orderNo = orderNumberArgument(text);
      return withOperations(context, async (deps) => {
        const reason = typeof options.reason === 'string' ? options.reason : 'mingdan orders refund';
        const { outcome, amount } = await askForRefund(deps, { orderNo, reason, by: 'operator' });
        const shown = amount === undefined ? '' : moneyText(amount);
        return {
          json: { order_no: orderNo, outcome, ...(amount === undefined ? {} : { amount: shown }) },
          lines: [context.texts().t(`refunding.${outcome}`, { orderNo, amount: shown })],
          failed: outcome === 'nothing_to_refund',
        };
      });
    },
  ).option('--reason <text>', 'why');
}
