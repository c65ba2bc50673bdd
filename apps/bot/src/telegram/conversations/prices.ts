import { formatAmount, moneyText } from '@mingdan/kernel';
import {
  hasFreeReading,
  MEMBER_READING,
  membershipOf,
  OrderRefused,
  type PricedOrder,
  type Product,
  previewPrice,
} from '@mingdan/orders';
import type { Card } from '../session.ts';
import type { Talk } from '../talk.ts';

export type Priced = Pick<Product, 'slug' | 'price' | 'memberPrice'>;

/** What each product costs this person now, in words; the order itself is priced again when it is made. */
export async function pricesFor(talk: Talk): Promise<(product: Priced) => string> {
  const { db } = talk.services;
  const { active } = await membershipOf(db, talk.user.id);
  const reads = active && (await hasFreeReading(db, talk.user.id, MEMBER_READING));
  return ({ slug, price, memberPrice }) => {
    if (reads && slug === MEMBER_READING) return talk.t('chat.free_for_members');
    if (price.minor === 0) return talk.t('chat.free');
    if (!active || memberPrice === null) return `${formatAmount(price)} ${price.currency}`;
    return talk.t('chat.member_price', { price: `${formatAmount(memberPrice)} ${memberPrice.currency}` });
  };
}

/** What a card would cost now; undefined where its coupon does not hold. Nothing is counted before it is ordered. */
export async function previewFor(
  talk: Talk,
  product: Product,
  { coupon, gift }: Pick<Card, 'coupon' | 'gift'>,
): Promise<PricedOrder | undefined> {
  const { db, vault } = talk.services;
  const asked = { ...(coupon === undefined ? {} : { coupon }), ...(gift === undefined ? {} : { gift }) };
  try {
    return await previewPrice(db, vault, { product, userId: talk.user.id, memberReading: MEMBER_READING, ...asked });
  } catch (error) {
    if (error instanceof OrderRefused && error.code === 'coupon_not_valid') return undefined;
    throw error;
  }
}

/** The price that a card shows. */
export async function cardPrice(talk: Talk, product: Product, card: Omit<Card, 'id' | 'birth'>): Promise<string> {
  if (card.claimsGift !== undefined) return talk.t('gift.price');
  if (card.coupon === undefined && !card.gift) return (await pricesFor(talk))(product);
  const preview = await previewFor(talk, product, card);
  if (!preview) return (await pricesFor(talk))(product);
  const { amount, discount } = preview;
  const price = amount.minor === 0 ? talk.t('chat.free') : moneyText(amount);
  if (card.coupon === undefined || discount === 0) return price;
  const before = moneyText({ ...amount, minor: amount.minor + discount });
  return talk.t('coupon.price', { price, before, code: card.coupon });
}
