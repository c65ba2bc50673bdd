import { changed, type Db, row, rows } from '@mingdan/db';
import { messageOf } from '@mingdan/kernel';
import { findOrder, IS_COIN_PART, type Order } from '@mingdan/orders';
import type { ProviderName } from '@mingdan/payments';
import { providerCapabilities } from '@mingdan/payments/capabilities';
import { ATTEMPT_COLUMNS, type Attempt, gatewaysOwnId } from './attempts.ts';
import type { OperationDeps } from './contract.ts';
import { settleByQuery } from './settle.ts';

const AT_ONCE = 10;

/**
 * Notices get lost: each unpaid payment is asked about some minutes after it was opened (by its provider's schedule), and before the
 * order expires. Of several processes each takes its own.
 */
export async function askDuePayments(deps: OperationDeps): Promise<void> {
  for (;;) {
    const due = await takeDue(deps.db);
    if (due.length === 0) return;
    await Promise.all(due.map((attempt) => askAbout(deps, attempt)));
  }
}

type DueAttempt = Attempt & { readonly orderNo: string };

async function takeDue(db: Db): Promise<DueAttempt[]> {
  const schedules = Object.fromEntries([...providerCapabilities].map(([name, known]) => [name, known.askAfterMinutes]));
  return rows<DueAttempt>(
    db,
    `with batch as materialized (
       select id from payment_attempts where ask_at <= now() and status = 'open' order by ask_at for update skip locked limit ${AT_ONCE}),
     due as (
       update payment_attempts a
          set asked = asked + 1,
              -- null behind the last minute of the schedule: from then on the end of the order asks
              ask_at = a.created_at + make_interval(secs => 60 * (:schedules::jsonb -> a.provider ->> (a.asked + 1))::float8)
         from batch, orders o where a.id = batch.id and o.id = a.order_id
       returning a.*, o.order_no)
     select ${ATTEMPT_COLUMNS}, order_no as "orderNo" from due`,
    { schedules: JSON.stringify(schedules) },
  );
}

async function askAbout(deps: OperationDeps, attempt: DueAttempt): Promise<void> {
  try {
    const order = await findOrder(deps.db, attempt.orderNo);
    if (order?.status === 'pending_payment') await settleByQuery(deps, order, attempt);
  } catch (error) {
    deps.log.error(
      { order_no: attempt.orderNo, provider: attempt.provider, err: error },
      'a payment could not be asked about',
    );
  }
}

/**
 * Has the gateway really got this money? Asked before anything is given that cannot be taken back (coins, codes): with a shared key
 * whoever stole it can sign a success. A provider whose notices only it can sign needs no second proof.
 */
export async function confirmPayment(
  deps: OperationDeps,
  order: Pick<Order, 'id' | 'orderNo' | 'amount'>,
): Promise<'confirmed' | 'denied' | 'unknown'> {
  if (order.amount.minor === 0) return 'confirmed';
  const payments = await rows<{ provider: ProviderName; gatewayOrderId: string; paymentId: string; minor: number }>(
    deps.db,
    `select t.provider, coalesce(t.gateway_order_id, a.gateway_order_id) as "gatewayOrderId", t.provider_payment_id as "paymentId", t.amount_minor as minor
       from payment_transactions t left join payment_attempts a on a.id = t.attempt_id
      where t.order_id = :id and t.refund_reserved_minor < t.amount_minor
        -- coins for a part are ours, and prove nothing of the rest
        and not ${IS_COIN_PART}`,
    { id: order.id },
  );
  const answers = await Promise.all(payments.map((payment) => isThere(deps, order.orderNo, payment)));
  if (answers.includes('confirmed')) return 'confirmed';
  return answers.includes('unknown') ? 'unknown' : 'denied';
}

async function isThere(
  deps: OperationDeps,
  orderNo: string,
  payment: { provider: ProviderName; gatewayOrderId: string; paymentId: string; minor: number },
): Promise<'confirmed' | 'denied' | 'unknown'> {
  if (providerCapabilities.get(payment.provider)?.noticeKey !== 'shared') return 'confirmed';
  const client = deps.clients.get(payment.provider);
  if (!client) return 'unknown';
  try {
    const providerPaymentId = gatewaysOwnId(payment.paymentId);
    const state = await client.queryPayment({ gatewayOrderId: payment.gatewayOrderId, providerPaymentId });
    if (state.status === 'unknown' || state.status === 'processing') return 'unknown';
    return state.status === 'paid' && state.amount?.minor === payment.minor ? 'confirmed' : 'denied';
  } catch (error) {
    deps.log.warn(
      { order_no: orderNo, provider: payment.provider, cause: messageOf(error) },
      'a payment could not be confirmed',
    );
    return 'unknown';
  }
}

/** Everything that is open at a gateway since then is asked about now. @returns how many were asked */
export async function askOpenPayments(deps: OperationDeps, since: Date): Promise<number> {
  await changed(
    deps.db,
    `update payment_attempts a set ask_at = now() from orders o
      where o.id = a.order_id and o.status = 'pending_payment' and a.status = 'open' and a.created_at >= :since`,
    { since },
  );
  const count = await row<{ count: number }>(
    deps.db,
    `select count(*) as count from payment_attempts where ask_at <= now() and status = 'open'`,
  );
  await askDuePayments(deps);
  return count?.count ?? 0;
}
