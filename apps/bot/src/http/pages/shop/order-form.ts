import type { Buying, Offer } from '@mingdan/operations';
import { offersFor, type Surface } from '@mingdan/operations';
import { couponPattern, type Product, type SiteSettings, type User } from '@mingdan/orders';
import type { ProviderName } from '@mingdan/payments';
import { z } from 'zod';
import type { HttpDeps } from '../../deps.ts';
import type { Texts } from '../../texts.ts';
import { readBirthFields } from '../birth-fields.ts';
import type { Typed, Wrong } from '../fields.ts';

export const MOST_AT_ONCE = 5;
/** Names of the fields that are read; whatever else comes along is not looked at. */
const FIELDS = [
  'name',
  'gender',
  'calendar',
  'date',
  'leap',
  'time',
  'time_unknown',
  'place',
  'quantity',
  'email',
  'coupon',
  'pay',
  'gift',
  'token',
] as const;
const LONGEST = 300;

const form = z.record(z.string(), z.unknown()).catch({});
const address = z.email().max(254);

/** What was typed, as text; a field that came twice counts as its first. */
export function readTyped(sent: unknown): Typed {
  const found = form.parse(sent ?? {});
  return Object.fromEntries(
    FIELDS.flatMap((name): [string, string][] => {
      const [value] = [found[name]].flat();
      return typeof value === 'string' ? [[name, value.trim().slice(0, LONGEST)]] : [];
    }),
  );
}

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

export const isFormToken = (text: string): boolean => /^[\w-]{24}$/.test(text);

/** What can be claimed by a link, and costs something. */
export function isGivable({ kind, price }: Pick<Product, 'kind' | 'price'>): boolean {
  return (kind === 'report' || kind === 'membership') && price.minor > 0;
}

/** A membership of one's own begins in an account: without one it is bought for somebody else. */
export function isGift(typed: Typed, product: Product): boolean {
  return product.kind === 'membership' || (typed.gift === '1' && isGivable(product));
}

/** Checks a form against its product. `wrong` holds a sentence for each field that has to be changed. */
export function readWish(
  typed: Typed,
  product: Product,
  { offers, now, t, isKnown }: { offers: readonly Offer[]; now: Date; t: Texts; isKnown: boolean },
): { wish?: ShopWish; wrong: Wrong } {
  const wrong: Record<string, string> = {};
  const quantity = product.kind === 'goods' ? Number(typed.quantity ?? '1') : 1;
  if (!Number.isInteger(quantity) || quantity < 1 || quantity > MOST_AT_ONCE) wrong.quantity = t('shop.quantityWrong');
  else if (product.stock !== null && product.stock < quantity && product.stock > 0)
    wrong.quantity = t('shop.onlyLeft', { count: String(product.stock) });
  const gift = isGift(typed, product);
  const birth = product.input === 'birth' && !gift ? readBirthFields(typed, now, t) : { birth: {}, wrong: {} };
  Object.assign(wrong, birth.wrong);
  const email = isKnown ? undefined : address.safeParse(typed.email);
  if (email?.success === false) wrong.email = t('shop.emailWrong');
  const coupon = typed.coupon || undefined;
  if (coupon !== undefined && !couponPattern.test(coupon)) wrong.coupon = t('shop.couponWrong');
  const offer = offers.find(({ provider }) => provider === typed.pay);
  if (product.price.minor > 0 && offer === undefined) wrong.pay = t('shop.payMissing');
  if (Object.keys(wrong).length > 0) return { wrong };
  const wish = { quantity, email: email?.data, coupon, provider: offer?.provider, input: birth.birth, gift };
  return { wish, wrong };
}

/** The ways to pay that can take so many of a product at its price, from a buyer with or without an account. */
export async function offersOf(
  { operations }: Pick<HttpDeps, 'operations'>,
  product: Product,
  quantity: number,
  { rates, maintenance }: SiteSettings,
  surface: Surface,
  user: User | null,
): Promise<Offer[]> {
  if (maintenance || product.price.minor === 0) return [];
  const buying: Buying = {
    amount: { ...product.price, minor: product.price.minor * quantity },
    amountStars: product.priceStars === null ? null : product.priceStars * quantity,
    rates,
    userId: user?.id ?? null,
    chatId: user?.telegramId ?? null,
  };
  return offersFor(operations, buying, surface);
}
