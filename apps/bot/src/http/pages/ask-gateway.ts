import { messageOf, pause } from '@mingdan/kernel';
import { checkPayment, type Found } from '@mingdan/operations';
import { findOrder, type Order } from '@mingdan/orders';
import type { HttpDeps } from '../deps.ts';

/** Somebody who came back from a gateway waits this long for what it says; the page asks on by itself. */
const ASK_FOR_MS = 2_500;
/** The gateway is not asked about one order more often, however often its page is loaded. */
const ASK_AGAIN_MS = 10_000;

export interface Asked {
  readonly order: Order;
  /** undefined while no gateway has answered yet */
  readonly asked: Found | undefined;
}

/** Asks the gateways about an unpaid order: at most once in ten seconds, and nobody waits long for it. */
export function createAsker(deps: HttpDeps): (order: Order) => Promise<Asked> {
  const answers = new Map<string, { at: number; found?: Found }>();
  return async (order) => {
    const now = Date.now();
    for (const [orderNo, { at }] of answers) if (now - at > ASK_AGAIN_MS) answers.delete(orderNo);
    if (order.paidAt !== null || order.amount.minor === 0) return { order, asked: undefined };
    const before = answers.get(order.orderNo);
    if (before) return { order, asked: before.found };
    const answer: { at: number; found?: Found } = { at: now };
    answers.set(order.orderNo, answer);
    const asking = checkPayment(deps.operations, order.orderNo).then(
      ({ found }) => {
        answer.found = found;
      },
      (error: unknown) =>
        deps.log.warn({ order_no: order.orderNo, cause: messageOf(error) }, 'a payment could not be asked about'),
    );
    const enough = new AbortController();
    await Promise.race([asking, pause(ASK_FOR_MS, enough.signal)]);
    enough.abort();
    return { order: (await findOrder(deps.db, order.orderNo)) ?? order, asked: answer.found };
  };
}
