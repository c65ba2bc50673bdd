import type { Offer } from '@mingdan/operations';
import { couponPattern, type Product } from '@mingdan/orders';
import type { ProviderName } from '@mingdan/payments';
import { emailAddress } from '../../../email-address.ts';
import { isGivable } from '../../../gift-rules.ts';
import { MOST_AT_ONCE } from '../../api/words.ts';
import type { Texts } from '../../texts.ts';
import { readBirthFields } from '../birth-fields.ts';
import type { Typed, Wrong } from '../fields.ts';

export interface ShopWish {
  readonly quantity: number;
  /** none of who is signed in: they have a chat */
  readonly email: string | undefined;
  readonly coupon: string | undefined;
  readonly provider: ProviderName | undefined;
  readonly input: unknown;
  /** for somebody else, who claims it by a link */
  readonly gift: boolean;
}

/** A membership of one's own begins in an account: without one it is bought for somebody else. */
export function isGift(typed: Typed, product: Product): boolean {
  return product.kind === 'membership' || (typed.gift === '1' && isGivable(product));
}

/** As many as are sold at once. */
export function isQuantity(count: number): boolean {
  return Number.isInteger(count) && count >= 1 && count <= MOST_AT_ONCE;
}

/** Checks a form against its product. `wrong` holds a sentence for each field that has to be changed. */
export function readWish(
  typed: Typed,
  product: Product,
  { offers, now, t, isKnown }: { offers: readonly Offer[]; now: Date; t: Texts; isKnown: boolean },
): { wish?: ShopWish; wrong: Wrong } {
  const wrong: Record<string, string> = {};
  const quantity = product.kind === 'goods' ? Number(typed.quantity ?? '1') : 1;
  if (!isQuantity(quantity)) wrong.quantity = t('shop.quantityWrong');
  else if (product.stock !== null && product.stock < quantity && product.stock > 0)
    wrong.quantity = t('shop.onlyLeft', { count: String(product.stock) });
  const gift = isGift(typed, product);
  const birth = product.input === 'birth' && !gift ? readBirthFields(typed, now, t) : { birth: {}, wrong: {} };
  Object.assign(wrong, birth.wrong);
  const email = isKnown ? undefined : emailAddress.safeParse(typed.email);
  if (email?.success === false) wrong.email = t('shop.emailWrong');
  const coupon = typed.coupon || undefined;
  if (coupon !== undefined && !couponPattern.test(coupon)) wrong.coupon = t('shop.couponWrong');
  const offer = offers.find(({ provider }) => provider === typed.pay);
  if (product.price.minor > 0 && offer === undefined) wrong.pay = t('shop.payMissing');
  if (Object.keys(wrong).length > 0) return { wrong };
  const wish = { quantity, email: email?.data, coupon, provider: offer?.provider, input: birth.birth, gift };
  return { wish, wrong };
}
