import { randomToken } from '@mingdan/kernel';
import type { Product } from '@mingdan/orders';
import { isGivable } from '../../gift-rules.ts';
import type { RenderedButton } from '../../texts.ts';
import type { Card } from '../session.ts';
import type { Talk } from '../talk.ts';
import { openCard, productOf, showAgain } from './card.ts';
import { previewFor } from './prices.ts';
import { showMenu } from './start.ts';

/** The buttons of a card that change what is paid, or for whom. */
export function extraButtons(talk: Talk, product: Product, card: Omit<Card, 'birth'>): RenderedButton[] {
  if (product.price.minor === 0 || card.claimsGift !== undefined) return [];
  return [
    ...(card.coupon === undefined ? [talk.button('have_code', `coupon:${card.id}`)] : []),
    ...giftButton(talk, product, card),
  ];
}

/** Reports and memberships that cost something can be given to somebody else. */
export function giftButton(talk: Talk, product: Product, card: Omit<Card, 'birth'>): RenderedButton[] {
  if (!isGivable(product) || card.gift || card.claimsGift !== undefined) return [];
  return [talk.button('as_gift', `gift:${card.id}`)];
}

/** `coupon:<id>`: the next line is the code. */
export async function askForCoupon(talk: Talk, id: string): Promise<void> {
  const card = await openCard(talk, id);
  if (!card) return;
  talk.session.waiting = { for: 'coupon', card: card.id };
  await talk.say(talk.t('coupon.ask'));
}

/** The line that was asked for: a new card with the new price, or one line and the card as it was. */
export async function couponTyped(talk: Talk, id: string, typed: string): Promise<void> {
  talk.session.waiting = null;
  const card = await openCard(talk, id);
  if (!card) return;
  const product = await productOf(talk, card);
  if (!product) return showMenu(talk, talk.t('chat.unknown_product'));
  const coupon = typed.trim();
  const preview = await previewFor(talk, product, { ...card, coupon });
  if (!preview) {
    // The next line may be the right one.
    talk.session.waiting = { for: 'coupon', card: card.id };
    return sayNotValid(talk, card.id);
  }
  await showAgain(talk, { ...card, id: randomToken(9), coupon: coupon.toUpperCase() }, product, card.id);
}

/** Another code may be tried, or the card is ordered without one. */
export async function sayNotValid(talk: Talk, id: string): Promise<void> {
  await talk.say(talk.t('coupon.not_valid'), [
    [talk.button('other_code', `coupon:${id}`)],
    [talk.button('without_code', `nocoupon:${id}`)],
  ]);
}

/** `nocoupon:<id>`: the card at its full price. */
export async function withoutCoupon(talk: Talk, id: string): Promise<void> {
  const card = await openCard(talk, id);
  if (!card) return;
  const product = await productOf(talk, card);
  if (!product) return showMenu(talk, talk.t('chat.unknown_product'));
  const { coupon: _, ...bare } = card;
  await showAgain(talk, { ...bare, id: randomToken(9) }, product, card.id);
}
