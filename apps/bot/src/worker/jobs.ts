import type { FulfilmentDeps } from '@mingdan/fulfilment';
import { askDuePayments, endSubscriptionsAtGateways, type OperationDeps, refundOverdueHeld } from '@mingdan/operations';
import { closeEnded, expireOverdue } from './expire.ts';
import { type HousekeepingSettings, keepPromises } from './housekeeping.ts';
import { createLoop, type Loop } from './loop.ts';
import { type RefunderSettings, refundDue } from './refund.ts';
import { tellFlaggedNotices } from './tell-flagged.ts';
import { tellOperatorsOfOrders } from './tell-operators.ts';
import { tellFailedPayments, tellSecondPayments, tellSeenPayments } from './tell-payments.ts';
import { tellReceivedOrders } from './tell-received.ts';
import { tellSettledRefunds } from './tell-refunds.ts';
import { tellRefusedNotices } from './tell-refused.ts';

/**
 * What the worker looks for beside paid orders and messages to send. Each its own loop: a gateway that hangs holds up no message, and a
 * message that cannot be written holds up no refund.
 * @param afterwards runs after each: it may have put something into the outbox
 */
export function createJobs(
  { operations, fulfilment }: { readonly operations: OperationDeps; readonly fulfilment: FulfilmentDeps },
  settings: HousekeepingSettings & RefunderSettings,
  afterwards: () => void,
): { readonly money: readonly Loop[]; readonly polled: readonly Loop[] } {
  const job = (name: string, run: () => Promise<void>): Loop => createLoop(name, operations.log, run, afterwards);
  return {
    /** at every wake-up */
    money: [
      job('tell failed payments', () => tellFailedPayments(operations)),
      job('tell seen payments', () => tellSeenPayments(operations)),
      job('tell second payments', () => tellSecondPayments(operations)),
      job('tell settled refunds', () => tellSettledRefunds(operations)),
      job('tell received orders', () => tellReceivedOrders(operations)),
      job('tell operators', () => tellOperatorsOfOrders(operations)),
      job('end subscriptions', () => endSubscriptionsAtGateways(operations)),
      job('tell flagged notices', () => tellFlaggedNotices(operations)),
      job('ask for refunds', async () => {
        await refundDue(operations, settings);
        await tellSettledRefunds(operations);
      }),
    ],
    /** once in every `pollSeconds` */
    polled: [
      job('tell refused notices', () => tellRefusedNotices(operations)),
      job('ask due payments', () => askDuePayments(operations)),
      job('refund held money', () => refundOverdueHeld(operations)),
      job('expire', () => expireOverdue(operations)),
      job('close ended', () => closeEnded(operations)),
      job('keep promises', () => keepPromises(fulfilment, settings)),
    ],
  };
}
