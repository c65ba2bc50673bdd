import { backoffMs, messageOf } from '@mingdan/kernel';
import type { OperationDeps } from '@mingdan/operations';
import { claimRefunds, leaveRefundToOperators, postponeRefund, type RefundRecord, settleRefund } from '@mingdan/orders';
import {
  GatewayRefused,
  type PaymentClient,
  type ProviderName,
  providerNames,
  type RefundState,
} from '@mingdan/payments';
import { providerCapabilities } from '@mingdan/payments/capabilities';
import { tellStuckRefund } from './tell-refunds.ts';

const LEASE_SECONDS = 60;
const AT_ONCE = 5;
const LONGEST_PAUSE_MS = 10 * 60_000;
/** Tries after which a gateway that keeps refusing is a matter for people. */
const MOST_REFUSALS = 3;
/** About two hours of silence or of "pending" with the usual backoff: people should know, while it is tried on. */
const TRIES_BEFORE_ALARM = 20;

export interface RefunderSettings {
  readonly owner: string;
  readonly retryBaseMs: number;
}

/** Asks the gateways for the refunds that are due, each under its own id, until they have confirmed. */
export async function refundDue(deps: OperationDeps, settings: RefunderSettings): Promise<void> {
  for (;;) {
    const due = await claimRefunds(deps.db, settings.owner, LEASE_SECONDS, AT_ONCE);
    if (due.length === 0) return;
    await Promise.all(due.map((refund) => refundOne(deps, settings, refund)));
  }
}

async function refundOne(deps: OperationDeps, settings: RefunderSettings, refund: RefundRecord): Promise<void> {
  const log = deps.log.child({ order_no: refund.orderNo, refund_id: refund.refundId, provider: refund.provider });
  const client = refund.provider === null ? undefined : deps.clients.get(refund.provider as ProviderName);
  if (!client?.refund) {
    await leaveRefundToOperators(
      deps.db,
      refund,
      client ? 'the gateway has no refund call' : 'no such gateway is set up',
    );
    return;
  }
  try {
    const state = await ask(deps, client, refund);
    log.info({ status: state.status }, 'refund asked for');
    await settle(deps, settings, refund, state);
  } catch (error) {
    const refused = error instanceof GatewayRefused;
    log.warn({ cause: messageOf(error), refused }, 'refund not confirmed');
    await again(deps, settings, refund, { status: 'requested', error: messageOf(error), refused });
    if (refused && refund.refusals + 1 >= MOST_REFUSALS) await giveUpAfterAsking(deps, settings, client, refund);
  }
}

async function settle(
  deps: OperationDeps,
  settings: RefunderSettings,
  refund: RefundRecord,
  state: RefundState,
): Promise<void> {
  if (state.status === 'succeeded' || state.status === 'failed') {
    await settleRefund(deps.db, refund.refundId, state.status, state.providerRefundId);
    return;
  }
  await again(deps, settings, refund, {
    status: state.status === 'pending' ? 'pending' : 'requested',
    error: null,
    refused: false,
    providerRefundId: state.providerRefundId,
  });
}

/** An earlier try that got no answer may have worked: only what the gateway does not know of is given up. */
async function giveUpAfterAsking(
  deps: OperationDeps,
  settings: RefunderSettings,
  client: PaymentClient,
  refund: RefundRecord,
): Promise<void> {
  const unknown: RefundState = { status: 'unknown', providerRefundId: null, providerStatus: 'unknown' };
  try {
    const state = (await client.queryRefund?.(refund)) ?? unknown;
    if (state.status === 'succeeded' || state.status === 'pending') await settle(deps, settings, refund, state);
    else await settleRefund(deps.db, refund.refundId, 'failed', null);
  } catch (error) {
    // Refused to tell: it does not know this refund. No answer: the next try asks again.
    if (error instanceof GatewayRefused) await settleRefund(deps.db, refund.refundId, 'failed', null);
  }
}

/** A refund the gateway already has is asked about; one it may not have is asked for again under the same id, which is the same refund. */
async function ask(deps: OperationDeps, client: PaymentClient, refund: RefundRecord): Promise<RefundState> {
  if (refund.status === 'pending' && client.queryRefund) {
    const state = await client.queryRefund(refund);
    if (state.status !== 'unknown') return state;
  }
  const { webhookUrl, refundNotifyUrls } = deps.settings;
  const { refundId, gatewayOrderId, providerPaymentId, amount, paymentAmount, reason, userId, telegramId } = refund;
  return (await client.refund?.({
    refundId,
    gatewayOrderId,
    providerPaymentId,
    amount,
    paymentAmount,
    reason,
    notifyUrl: refundNotifyUrls[client.provider] ?? `${webhookUrl}/webhook/${client.provider}/refund`,
    buyer: { userId, telegramId },
  })) as RefundState;
}

/** Some gateways want a while before they are asked about a refund. */
function askAgainAfter(refund: RefundRecord): number {
  const known = providerNames.find((name) => name === refund.provider);
  return (known && providerCapabilities.get(known)?.refundAskAfterSeconds) ?? 0;
}

async function again(
  deps: OperationDeps,
  settings: RefunderSettings,
  refund: RefundRecord,
  how: { status: 'requested' | 'pending'; error: string | null; refused: boolean; providerRefundId?: string | null },
): Promise<void> {
  const soonest = how.status === 'pending' ? askAgainAfter(refund) : 0;
  const seconds = Math.max(soonest, backoffMs(refund.attempts, settings.retryBaseMs, LONGEST_PAUSE_MS) / 1000);
  await postponeRefund(deps.db, refund, { ...how, seconds });
  if (refund.attempts + 1 === TRIES_BEFORE_ALARM) await tellStuckRefund(deps, refund, how.error);
}
