import type { Db } from '@mingdan/db';
import { type OrderStatusJson, orderStatusJson } from '@mingdan/operations';
import { isHeld, type Order, type RefundStatus, redPacketOfOrder, refundOfOrder } from '@mingdan/orders';

export interface StatusOfOrder {
  /** as the API tells it */
  readonly status: OrderStatusJson;
  /** of the whole order: a part that went back changes nothing about it */
  readonly refund: RefundStatus | 'none';
  /** money came that does not fit it, and somebody decides about it */
  readonly held: boolean;
  /** the payment that was seen is the code of a red packet, which a person takes */
  readonly codeWaits: boolean;
}

/** How an order stands, as API, events and pages all tell it. */
export async function statusOfOrder(db: Db, order: Order): Promise<StatusOfOrder> {
  const [refund, held, codeWaits] = await Promise.all([
    refundOfOrder(db, order.id),
    isHeld(db, order),
    codeOfOrderWaits(db, order),
  ]);
  return {
    status: orderStatusJson(order, refund, held),
    refund: refund.status === 'succeeded' && !refund.whole ? 'none' : refund.status,
    held,
    codeWaits,
  };
}

async function codeOfOrderWaits(db: Db, { id, status, paymentSeenAt }: Order): Promise<boolean> {
  if (status !== 'pending_payment' || paymentSeenAt === null) return false;
  return (await redPacketOfOrder(db, id))?.state === 'waiting';
}
