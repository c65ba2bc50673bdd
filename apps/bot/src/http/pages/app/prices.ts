import type { Money } from '@mingdan/kernel';
import type { Product, Rates, User } from '@mingdan/orders';
import { quote } from '../../api/quote.ts';
import type { HttpDeps } from '../../deps.ts';

/** What a product costs this user inside Telegram; null where that way does not take it. */
export interface AppPrice {
  readonly price: Money;
  readonly stars: Money | null;
  readonly coins: Money | null;
  /** what a coupon takes off the price */
  readonly discount: number;
  /** in Stars, every 30 days until it is stopped */
  readonly subscription: Money | null;
}

/** What changes a price, beside who buys. */
export interface PriceWish {
  readonly coupon?: string | undefined;
  readonly gift?: boolean;
  /** as they were read before, for many products at once */
  readonly rates?: Rates;
}

/** @throws HttpError 409 `coupon_not_valid` */
export async function appPrice(
  deps: HttpDeps,
  product: Product,
  user: User,
  { rates, ...wish }: PriceWish = {},
): Promise<AppPrice> {
  const { offered } = deps.operations.settings;
  const { price, discount, asked } = await quote(deps, { product, user, ...wish }, rates);
  return {
    price,
    discount,
    stars: offered.includes('stars') ? asked({ provider: 'stars', method: 'STARS_INVOICE' }) : null,
    // Coins are not bought with coins.
    coins:
      offered.includes('points') && product.kind !== 'coins' ? asked({ provider: 'points', method: 'POINTS' }) : null,
    subscription:
      offered.includes('stars') && product.months === 1
        ? asked({ provider: 'stars', method: 'STARS_SUBSCRIPTION' })
        : null,
  };
}
