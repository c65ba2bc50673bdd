import { newGiftToken, openGift } from '@mingdan/orders';
import { type ConfirmingDeps, confirmStep } from '../confirm.ts';
import type { Fulfiller, Step } from '../contract.ts';
import { tellStep } from '../tell.ts';

export interface GiftDeps extends ConfirmingDeps {
  /** the bot's name at Telegram, without @ */
  readonly botName: () => Promise<string>;
}

const ASK_AGAIN_SECONDS = 30;

/** What the person it is meant for opens. */
export const giftLink = (botName: string, token: string): string => `https://t.me/${botName}?start=gift_${token}`;

/** Gifts, whatever they hold: say that it is paid, hear it from the gateway itself, hand the buyer a link to pass on. */
export function giftFulfiller(deps: GiftDeps): Fulfiller {
  const stages = [[tellStep(deps), confirmStep(deps)], [linkStep(deps)]];
  return { kind: 'gift', quick: true, stages: () => stages };
}

/** The link is in the buyer's message alone: a message that could not be saved leaves no gift behind either. */
function linkStep(deps: GiftDeps): Step {
  return {
    name: 'gift',
    async run({ order, log }) {
      const { chatId, userId, orderNo, productNames: product } = order;
      if (chatId === null || userId === null) return { kind: 'give_up', reason: 'no_account' };
      let name: string;
      try {
        name = await deps.botName();
      } catch (error) {
        log.warn({ err: error }, 'the name of the bot is not known');
        return { kind: 'rest', seconds: ASK_AGAIN_SECONDS, why: 'Telegram does not say the name of the bot' };
      }
      const { token, digest } = newGiftToken();
      const message = { template: 'gift_link', params: { orderNo, product, link: giftLink(name, token) } } as const;
      return {
        kind: 'done',
        handOver: true,
        say: [{ chatId, userId, orderId: order.id, dedupeKey: `gift:${orderNo}`, message, delivers: true }],
        effect: (tx) => openGift(tx, order, digest),
      };
    },
  };
}
