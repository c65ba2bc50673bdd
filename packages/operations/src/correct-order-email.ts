import { changed } from '@mingdan/db';
import { correctEmail, type Order } from '@mingdan/orders';
import { readdressMails } from '@mingdan/outbox';
import type { OperationDeps } from './contract.ts';
import { wakeWorkers } from './settle.ts';

export type CorrectedEmail = 'corrected' | 'not_correctable';

/**
 * A buyer mistyped their address: what waits to be sent goes to the new one, and so does the mail with the order's link.
 * @param email an address, checked by who took it
 */
export async function correctOrderEmail(
  deps: OperationDeps,
  order: Pick<Order, 'id' | 'orderNo'>,
  email: string,
): Promise<CorrectedEmail> {
  const { maxOpenOrdersPerBuyer: maxOpen } = deps.settings;
  const corrected = await deps.db.transaction(async (tx) => {
    if (!(await correctEmail(tx, deps.vault, { orderId: order.id, email, maxOpen }))) return false;
    const moved = await readdressMails(tx, deps.vault, order.id, email);
    if (!moved.some((key) => key.startsWith('received:')))
      await changed(tx, 'update orders set received_told_at = null where id = :id', { id: order.id });
    return true;
  });
  if (!corrected) return 'not_correctable';
  deps.log.info({ order_no: order.orderNo }, 'the address of an order was corrected');
  await wakeWorkers(deps.db);
  return 'corrected';
}
