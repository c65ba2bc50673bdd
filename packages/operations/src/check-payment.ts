import { findOrder, type Order } from '@mingdan/orders';
import type { ProviderName } from '@mingdan/payments';
import { attemptsOf } from './attempts.ts';
import type { OperationDeps } from './contract.ts';
import { OperationRefused } from './errors.ts';
import { askGateway, type Found, settleByQuery } from './settle.ts';

/** What counts most where an order has several payments open. */
const WEIGHT: readonly Found[] = [
  'paid',
  'mismatch',
  'processing',
  'unreachable',
  'pending',
  'failed',
  'closed',
  'not_started',
];

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

/**
 * Asks one gateway about an order's payment there and books what it says.
 * @throws OperationRefused gateway_timeout
 */
export async function queryPayment(
  deps: OperationDeps,
  order: Order,
  provider: ProviderName,
): Promise<{ found: Found; providerStatus: string }> {
  const attempts = (await attemptsOf(deps.db, order.id)).filter((attempt) => attempt.provider === provider);
  const answers = await Promise.all(attempts.map((attempt) => askGateway(deps, order, attempt)));
  const best = WEIGHT.flatMap((found) => answers.filter((answer) => answer.found === found))[0];
  if (!best || best.found === 'unreachable')
    throw new OperationRefused('gateway_timeout', `${provider} does not answer about ${order.orderNo}`);
  return best;
}
