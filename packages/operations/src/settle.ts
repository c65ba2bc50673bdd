import { changed, type Db } from '@mingdan/db';
import { messageOf } from '@mingdan/kernel';
import { type Order, quietVerdicts, type RecordedNotice, recordNotice } from '@mingdan/orders';
import type { GatewayPaymentState, PaymentClient } from '@mingdan/payments';
import { type Attempt, closeAttempt, isOver } from './attempts.ts';
import type { OperationDeps } from './contract.ts';

/** `mismatch`: money came that does not fit the order; it is not booked, and operators have it. `processing`: it is seen, not final. */
export type Found =
  | 'paid'
  | 'mismatch'
  | 'processing'
  | 'pending'
  | 'failed'
  | 'closed'
  | 'not_started'
  | 'unreachable';

/** Asks one gateway about one payment and books what it says, by the same path as a notice. */
export async function settleByQuery(deps: OperationDeps, order: Order, attempt: Attempt): Promise<Found> {
  return (await askGateway(deps, order, attempt)).found;
}

/** The same, with the gateway's own word. */
export async function askGateway(
  deps: OperationDeps,
  order: Order,
  attempt: Attempt,
): Promise<{ found: Found; providerStatus: string }> {
  const client = deps.clients.get(attempt.provider);
  if (!client) return { found: 'unreachable', providerStatus: 'not_set_up' };
  let state: GatewayPaymentState;
  try {
    state = await client.queryPayment(attempt);
  } catch (error) {
    deps.log.warn(
      { order_no: order.orderNo, provider: attempt.provider, cause: messageOf(error) },
      'the gateway could not be asked',
    );
    return { found: 'unreachable', providerStatus: 'unreachable' };
  }
  return { found: await settle(deps, order, attempt, client, state), providerStatus: state.providerStatus };
}

async function settle(
  deps: OperationDeps,
  order: Order,
  attempt: Attempt,
  client: PaymentClient,
  state: GatewayPaymentState,
): Promise<Found> {
  if (state.status === 'unknown') return 'pending';
  if (state.status === 'pending' || state.status === 'closed') {
    // What was seen on its way has not come: the order may expire again.
    if (order.paymentSeenAt !== null) await forgetSeen(deps, order, attempt);
    // Where nothing can be closed, "closed" is only the end of its time, and money may come late.
    const final = client.closePayment !== undefined || isOver(order, attempt, deps.clock.now());
    if (state.status === 'closed' && final) await closeAttempt(deps.db, attempt.id);
    return state.status;
  }
  if (state.givenBack && order.paidAt === null) return bookGivenBack(deps, order, attempt, state);
  const { verdict } = await book(deps, order, attempt, client, state);
  return quietVerdicts.some((quiet) => quiet === verdict) ? state.status : 'mismatch';
}

/** It was paid and given back before we heard of either: nothing is delivered for it, and people are told. */
async function bookGivenBack(
  deps: OperationDeps,
  order: Order,
  attempt: Attempt,
  state: GatewayPaymentState,
): Promise<Found> {
  const { gatewayOrderId, provider } = attempt;
  const { providerPaymentId, amount } = state;
  const verdict = await recordGivenBack(deps.db, { provider, gatewayOrderId, providerPaymentId, amount });
  deps.log.warn({ order_no: order.orderNo, provider, verdict }, 'a payment was given back before it was known here');
  await closeAttempt(deps.db, attempt.id);
  return 'closed';
}

/** What a gateway tells of a payment that we do not have and that is no longer there. @returns its verdict */
export async function recordGivenBack(
  db: Db,
  payment: Pick<Attempt, 'provider' | 'gatewayOrderId' | 'providerPaymentId'> & { amount: Attempt['amount'] | null },
): Promise<string> {
  const { amount, ...about } = payment;
  const id = payment.providerPaymentId ?? payment.gatewayOrderId;
  const { verdict } = await recordNotice(db, {
    ...about,
    eventId: `query:refunded:${id}`,
    kind: 'refunded',
    refundId: null,
    amount: null,
    refundedTotal: amount,
    merchantMatches: true,
    occurredAt: null,
  });
  return verdict;
}

/** Unless another payment of the order is seen, or an operator has its red packet. */
async function forgetSeen(deps: OperationDeps, order: Order, attempt: Attempt): Promise<void> {
  await changed(deps.db, 'update payment_attempts set seen_at = null where id = :id and seen_at is not null', {
    id: attempt.id,
  });
  await changed(
    deps.db,
    `update orders o set payment_seen_at = null where id = :id and status = 'pending_payment'
       and not exists (select 1 from payment_attempts a where a.order_id = o.id and a.seen_at is not null)
       and not exists (select 1 from redpacket_codes c where c.order_id = o.id and c.state = 'waiting')`,
    { id: order.id },
  );
}

async function book(
  deps: OperationDeps,
  order: Order,
  attempt: Attempt,
  client: PaymentClient,
  state: GatewayPaymentState,
): Promise<RecordedNotice> {
  const recorded = await recordNotice(deps.db, {
    provider: client.provider,
    eventId: `query:${state.status}:${state.providerPaymentId ?? attempt.gatewayOrderId}`,
    kind: state.status === 'paid' ? 'paid' : state.status === 'processing' ? 'processing' : 'failed',
    gatewayOrderId: attempt.gatewayOrderId,
    providerPaymentId: state.providerPaymentId,
    refundId: null,
    amount: state.amount,
    reference: state.reference ?? null,
    merchantMatches: true,
    // An answer that names no amount proves no payment of this order.
    problem: state.status === 'paid' && state.amount === null ? 'amount_missing' : null,
    occurredAt: state.paidAt,
  });
  deps.log.info({ order_no: order.orderNo, provider: client.provider, verdict: recorded.verdict }, 'gateway asked');
  if (recorded.wake) await wakeWorkers(deps.db);
  return recorded;
}

/** Tells every worker that there is something to do; a lost wake-up costs one poll. */
export async function wakeWorkers(db: Db): Promise<void> {
  await changed(db, `select pg_notify('mingdan_work', 'orders')`).catch(() => 0);
}

/** The same of whoever sends messages and mails. */
export async function wakeOutbox(db: Db): Promise<void> {
  await changed(db, `select pg_notify('mingdan_work', 'outbox')`).catch(() => 0);
}
