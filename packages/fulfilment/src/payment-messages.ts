import { type Db, rows } from '@mingdan/db';
import type { Order } from '@mingdan/orders';
import { enqueue } from '@mingdan/outbox';
import type { FulfilmentDeps } from './contract.ts';
import { amountText } from './fail.ts';

/** No dead button stays: each message with a payment button is rewritten to what became of the order. */
export async function replacePaymentMessages(
  deps: Pick<FulfilmentDeps, 'vault'>,
  tx: Db,
  order: Order,
  state: 'paid' | 'expired' | 'cancelled' | 'failed',
): Promise<void> {
  const { chatId } = order;
  if (chatId === null) return;
  const providers = await rows<{ provider: string }>(
    tx,
    'select distinct provider from payment_attempts where order_id = :id',
    { id: order.id },
  );
  await enqueue(
    tx,
    deps.vault,
    providers.map(({ provider }) => ({
      chatId,
      userId: order.userId,
      orderId: order.id,
      edits: `pay:${order.orderNo}:${provider}`,
      dedupeKey: `pay-edit:${order.orderNo}:${provider}:${state}`,
      message: {
        template: `payment_request_${state}`,
        params: { orderNo: order.orderNo, product: order.productNames, amount: amountText(order) },
      },
    })),
  );
}
