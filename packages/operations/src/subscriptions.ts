import { messageOf } from '@mingdan/kernel';
import {
  endSubscriptionsOf,
  findOrder,
  membershipOf,
  runningSubscription,
  type Subscription,
  subscriptionEnded,
  subscriptionNotEnded,
  takeEndingSubscriptions,
} from '@mingdan/orders';
import { enqueue } from '@mingdan/outbox';
import { GatewayRefused, type PaymentClient } from '@mingdan/payments';
import type { OperationDeps } from './contract.ts';
import { wakeWorkers } from './settle.ts';
import { tellOperators } from './tell-operators.ts';

const BATCH = 20;
/** Nobody else asks for one meanwhile; a gateway that does not answer is asked again after it. */
const PAUSE_SECONDS = 60;
/** A gateway that says no so often is left to people. */
const MOST_REFUSALS = 5;

/** The user wants their membership not to be paid again. What is paid stays. @returns until when they are a member; undefined where none runs */
export async function endRenewal(deps: OperationDeps, userId: number): Promise<Date | undefined> {
  const running = await runningSubscription(deps.db, userId);
  if ((await endSubscriptionsOf(deps.db, userId)) === 0) return undefined;
  deps.log.info({ order_no: running?.orderNo, user_id: userId }, 'a subscription is to end');
  await wakeWorkers(deps.db);
  return (await membershipOf(deps.db, userId)).expiresAt ?? running?.renewsAt;
}

/** Tells gateways that nothing more is to be taken, until each has taken it. */
export async function endSubscriptionsAtGateways(deps: OperationDeps): Promise<void> {
  for (const subscription of await takeEndingSubscriptions(deps.db, BATCH, PAUSE_SECONDS))
    await endOne(deps, subscription);
}

async function endOne(deps: OperationDeps, subscription: Subscription): Promise<void> {
  const { orderId, orderNo, provider } = subscription;
  const client = [...deps.clients.values()].find((each) => each.provider === provider);
  try {
    await endAt(client, subscription);
    await subscriptionEnded(deps.db, orderId);
    deps.log.info({ order_no: orderNo, provider }, 'a subscription has ended');
  } catch (error) {
    deps.log.warn({ order_no: orderNo, provider, cause: messageOf(error) }, 'a subscription could not be ended yet');
    if (error instanceof GatewayRefused) await noteRefusal(deps, subscription);
  }
}

async function endAt(
  client: PaymentClient | undefined,
  { orderNo, paymentId, userId, telegramId }: Subscription,
): Promise<void> {
  if (!client?.endSubscription) throw new Error('its gateway is not set up here');
  const buyer = { userId, telegramId };
  await client.endSubscription({ gatewayOrderId: orderNo, providerPaymentId: paymentId, buyer });
}

/** It may have ended at the gateway long ago; if it has not, only people can end it: they hear of it, and so does its user. */
async function noteRefusal(deps: OperationDeps, { orderId, orderNo, provider, renewsAt }: Subscription): Promise<void> {
  await deps.db.transaction(async (tx) => {
    if (!(await subscriptionNotEnded(tx, orderId, MOST_REFUSALS))) return;
    // One that is paid again and refused again is a new matter.
    const key = `subscription:${orderNo}:${renewsAt.getTime()}`;
    const alarm = { template: 'alarm_subscription_not_ended', params: { orderNo, provider } } as const;
    await tellOperators(deps, tx, key, alarm, orderId);
    const order = await findOrder(tx, orderNo);
    if (!order?.chatId) return;
    const message = { template: 'subscription_not_ended', params: { orderNo, product: order.productNames } } as const;
    const { chatId, userId } = order;
    await enqueue(tx, deps.vault, { chatId, userId, orderId, dedupeKey: key, message });
  });
}
