import { codesOfOrder, commitStock, type Order } from '@mingdan/orders';
import type { Outgoing } from '@mingdan/outbox';
import { z } from 'zod';
import { confirmStep } from '../../confirm.ts';
import { CannotGive, type Fulfiller, type Step, type StepOutcome } from '../../contract.ts';
import { amountText } from '../../fail.ts';
import { productOf } from '../../product.ts';
import { tellStep } from '../../tell.ts';
import { toMailbox } from '../../tell-buyer.ts';
import { BY_HAND, type GoodsDeps, type HandedOver, handedOverSchema } from './contract.ts';

/** A person who delivers wakes the order; this is for the moment in which it was looked at just then. Seconds. */
const LOOK_AGAIN_SECONDS = 300;

/** Goods: say that it is paid, hear it from the gateway itself, take them out of the stock, hand them over: codes at once, else by a person. */
export function goodsFulfiller(deps: GoodsDeps): Fulfiller {
  const stages = [[tellStep(deps), confirmStep(deps)], [commitStep(deps)], [byHandStep()], [deliverStep(deps)]];
  return { kind: 'goods', quick: true, stages: () => stages };
}

const committedSchema = z.object({ by: z.enum(['codes', 'hand']) });

function commitStep(deps: GoodsDeps): Step {
  return {
    name: 'commit',
    async run({ order }) {
      const { handedOutBy } = await productOf(deps, order);
      if (handedOutBy === null) return { kind: 'give_up', reason: 'internal_error' };
      return {
        kind: 'done',
        result: { by: handedOutBy },
        say: handedOutBy === 'hand' ? forOperators(deps, order) : [],
        async effect(tx) {
          if (!(await commitStock(tx, order.id))) throw new CannotGive('sold_out');
        },
      };
    },
  };
}

function forOperators({ operatorChatId }: GoodsDeps, order: Order): Outgoing[] {
  if (operatorChatId === null) return [];
  const { orderNo, productNames: product, quantity } = order;
  const params = { orderNo, product, quantity, amount: amountText(order) };
  return [
    {
      chatId: operatorChatId,
      orderId: order.id,
      dedupeKey: `alarm:by_hand:${orderNo}`,
      message: { template: 'alarm_by_hand', params },
    },
  ];
}

/** Nothing to wait for where codes are given. Else a person finishes this step, and the order goes on at once. */
function byHandStep(): Step {
  return {
    name: BY_HAND,
    async run({ results }) {
      if (committedSchema.parse(results.get('commit')).by === 'codes') return { kind: 'done' };
      return { kind: 'rest', seconds: LOOK_AGAIN_SECONDS, why: 'waits for the person who delivers it' };
    },
  };
}

function deliverStep(deps: GoodsDeps): Step {
  return {
    name: 'deliver',
    async run({ order, results }) {
      const { chatId, orderNo, productNames: product } = order;
      const byHand = handedOverSchema.safeParse(results.get(BY_HAND)).data;
      if (chatId === null) return byMail(deps, order, byHand);
      if (!byHand) {
        const codes = await codesOfOrder(deps.db, deps.vault, order.id, false);
        const say = codesMessages(order, chatId, codes, deps.orderLink(orderNo), 'goods');
        return { kind: 'done', handOver: true, say };
      }
      const message = { template: 'goods_handed_over', params: { orderNo, product, note: byHand.note } } as const;
      const about = { chatId, userId: order.userId, orderId: order.id, dedupeKey: `goods:${orderNo}` };
      return { kind: 'done', handOver: true, say: [{ ...about, message, delivers: true }] };
    },
  };
}

/** A buyer of the shop reads codes and notes on the order page, and in a mail. What is in a mail counts as seen: it is never sold again. */
async function byMail(deps: GoodsDeps, order: Order, byHand: HandedOver | undefined): Promise<StepOutcome> {
  const { orderNo, productNames: product } = order;
  const said = { dedupeKey: `goods:${orderNo}:mail` };
  if (byHand) {
    const message = { template: 'goods_handed_over', params: { orderNo, product, note: byHand.note } } as const;
    return { kind: 'done', handOver: true, say: toMailbox(deps.vault, order, { ...said, message }) };
  }
  const codes = await codesOfOrder(deps.db, deps.vault, order.id, false);
  const params = { orderNo, product, codes: codes.join('\n'), link: deps.orderLink(orderNo) };
  const say = toMailbox(deps.vault, order, { ...said, message: { template: 'goods_codes', params } });
  if (say.length === 0) return { kind: 'done', handOver: true };
  return {
    kind: 'done',
    handOver: true,
    say,
    async effect(tx) {
      await codesOfOrder(tx, deps.vault, order.id, true);
    },
  };
}

/** `key` tells this sending from another one; only the first counts as the delivery. */
export function codesMessages(
  order: Order,
  chatId: number,
  codes: readonly string[],
  link: string,
  key: string,
): Outgoing[] {
  const { orderNo, productNames: product } = order;
  return [
    {
      chatId,
      userId: order.userId,
      orderId: order.id,
      dedupeKey: `${key}:${orderNo}`,
      message: { template: 'goods_codes', params: { orderNo, product, codes: codes.join('\n'), link } },
      delivers: key === 'goods',
    },
  ];
}
