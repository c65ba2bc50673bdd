import { MingdanError, type Money, moneyText, parseAmount } from '@mingdan/kernel';
import { askForRefund } from '@mingdan/operations';
import { findOrder } from '@mingdan/orders';
import { type Command, InvalidArgumentError } from 'commander';
import { answering } from '../../answer.ts';
import { orderNumberArgument } from '../../arguments.ts';
import type { Context } from '../../context.ts';
import { withOperations } from '../../deps.ts';
import { moneyCode } from '../../print.ts';
import { notFound } from './not-found.ts';

export function registerRefund(orders: Command, context: Context): void {
  answering(
    orders,
    context,
    'refund <order_no>',
    'Give the money back, or a part of it. Asking twice gives it back once.',
    ([text = ''], options) => {
      const orderNo = orderNumberArgument(text);
      return withOperations(context, async (deps) => {
        const order = await findOrder(deps.db, orderNo);
        if (!order) throw notFound(orderNo);
        const answer = await askForRefund(deps, {
          orderNo,
          reason: typeof options.reason === 'string' ? options.reason : 'mingdan orders refund',
          by: 'operator',
          ...(typeof options.amount === 'string' ? { amount: partOf(options.amount, order.amount) } : {}),
          ...(typeof options.refundId === 'string' ? { refundId: options.refundId } : {}),
        });
        const { outcome, amount, refundId, status } = answer;
        return {
          json: {
            order_no: orderNo,
            outcome,
            ...(amount === undefined ? {} : { amount: moneyCode(amount) }),
            ...(refundId === undefined ? {} : { refund_id: refundId }),
            ...(status === undefined ? {} : { status }),
          },
          lines: [
            context
              .texts()
              .t(`refunding.${outcome}`, { orderNo, amount: amount === undefined ? '' : moneyText(amount) }),
          ],
          failed: outcome === 'nothing_to_refund',
        };
      });
    },
  )
    .option('--reason <text>', 'why')
    .option('--amount <decimal>', "a part, in the order's currency: 5.00 (default: all that is left)")
    .option('--refund-id <id>', 'your own id: the same id again is the same refund', refundIdArgument);
}

function partOf(text: string, whole: Money): Money {
  const part = parseAmount(text.trim(), whole.currency);
  if (part.minor > 0) return part;
  throw new MingdanError('bad_amount', 'nothing cannot be given back', {
    hint: 'Write an amount above 0, such as 5.00',
  });
}

/** What every gateway takes as an id of a refund. */
function refundIdArgument(text: string): string {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(text)) throw new InvalidArgumentError('1 to 64 letters, digits, - and _.');
  return text;
}
