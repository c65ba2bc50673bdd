import { changed, type Db, row } from '@mingdan/db';
import type { Money } from '@mingdan/kernel';
import { findOrder, type Order } from '@mingdan/orders';
import { type CreatedPayment, GatewayRefused, type PaymentClient, type ProviderName } from '@mingdan/payments';
import type { OperationDeps } from './contract.ts';
import { OperationRefused } from './errors.ts';
import { ATTEMPT, type Attempt } from './settle.ts';

export interface StartedPayment {
  readonly orderNo: string;
  readonly provider: ProviderName;
  readonly method: string;
  readonly paymentUrl: string | null;
  readonly amount: Money;
  readonly expiresAt: Date;
}

/**
 * Opens (or finds again) the payment of an order at a gateway. The attempt is written before the gateway is asked, so that its notice
 * always finds it; the same order and method give the same payment.
 * @throws OperationRefused order_not_found | order_not_payable | provider_not_offered | gateway_timeout | gateway_refused
 */
export async function startPayment(
  deps: OperationDeps,
  wanted: { orderNo: string; provider: ProviderName; method?: string },
): Promise<StartedPayment> {
  const { orderNo, provider } = wanted;
  const order = await findOrder(deps.db, orderNo);
  if (!order) throw new OperationRefused('order_not_found', `there is no order ${orderNo}`);
  if (!isPayable(order, deps.clock.now()))
    throw new OperationRefused('order_not_payable', `order ${orderNo} is ${order.status}`);
  const client = deps.clients.get(provider);
  if (!client || !deps.settings.offered.includes(provider))
    throw new OperationRefused('provider_not_offered', `${provider} is not offered`);

  const attempt = await openAttempt(deps.db, order, provider, wanted.method ?? `${provider.toUpperCase()}_CHECKOUT`);
  const paymentUrl = attempt.paymentUrl ?? (await createAtGateway(deps, order, attempt, client));
  return { orderNo, provider, method: attempt.method, paymentUrl, amount: attempt.amount, expiresAt: order.expiresAt };
}

export function isPayable(order: Pick<Order, 'status' | 'expiresAt'>, now: Date): boolean {
  return order.status === 'pending_payment' && order.expiresAt > now;
}

/** Two unique keys stand behind an attempt; whichever of several at once comes second finds the row of the first. */
async function openAttempt(db: Db, order: Order, provider: ProviderName, method: string): Promise<Attempt> {
  await changed(
    db,
    `insert into payment_attempts (order_id, provider, method, gateway_order_id, amount_minor, currency)
     values (:id, :provider, :method, :orderNo, :minor, :currency) on conflict do nothing`,
    { id: order.id, provider, method, orderNo: order.orderNo, ...order.amount },
  );
  const attempt = await row<Attempt>(
    db,
    `select ${ATTEMPT} from payment_attempts where order_id = :id and provider = :provider order by method = :method desc limit 1`,
    { id: order.id, provider, method },
  );
  return attempt as Attempt;
}

async function createAtGateway(
  deps: OperationDeps,
  order: Order,
  attempt: Attempt,
  client: PaymentClient,
): Promise<string | null> {
  const { webhookUrl, notifyUrls } = deps.settings;
  let created: CreatedPayment;
  try {
    created = await client.createPayment({
      gatewayOrderId: attempt.gatewayOrderId,
      amount: attempt.amount,
      subject: order.productNames[order.language] ?? order.productNames['zh-CN'] ?? order.productSlug,
      notifyUrl: notifyUrls[client.provider] ?? `${webhookUrl}/webhook/${client.provider}`,
      // Never the signed link: the gateway's logs are not ours.
      returnUrl: `${deps.settings.publicUrl}/payment/success?order_no=${order.orderNo}`,
      expiresAt: order.expiresAt,
      method: attempt.method,
    });
  } catch (error) {
    const code = error instanceof GatewayRefused ? 'gateway_refused' : 'gateway_timeout';
    throw new OperationRefused(code, `${client.provider} opened no payment for ${order.orderNo}`, error);
  }
  await changed(
    deps.db,
    `update payment_attempts set provider_payment_id = coalesce(provider_payment_id, :paymentId), payment_url = :paymentUrl where id = :id`,
    { id: attempt.id, paymentId: created.providerPaymentId, paymentUrl: created.paymentUrl },
  );
  const open = await changed(
    deps.db,
    `update orders set provider = :provider where id = :id and status = 'pending_payment'`,
    { id: order.id, provider: client.provider },
  );
  // The order was cancelled or expired while the gateway worked: nobody should be able to pay it now.
  if (open === 0) await client.closePayment?.(attempt.gatewayOrderId).catch(() => undefined);
  return created.paymentUrl;
}
