import type { Db } from '@mingdan/db';
import { type GiftToken, newGiftToken, type Order, openGift } from '@mingdan/orders';
import type { Outgoing } from '@mingdan/outbox';
import { botStart } from '../bot-start.ts';
import { type ConfirmingDeps, confirmStep } from '../confirm.ts';
import type { Fulfiller, Step } from '../contract.ts';
import { tellStep } from '../tell.ts';
import { toMailbox } from '../tell-buyer.ts';

export interface GiftDeps extends ConfirmingDeps {
  /** where the bot is found: https://t.me/<its name> */
  readonly botAddress: () => Promise<string>;
  /** base of our own pages */
  readonly publicUrl: string;
}

const ASK_AGAIN_SECONDS = 30;

/** What the person it is meant for opens in Telegram. */
export const giftLink = (botAddress: string, token: string): string => botStart(botAddress, `gift_${token}`);

/** The same on the web, with the way to Telegram on it. */
export const giftPage = (publicUrl: string, token: string): string => `${publicUrl}/gift/${token}`;

/** Gifts, whatever they hold: say that it is paid, hear it from the gateway itself, hand the buyer a link to pass on. */
export function giftFulfiller(deps: GiftDeps): Fulfiller {
  const stages = [[tellStep(deps), confirmStep(deps)], [linkStep(deps)]];
  return { kind: 'gift', quick: true, stages: () => stages };
}

/** Gift and message are saved together: a message that could not be saved leaves no gift behind either. */
function linkStep(deps: GiftDeps): Step {
  return {
    name: 'gift',
    async run({ order, log }) {
      const given = newGiftToken(deps.vault);
      const effect = (tx: Db) => openGift(tx, order, given);
      if (order.chatId === null) return { kind: 'done', handOver: true, say: byMail(deps, order, given), effect };
      let address: string;
      try {
        address = await deps.botAddress();
      } catch (error) {
        log.warn({ err: error }, 'the name of the bot is not known');
        return { kind: 'rest', seconds: ASK_AGAIN_SECONDS, why: 'Telegram does not say the name of the bot' };
      }
      return {
        kind: 'done',
        handOver: true,
        say: inChat(deps, order, order.chatId, giftLink(address, given.token), given),
        effect,
      };
    },
  };
}

function inChat(deps: GiftDeps, order: Order, chatId: number, link: string, { token }: GiftToken): Outgoing[] {
  const { userId, orderNo, productNames: product } = order;
  const params = { orderNo, product, link, web: giftPage(deps.publicUrl, token) };
  const message = { template: 'gift_link', params } as const;
  return [{ chatId, userId, orderId: order.id, dedupeKey: `gift:${orderNo}`, message, delivers: true }];
}

/** A buyer of the shop reads the link on the order page, too. */
function byMail({ vault, publicUrl }: GiftDeps, order: Order, { token }: GiftToken): Outgoing[] {
  const { orderNo, productNames: product } = order;
  const web = giftPage(publicUrl, token);
  const message = { template: 'gift_link', params: { orderNo, product, link: web, web } } as const;
  return toMailbox(vault, order, { dedupeKey: `gift:${orderNo}`, message });
}
