import { activateMembership, endOfPeriod, membershipCause } from '@mingdan/orders';
import type { Fulfiller, FulfilmentDeps, Step } from '../../contract.ts';
import { dayText } from '../../day-text.ts';
import { productOf } from '../../product.ts';
import { tellStep } from '../../tell.ts';

/** Memberships: say that it is paid, add the period behind the last one that runs, say until when. */
export function membershipFulfiller(deps: FulfilmentDeps): Fulfiller {
  const stages = [[tellStep(deps)], [activateStep(deps)], [deliverStep(deps)]];
  return { kind: 'membership', quick: true, stages: () => stages };
}

/** A refund of the order takes it away again when the money is back (operations/after-refund.ts). */
function activateStep(deps: FulfilmentDeps): Step {
  return {
    name: 'activate',
    async run({ order }) {
      const { userId, orderNo, productSlug } = order;
      if (userId === null) return { kind: 'give_up', reason: 'no_account' };
      const months = order.months ?? (await productOf(deps, order)).months;
      if (months === null) return { kind: 'give_up', reason: 'internal_error' };
      return {
        kind: 'done',
        async effect(tx) {
          const cause = membershipCause(orderNo);
          await activateMembership(tx, { userId, productSlug, months, cause, orderId: order.id, actor: 'worker' });
        },
      };
    },
  };
}

function deliverStep(deps: FulfilmentDeps): Step {
  return {
    name: 'deliver',
    async run({ order }) {
      const { userId, chatId, orderNo, productNames: product } = order;
      const end = await endOfPeriod(deps.db, membershipCause(orderNo));
      if (chatId === null || end === undefined) return { kind: 'done', handOver: true };
      const message = { template: 'membership_active', params: { orderNo, product, until: dayText(end) } } as const;
      const dedupeKey = `activated:${orderNo}`;
      return {
        kind: 'done',
        handOver: true,
        say: [{ chatId, userId, orderId: order.id, dedupeKey, message, delivers: true }],
      };
    },
  };
}
