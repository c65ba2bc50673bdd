import { type Db, rows } from '@mingdan/db';
import type { Order } from '@mingdan/orders';
import type { Outgoing } from '@mingdan/outbox';
import { amountText } from './fail.ts';

/** By which the message with the payment button of a provider is found again. @param repeats the button of a subscription */
export function paymentMessageKey(orderNo: string, provider: string, repeats: boolean): string {
  return `pay:${orderNo}:${provider}${repeats ? ':repeats' : ''}`;
}

/** No dead button stays: each message with a payment button is rewritten to what became of the order. */
export async function paymentMessageEdits(
  tx: Db,
  order: Order,
  state: 'paid' | 'expired' | 'cancelled' | 'failed',
): Promise<Outgoing[]> {
  const { chatId } = order;
  if (chatId === null || order.amount.minor === 0) return [];
  const shown = await rows<{ provider: string; repeats: boolean }>(
    tx,
    'select distinct provider, repeats from payment_attempts where order_id = :id',
    { id: order.id },
  );
  return shown.map(({ provider, repeats }) => ({
    chatId,
    userId: order.userId,
    orderId: order.id,
    edits: paymentMessageKey(order.orderNo, provider, repeats),
    dedupeKey: `pay-edit:${order.orderNo}:${provider}${repeats ? ':repeats' : ''}:${state}`,
    message: {
      // An invoice has no text to change; one that was paid shows so by itself.
      ...(provider === 'stars' &&
        !repeats && { replaces: state === 'paid' && order.provider === 'stars' ? 'receipt' : 'invoice' }),
      template: `payment_request_${state}`,
      params: { orderNo: order.orderNo, product: order.productNames, amount: amountText(order) },
    },
  }));
}
