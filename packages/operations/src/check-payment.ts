import { findOrder, type Order } from '@mingdan/orders';
import type { OperationDeps } from './contract.ts';
import { OperationRefused } from './errors.ts';
import { attemptsOf, type Found, settleByQuery } from './settle.ts';

/** What counts most where an order has several payments open. */
const WEIGHT: readonly Found[] = ['paid', 'mismatch', 'unreachable', 'pending', 'failed', 'closed', 'not_started'];

/** "Where is my payment?": asks every gateway that the order has a payment at, now, and books what they say. */
export async function checkPayment(deps: OperationDeps, orderNo: string): Promise<{ found: Found; order: Order }> {
  const order = await findOrder(deps.db, orderNo);
  if (!order) throw new OperationRefused('order_not_found', `there is no order ${orderNo}`);
  if (order.paidAt !== null) return { found: 'paid', order };
  const attempts = await attemptsOf(deps.db, order.id);
  const answers = await Promise.all(attempts.map((attempt) => settleByQuery(deps, order, attempt)));
  const now = (await findOrder(deps.db, orderNo)) ?? order;
  if (now.paidAt !== null) return { found: 'paid', order: now };
  const found = WEIGHT.find((answer) => answer !== 'paid' && answers.includes(answer)) ?? 'not_started';
  return { found, order: now };
}
