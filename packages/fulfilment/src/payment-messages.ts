import { type Db, rows } from '@mingdan/db';
import type { Order } from '@mingdan/orders';
import type { Outgoing } from '@mingdan/outbox';
import { amountText } from './fail.ts';

/** No dead button stays: each message with a payment button is rewritten to what became of the order. */
export async function paymentMessageEdits(
  tx: Db,
  order: Order,
  state: 'paid' | 'expired' | 'cancelled' | 'failed',
): Promise<Outgoing[]> {
  const { chatId } = order;
  if (chatId === null || order.amount.minor === 0) return [];
  const providers = await rows<{ provider: string }>(
    tx,
    'select distinct provider from payment_attempts where order_id = :id',
    { id: order.id },
  );
  return providers.map(({ provider }) => ({
    chatId,
    userId: order.userId,
    orderId: order.id,
    edits: `pay:${order.orderNo}:${provider}`,
    dedupeKey: `pay-edit:${order.orderNo}:${provider}:${state}`,
    message: {
      // An invoice has no text to change; one that was paid shows so by itself.
      ...(provider === 'stars' && { replaces: state === 'paid' && order.provider === 'stars' ? 'receipt' : 'invoice' }),
      template: `payment_request_${state}`,
      params: { orderNo: order.orderNo, product: order.productNames, amount: amountText(order) },
    },
  }));
}
