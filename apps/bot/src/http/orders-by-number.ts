import type { Db } from '@mingdan/db';
import { orderNumberPattern } from '@mingdan/kernel';
import { findOrder, type Order } from '@mingdan/orders';
import { HttpError } from './errors.ts';

/** @throws HttpError 404 `order_not_found`, also for what is no order number at all (no text from outside reaches SQL unchecked) */
export async function orderByNumber(db: Db, orderNo: unknown): Promise<Order> {
  const order =
    typeof orderNo === 'string' && orderNumberPattern.test(orderNo) ? await findOrder(db, orderNo) : undefined;
  if (!order) throw new HttpError(404, 'order_not_found', 'There is no order with this number');
  return order;
}
