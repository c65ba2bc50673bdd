import { creditCoins } from '@mingdan/orders';
import { type ConfirmingDeps, confirmStep } from '../../confirm.ts';
import { CannotGive, type Fulfiller, type Step } from '../../contract.ts';
import { productOf } from '../../product.ts';
import { tellStep } from '../../tell.ts';

/** Coins: say that it is paid, hear it from the gateway itself, credit them with the message that they are there. */
export function coinsFulfiller(deps: ConfirmingDeps): Fulfiller {
  const stages = [[tellStep(deps), confirmStep(deps)], [creditStep(deps)]];
  return { kind: 'coins', quick: true, stages: () => stages };
}

/** Ledger entry, message and the end of the order's work are one transaction: no coins whose order can still be taken away. */
function creditStep(deps: ConfirmingDeps): Step {
  return {
    name: 'credit',
    async run({ order }) {
      const { userId, chatId, orderNo, productNames: product } = order;
      if (userId === null) return { kind: 'give_up', reason: 'no_account' };
      const { coins, bonusCoins } = await productOf(deps, order);
      if (coins === null) throw new CannotGive('internal_error');
      const all = (coins + bonusCoins) * order.quantity;
      const message = { template: 'coins_credited', params: { orderNo, product, coins: all } } as const;
      const dedupeKey = `credited:${orderNo}`;
      return {
        kind: 'done',
        result: { coins: all },
        handOver: true,
        effect: (tx) => creditCoins(tx, { userId, orderId: order.id, orderNo, coins: all }),
        say: chatId === null ? [] : [{ chatId, userId, orderId: order.id, dedupeKey, message, delivers: true }],
      };
    },
  };
}
