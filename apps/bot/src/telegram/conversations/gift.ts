import { dayText, giftLink } from '@mingdan/fulfilment';
import { randomToken } from '@mingdan/kernel';
import { claimForUser, newGift } from '@mingdan/operations';
import { endOfPeriod, findOrder, findProduct, type GiftClaim, giftCause } from '@mingdan/orders';
import type { Talk } from '../talk.ts';
import { chooseProduct } from './buy.ts';
import { openCard, productOf, showAgain } from './card.ts';
import { sayOrder } from './orders.ts';
import { ownOrder } from './pay.ts';
import { showMenu } from './start.ts';

/** `gift:<id>`: the same card for somebody else. No birth is asked for: the button is there before the first question is answered. */
export async function asGift(talk: Talk, id: string): Promise<void> {
  const { draft, cards } = talk.session;
  const begun = draft?.id === id && !cards.some((one) => one.id === id) ? draft : undefined;
  const card = begun ?? (await openCard(talk, id));
  if (!card) return;
  const product = await productOf(talk, card);
  if (!product) return showMenu(talk, talk.t('chat.unknown_product'));
  const { product: slug, coupon } = card;
  const given = {
    id: randomToken(9),
    product: slug,
    birth: {},
    gift: true,
    ...(coupon === undefined ? {} : { coupon }),
  };
  await showAgain(talk, given, product, card.id);
}

/** `/start gift_<token>`: whoever opens it first has it. */
export async function claim(talk: Talk, token: string): Promise<void> {
  const answer = await claimForUser(talk.services.operationDeps, token, talk.user.id);
  if (!('giftId' in answer)) return talk.say(talk.t(`gift.${answer.outcome}`));
  await goOnWith(talk, answer);
}

type Claimed = Extract<GiftClaim, { readonly giftId: number }>;

async function goOnWith(talk: Talk, { giftId, productSlug, orderNo }: Claimed): Promise<void> {
  const { db } = talk.services;
  const end = await endOfPeriod(db, giftCause(giftId));
  if (end !== undefined) return talk.say(talk.t('gift.membership', { until: dayText(end) }));
  const order = orderNo === null ? undefined : await findOrder(db, orderNo);
  if (order) return sayOrder(talk, order, talk.t('gift.used'));
  const product = await findProduct(db, productSlug);
  if (!product) return talk.say(talk.t('gift.not_sold'));
  await chooseProduct(talk, productSlug, giftId);
}

/** `giftlink:<order_no>`: a new link for one that was lost. */
export async function newLink(talk: Talk, orderNo: string): Promise<void> {
  const order = await ownOrder(talk, orderNo);
  if (!order) return;
  const { bot, operationDeps } = talk.services;
  // Before the old link ends: without the bot's name there would be none to say.
  const { address } = await bot();
  const given = await newGift(operationDeps, order);
  if (!given) return talk.say(talk.t('gift.not_open'));
  const { token, page } = given;
  await talk.say(talk.t('gift.new_link', { product: order.productNames, link: giftLink(address, token), web: page }));
}
