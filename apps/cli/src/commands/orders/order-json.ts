import { formatAmount } from '@mingdan/kernel';
import type { Order } from '@mingdan/orders';

/** An order for scripts: who ordered by their Telegram id, nothing else that is personal. Amounts are decimal text. */
export function orderJson(order: Order): Record<string, unknown> {
  return {
    order_no: order.orderNo,
    status: order.status,
    reason: order.reason,
    kind: order.kind,
    product: order.productSlug,
    telegram_id: order.chatId,
    quantity: order.quantity,
    amount: formatAmount(order.amount),
    currency: order.amount.currency,
    provider: order.provider,
    language: order.language,
    bazi_source: order.baziSource,
    delivery: order.delivery,
    takeovers: order.takeovers,
    created_at: order.createdAt,
    expires_at: order.expiresAt,
    paid_at: order.paidAt,
    completed_at: order.completedAt,
    failed_at: order.failedAt,
  };
}
