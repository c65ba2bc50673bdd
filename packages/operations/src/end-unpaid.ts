import { paymentMessageEdits } from '@mingdan/fulfilment';
import { messageOf } from '@mingdan/kernel';
import { expire, findOrder, type Order } from '@mingdan/orders';
import { enqueue } from '@mingdan/outbox';
import { type Attempt, attemptsOf, closeAttempt, isOver } from './attempts.ts';
import { checkPayment } from './check-payment.ts';
import type { OperationDeps } from './contract.ts';

/** How long an overdue order waits for a gateway that does not answer. A payment that comes later still revives it. */
const PATIENCE_MS = 60 * 60_000;

/** An unpaid order is over. The gateway is asked and closed first: a payment that came through meanwhile wins. */
export async function expireOrder(
  deps: OperationDeps,
  orderNo: string,
): Promise<'expired' | 'paid' | 'later' | 'not_unpaid'> {
  const order = await findOrder(deps.db, orderNo);
  if (order?.status !== 'pending_payment') return 'not_unpaid';
  const patient = deps.clock.now().getTime() - order.expiresAt.getTime() < PATIENCE_MS;
  const closed = await closeAtGateways(deps, order);
  if (closed === 'paid') return 'paid';
  // Money that is seen but not final: the order waits for it, however long the gateway takes.
  if (closed === 'processing') return 'later';
  if (closed === 'unreachable' && patient) return 'later';
  return (await end(deps, order, 'expired', 'system')) ? 'expired' : 'not_unpaid';
}

/** The buyer changed their mind, or the seller's server closes the order. A buyer closes only their own. */
export async function cancelOrder(
  deps: OperationDeps,
  wanted: { orderNo: string; userId?: number; by?: 'buyer' | 'api' },
): Promise<'cancelled' | 'not_cancellable' | 'processing' | 'paid'> {
  const order = await findOrder(deps.db, wanted.orderNo);
  if (!order || (wanted.userId !== undefined && order.userId !== wanted.userId)) return 'not_cancellable';
  if (order.paidAt !== null) return 'paid';
  if (order.status !== 'pending_payment') return 'not_cancellable';
  // Whatever the gateway would say now: what it told us to have seen may still come.
  if (order.paymentSeenAt !== null) return 'processing';
  const closed = await closeAtGateways(deps, order);
  if (closed === 'paid') return 'paid';
  // Money is there that fits no order, or on its way: nobody should read that there is nothing to pay.
  if (closed === 'mismatch' || closed === 'processing') return 'processing';
  return (await end(deps, order, 'cancelled', wanted.by ?? 'buyer')) ? 'cancelled' : 'not_cancellable';
}

/**
 * Asks every gateway that has a payment of an order nobody has paid, and closes it there: what came through meanwhile wins. Of one that ended
 * while a gateway did not answer, or by a failed try, it is asked again until that is sure.
 */
export async function closeAtGateways(
  deps: OperationDeps,
  order: Order,
): Promise<'closed' | 'paid' | 'mismatch' | 'processing' | 'unreachable'> {
  const { found } = await checkPayment(deps, order.orderNo);
  if (found === 'paid') return 'paid';
  if (found === 'mismatch' || found === 'processing') return found;
  if (found === 'not_started') return 'closed';
  const attempts = (await attemptsOf(deps.db, order.id)).filter(({ status }) => status === 'open');
  const results = await Promise.all(attempts.map((attempt) => close(deps, order, attempt)));
  // It may have been paid between the question and the closing.
  const after = await checkPayment(deps, order.orderNo);
  if (after.found === 'paid' || after.found === 'mismatch' || after.found === 'processing') return after.found;
  return results.includes(false) || after.found === 'unreachable' ? 'unreachable' : 'closed';
}

async function close(deps: OperationDeps, order: Order, attempt: Attempt): Promise<boolean> {
  const client = deps.clients.get(attempt.provider);
  // Whoever has no keys of a gateway closes nothing there: another process may, or this one once it has them.
  if (!client) return false;
  // A gateway that closes nothing ends the payment by itself; until then, and some time longer, it is asked about.
  if (!client.closePayment) {
    if (isOver(order, attempt, deps.clock.now())) await closeAttempt(deps.db, attempt.id);
    return true;
  }
  try {
    await client.closePayment(attempt);
    await closeAttempt(deps.db, attempt.id);
    return true;
  } catch (error) {
    const cause = messageOf(error);
    deps.log.warn(
      { order_no: order.orderNo, provider: attempt.provider, cause },
      'the payment was not closed at the gateway',
    );
    return false;
  }
}

async function end(deps: OperationDeps, order: Order, reason: 'expired' | 'cancelled', by: string): Promise<boolean> {
  const ended = await deps.db.transaction(async (tx) => {
    if (!(await expire(tx, order.id, reason, by))) return false;
    await enqueue(tx, deps.vault, await paymentMessageEdits(tx, order, reason));
    return true;
  });
  if (ended) deps.log.info({ order_no: order.orderNo, status: 'expired', reason }, 'order moved');
  return ended;
}
