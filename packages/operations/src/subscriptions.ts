import { messageOf } from '@mingdan/kernel';
import {
  endSubscriptionsOf,
  runningSubscription,
  type Subscription,
  subscriptionEnded,
  takeEndingSubscriptions,
} from '@mingdan/orders';
import { GatewayRefused, type PaymentClient } from '@mingdan/payments';
import type { OperationDeps } from './contract.ts';
import { wakeWorkers } from './settle.ts';
import { tellOperators } from './tell-operators.ts';

const BATCH = 20;
/** Nobody else asks for one meanwhile; a gateway that does not answer is asked again after it. */
const PAUSE_SECONDS = 60;
/** A gateway that says no so often is left to people. */
const MOST_TRIES = 5;

/** The user wants their membership not to be paid again. What is paid stays. @returns until when; undefined where none runs */
export async function endRenewal(deps: OperationDeps, userId: number): Promise<Date | undefined> {
  const running = await runningSubscription(deps.db, userId);
  if ((await endSubscriptionsOf(deps.db, userId)) === 0) return undefined;
  deps.log.info({ order_no: running?.orderNo, user_id: userId }, 'a subscription is to end');
  await wakeWorkers(deps.db);
  return running?.renewsAt;
}

/** Tells gateways that nothing more is to be taken, until each has taken it. */
export async function endSubscriptionsAtGateways(deps: OperationDeps): Promise<void> {
  for (const subscription of await takeEndingSubscriptions(deps.db, BATCH, PAUSE_SECONDS))
    await endOne(deps, subscription);
}

async function endOne(deps: OperationDeps, subscription: Subscription): Promise<void> {
  const { orderId, orderNo, provider, tries } = subscription;
  const client = [...deps.clients.values()].find((each) => each.provider === provider);
  try {
    await endAt(client, subscription);
    await subscriptionEnded(deps.db, orderId);
    deps.log.info({ order_no: orderNo, provider }, 'a subscription has ended');
  } catch (error) {
    const refused = error instanceof GatewayRefused && tries >= MOST_TRIES;
    deps.log.warn({ order_no: orderNo, provider, cause: messageOf(error) }, 'a subscription could not be ended yet');
    if (refused) await leaveToOperators(deps, subscription);
  }
}

async function endAt(
  client: PaymentClient | undefined,
  { orderNo, paymentId, userId, telegramId }: Subscription,
): Promise<void> {
  if (!client?.endSubscription) throw new Error('its gateway is not set up here');
  await client.endSubscription({
    gatewayOrderId: orderNo,
    providerPaymentId: paymentId,
    buyer: { userId, telegramId },
  });
}

/** It may have ended at the gateway long ago; if it has not, only a person can find out why. */
async function leaveToOperators(deps: OperationDeps, { orderId, orderNo, provider }: Subscription): Promise<void> {
  await deps.db.transaction(async (tx) => {
    await subscriptionEnded(tx, orderId);
    const params = { orderNo, provider };
    await tellOperators(
      deps,
      tx,
      `subscription:${orderNo}`,
      { template: 'alarm_subscription_not_ended', params },
      orderId,
    );
  });
}
