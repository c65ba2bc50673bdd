import { backoffMs } from '@mingdan/kernel';
import type { Order } from '@mingdan/orders';
import { alarm } from './alarm.ts';
import type { FulfilmentDeps, Step } from './contract.ts';
import { amountText } from './fail.ts';

/** What is given out only after the gateway's own word: whoever stole a shared notice key can sign a success. */
export interface ConfirmingDeps extends FulfilmentDeps {
  readonly confirm: (order: Order) => Promise<'confirmed' | 'denied' | 'unknown'>;
}

/** A gateway may know of a payment a little later than its own notice: this often it must say no. */
const MOST_DENIALS = 3;
const LONGEST_PAUSE_MS = 10 * 60_000;

/** Waits until the gateway itself says that the money is there, however long it is away (the deadline ends it). */
export function confirmStep(deps: ConfirmingDeps): Step {
  return {
    name: 'confirm',
    async run({ order, failures, countFailure }) {
      const answer = await deps.confirm(order);
      if (answer === 'confirmed') return { kind: 'done' };
      // An outage is no denial: only what the gateway itself denied, several times, ends the order.
      const denials = answer === 'denied' ? failures + 1 : failures;
      if (answer === 'denied') await countFailure(denials);
      if (denials < MOST_DENIALS || answer === 'unknown') {
        const waited = deps.clock.now().getTime() - (order.paidAt ?? order.createdAt).getTime();
        const tries = Math.max(failures, Math.floor(Math.log2(Math.max(1, waited / deps.retryBaseMs))));
        return { kind: 'rest', seconds: backoffMs(tries, deps.retryBaseMs, LONGEST_PAUSE_MS) / 1000, why: answer };
      }
      const params = { orderNo: order.orderNo, amount: amountText(order), provider: order.provider ?? '-' };
      await alarm(deps, deps.db, `denied:${order.orderNo}`, { template: 'alarm_payment_denied', params }, order.id);
      return { kind: 'give_up', reason: 'payment_not_confirmed' };
    },
  };
}
