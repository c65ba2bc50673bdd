import { formatAmount } from '@mingdan/kernel';
import { dueOf, type Order, type OrderRefund, type RefundStatus } from '@mingdan/orders';

export type PaymentStatus = 'waiting' | 'processing' | 'paid' | 'failed' | 'expired' | 'refunded';

/** An order as `GET /api/order-status/<order_no>` shows it to anyone who has its number: no personal data. */
export interface OrderStatusJson {
  order_no: string;
  status: Order['status'];
  payment_status: PaymentStatus;
  /** decimal, with at most the currency's decimals: 19.9 */
  amount: number;
  currency: string;
  /** coins that pay a part of it, and what is left for a gateway to ask for */
  coins_used?: number;
  amount_due?: number;
  refund_status: RefundStatus | 'none';
  /** money came that does not fit it, and somebody decides about it; left out where it is not so */
  held?: true;
  delivery?: Order['delivery'];
  created_at: string;
  paid_at?: string;
  completed_at?: string;
}

type ShownOrder = Pick<
  Order,
  | 'orderNo'
  | 'status'
  | 'amount'
  | 'coinsUsed'
  | 'coinsMinor'
  | 'delivery'
  | 'createdAt'
  | 'paidAt'
  | 'paymentSeenAt'
  | 'completedAt'
>;

/** The `data` of the answer; times in ISO 8601 UTC. @param held as `isHeld` of the order says */
export function orderStatusJson(order: ShownOrder, refund: OrderRefund, held = false): OrderStatusJson {
  return {
    order_no: order.orderNo,
    status: order.status,
    payment_status: paymentStatus(order, refund),
    amount: Number(formatAmount(order.amount)),
    currency: order.amount.currency,
    ...(order.coinsUsed > 0 ? { coins_used: order.coinsUsed, amount_due: Number(formatAmount(dueOf(order))) } : {}),
    refund_status: refund.status,
    ...(held ? { held } : {}),
    ...(order.delivery === 'none' ? {} : { delivery: order.delivery }),
    created_at: order.createdAt.toISOString(),
    ...(order.paidAt ? { paid_at: order.paidAt.toISOString() } : {}),
    ...(order.completedAt ? { completed_at: order.completedAt.toISOString() } : {}),
  };
}

/** What became of the money, as the buyer sees it: an order that failed after it was paid stays `paid` until the refund is through. */
export function paymentStatus(
  order: Pick<Order, 'status' | 'paidAt' | 'paymentSeenAt'>,
  refund: OrderRefund,
): PaymentStatus {
  if (refund.status === 'succeeded' && refund.whole) return 'refunded';
  if (order.paidAt !== null) return 'paid';
  if (order.status === 'failed') return 'failed';
  if (order.status === 'expired') return 'expired';
  return order.paymentSeenAt === null ? 'waiting' : 'processing';
}
