import type { Message } from '@mingdan/outbox';
import type { FulfilmentDeps, Step } from '../../contract.ts';
import { amountText } from '../../fail.ts';
import { paymentMessageEdits } from '../../payment-messages.ts';

/** "Paid, your report is being made", and the payment button goes. */
export function tellStep(deps: FulfilmentDeps): Step {
  return {
    name: 'tell',
    async run({ order }) {
      const { chatId, orderNo, productNames: product } = order;
      if (chatId === null) return { kind: 'done' };
      // The claim keeps why it was paid: somebody whose order had expired deserves to hear that it counts again.
      const template = order.reason === 'paid_late' ? 'payment_late' : 'order_paid';
      const paid: Message = { template, params: { orderNo, product, amount: amountText(order) } };
      const free: Message = { template: 'order_free', params: { orderNo, product } };
      const message = order.amount.minor > 0 ? paid : free;
      const told = { chatId, userId: order.userId, orderId: order.id, dedupeKey: `paid:${orderNo}`, message };
      // What the buyer waits for first, the tidying of old messages behind it.
      return { kind: 'done', say: [told, ...(await paymentMessageEdits(deps.db, order, 'paid'))] };
    },
  };
}
