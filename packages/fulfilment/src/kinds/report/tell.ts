import { enqueue } from '@mingdan/outbox';
import type { FulfilmentDeps, Step } from '../../contract.ts';
import { amountText } from '../../fail.ts';
import { replacePaymentMessages } from '../../payment-messages.ts';

/** "Paid, your report is being made", and the payment button goes. */
export function tellStep(deps: FulfilmentDeps): Step {
  return {
    name: 'tell',
    async run({ order }) {
      return {
        kind: 'done',
        async alongside(tx) {
          const { chatId, orderNo } = order;
          if (chatId === null) return;
          const product = order.productNames;
          const paid = { template: 'order_paid', params: { orderNo, product, amount: amountText(order) } } as const;
          const message =
            order.amount.minor > 0 ? paid : ({ template: 'order_free', params: { orderNo, product } } as const);
          await enqueue(tx, deps.vault, {
            chatId,
            userId: order.userId,
            orderId: order.id,
            dedupeKey: `paid:${orderNo}`,
            message,
          });
          await replacePaymentMessages(deps, tx, order, 'paid');
        },
      };
    },
  };
}
