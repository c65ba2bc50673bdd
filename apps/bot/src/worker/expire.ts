import { messageOf } from '@mingdan/kernel';
import { expireOrder, type OperationDeps } from '@mingdan/operations';
import { takeOverdue } from '@mingdan/orders';

const AT_ONCE = 10;
/** An order whose gateway did not answer is looked at again after this. */
const AGAIN_SECONDS = 60;

/** Ends unpaid orders whose time is over, after asking their gateway. */
export async function expireOverdue(deps: OperationDeps): Promise<void> {
  for (;;) {
    const orders = await takeOverdue(deps.db, AT_ONCE, AGAIN_SECONDS);
    if (orders.length === 0) return;
    await Promise.all(
      orders.map((order) =>
        expireOrder(deps, order.orderNo).catch((error: unknown) =>
          deps.log.error(
            { order_no: order.orderNo, cause: messageOf(error), err: error },
            'an order could not be expired',
          ),
        ),
      ),
    );
  }
}
