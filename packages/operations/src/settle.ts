import { createHash } from 'node:crypto';
import { changed, type Db, rows } from '@mingdan/db';
import { type Money, messageOf } from '@mingdan/kernel';
import { type Order, quietVerdicts, type RecordedNotice, recordNotice } from '@mingdan/orders';
import type { GatewayPaymentState, PaymentClient, ProviderName } from '@mingdan/payments';
import type { OperationDeps } from './contract.ts';

export interface Attempt {
  readonly id: number;
  readonly provider: ProviderName;
  readonly method: string;
  readonly gatewayOrderId: string;
  readonly providerPaymentId: string | null;
  readonly paymentUrl: string | null;
  readonly status: 'open' | 'closed';
  readonly amount: Money;
}

export const ATTEMPT = `id, provider, method, gateway_order_id as "gatewayOrderId", provider_payment_id as "providerPaymentId", payment_url as "paymentUrl",
  status, jsonb_build_object('minor', amount_minor, 'currency', currency) as amount`;

export function attemptsOf(db: Db, orderId: number): Promise<Attempt[]> {
  return rows<Attempt>(db, `select ${ATTEMPT} from payment_attempts where order_id = :orderId order by id`, {
    orderId,
  });
}

/** `mismatch`: money came that does not fit the order; it is not booked, and operators have it. */
export type Found = 'paid' | 'mismatch' | 'pending' | 'failed' | 'closed' | 'not_started' | 'unreachable';

/** Asks one gateway about one payment and books what it says, by the same path as a notice. */
export async function settleByQuery(deps: OperationDeps, order: Order, attempt: Attempt): Promise<Found> {
  const client = deps.clients.get(attempt.provider);
  if (!client) return 'unreachable';
  let state: GatewayPaymentState;
  try {
    state = await client.queryPayment(attempt.gatewayOrderId);
  } catch (error) {
    deps.log.warn(
      { order_no: order.orderNo, provider: attempt.provider, cause: messageOf(error) },
      'the gateway could not be asked',
    );
    return 'unreachable';
  }
  if (state.status === 'unknown') return 'pending';
  if (state.status !== 'paid' && state.status !== 'failed') return state.status;
  const { verdict } = await book(deps, order, attempt, client, state);
  return quietVerdicts.some((quiet) => quiet === verdict) ? state.status : 'mismatch';
}

async function book(
  deps: OperationDeps,
  order: Order,
  attempt: Attempt,
  client: PaymentClient,
  state: GatewayPaymentState,
): Promise<RecordedNotice> {
  const recorded = await recordNotice(
    deps.db,
    {
      provider: client.provider,
      eventId: `query:${state.status}:${state.providerPaymentId ?? attempt.gatewayOrderId}`,
      kind: state.status === 'paid' ? 'paid' : 'failed',
      gatewayOrderId: attempt.gatewayOrderId,
      providerPaymentId: state.providerPaymentId,
      refundId: null,
      amount: state.amount,
      merchantMatches: true,
      // An answer that names no amount proves no payment of this order.
      problem: state.status === 'paid' && state.amount === null ? 'amount_missing' : null,
      occurredAt: state.paidAt,
    },
    { digest: createHash('sha256').update(JSON.stringify(state)).digest(), sealed: null },
  );
  deps.log.info({ order_no: order.orderNo, provider: client.provider, verdict: recorded.verdict }, 'gateway asked');
  if (recorded.wake) await wakeWorkers(deps.db);
  return recorded;
}

/** Tells every worker that there is something to do; a lost wake-up costs one poll. */
export async function wakeWorkers(db: Db): Promise<void> {
  await changed(db, `select pg_notify('mingdan_work', 'orders')`).catch(() => 0);
}
