import { findProductById, type Order } from '@mingdan/orders';
import type { Message, MessageTemplate, Outgoing } from '@mingdan/outbox';
import type { FulfilmentDeps, Step } from './contract.ts';
import { amountText } from './fail.ts';
import { paymentMessageEdits } from './payment-messages.ts';
import { toMailbox } from './tell-buyer.ts';

/** "Paid, and this is what happens now", and the payment button goes. */
export function tellStep(deps: FulfilmentDeps): Step {
  return {
    name: 'tell',
    async run({ order }) {
      const { chatId, orderNo, productNames: product } = order;
      if (chatId === null) return { kind: 'done', say: byMail(deps, order) };
      const paid: Message = {
        template: await paidTemplate(deps, order),
        params: { orderNo, product, amount: amountText(order) },
      };
      const free: Message = { template: order.gift ? 'gift_free' : 'order_free', params: { orderNo, product } };
      const message = order.amount.minor > 0 ? paid : free;
      const told = { chatId, userId: order.userId, orderId: order.id, dedupeKey: `paid:${orderNo}`, message };
      // What the buyer waits for first, the tidying of old messages behind it.
      return { kind: 'done', say: [told, ...(await paymentMessageEdits(deps.db, order, 'paid'))] };
    },
  };
}

/** A free order was told of when it was made. */
function byMail({ vault }: FulfilmentDeps, order: Order): Outgoing[] {
  if (order.amount.minor === 0) return [];
  const { orderNo, productNames: product } = order;
  const template = order.reason === 'paid_late' ? 'payment_late' : 'order_paid';
  const message = { template, params: { orderNo, product, amount: amountText(order) } } as const;
  return toMailbox(vault, order, { dedupeKey: `paid:${orderNo}`, message });
}

async function paidTemplate({ db }: FulfilmentDeps, order: Order): Promise<MessageTemplate> {
  // The claim keeps why it was paid: somebody whose order had expired deserves to hear that it counts again.
  if (order.reason === 'paid_late') return 'payment_late';
  if (order.renews !== null) return 'subscription_renewed';
  if (order.kind === 'report' && !order.gift) return 'order_paid';
  const product = order.productId === null ? undefined : await findProductById(db, order.productId);
  return product?.handedOutBy === 'hand' ? 'order_paid_by_hand' : 'order_paid_at_once';
}
