import { messageOf } from '@mingdan/kernel';
import { closeAtGateways, expireOrder, type OperationDeps } from '@mingdan/operations';
import { takeOverdue, takeUnclosed } from '@mingdan/orders';

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

/** The money of an order that failed or expired may still come while its payment is open at the gateway. */
const UNCLOSED_AGAIN_SECONDS = 15 * 60;

export async function closeEnded(deps: OperationDeps): Promise<void> {
  for (;;) {
    const orders = await takeUnclosed(deps.db, AT_ONCE, UNCLOSED_AGAIN_SECONDS);
    if (orders.length === 0) return;
    await Promise.all(
      orders.map((order) =>
        closeAtGateways(deps, order).catch((error: unknown) =>
          deps.log.error({ order_no: order.orderNo, err: error }, 'an ended order could not be closed at its gateway'),
        ),
      ),
    );
  }
}
