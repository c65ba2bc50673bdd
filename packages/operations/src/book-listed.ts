import { row } from '@mingdan/db';
import { recordNotice, recordRenewal } from '@mingdan/orders';
import type { ListedPayment, ProviderName } from '@mingdan/payments';
import { gatewaysOwnId } from './attempts.ts';
import type { Difference } from './compare-days.ts';
import type { OperationDeps } from './contract.ts';
import { recordGivenBack, wakeWorkers } from './settle.ts';

/** Their list is an answer to a question: what is in it and not here goes the way of a notice that was lost. */
export async function bookMissing(
  deps: OperationDeps,
  provider: ProviderName,
  theirs: readonly ListedPayment[],
  differences: readonly Difference[],
): Promise<void> {
  for (const { what, providerPaymentId } of differences) {
    const payment = theirs.find((each) => each.providerPaymentId === providerPaymentId);
    if (what !== 'missing_here' || !payment || payment.gatewayOrderId === null) continue;
    if (payment.refundedMinor !== null && payment.refundedMinor >= payment.amount.minor) {
      // It came and went unseen: nothing is delivered for it.
      const { gatewayOrderId, amount } = payment;
      await recordGivenBack(deps.db, {
        provider,
        gatewayOrderId,
        providerPaymentId: gatewaysOwnId(providerPaymentId),
        amount,
      });
      continue;
    }
    const verdict = await bookListed(deps, provider, { ...payment, gatewayOrderId: payment.gatewayOrderId });
    deps.log.warn(
      { order_no: payment.gatewayOrderId, provider, verdict },
      'a payment was found in the list of its gateway',
    );
    await wakeWorkers(deps.db);
  }
}

/** @returns the verdict */
async function bookListed(
  deps: OperationDeps,
  provider: ProviderName,
  payment: ListedPayment & { readonly gatewayOrderId: string },
): Promise<string> {
  const { gatewayOrderId, providerPaymentId, amount, paidAt } = payment;
  const notice = {
    provider,
    eventId: `list:paid:${providerPaymentId}`,
    kind: 'paid',
    gatewayOrderId,
    refundId: null,
    amount,
    merchantMatches: true,
    occurredAt: paidAt,
  } as const;
  // The first payment of a subscription pays its order; every further one is a renewal.
  const renews = payment.repeats && (await isPaid(deps, provider, gatewayOrderId));
  const { verdict } = renews
    ? await recordRenewal(deps.db, deps.clock, { ...notice, providerPaymentId })
    : await recordNotice(deps.db, { ...notice, providerPaymentId: gatewaysOwnId(providerPaymentId) });
  return verdict;
}

async function isPaid({ db }: OperationDeps, provider: ProviderName, gatewayOrderId: string): Promise<boolean> {
  const paid = await row(
    db,
    'select 1 from payment_transactions where provider = :provider and gateway_order_id = :gatewayOrderId limit 1',
    { provider, gatewayOrderId },
  );
  return paid !== undefined;
}
