import type { Money } from '@mingdan/kernel';
import type { Product, User } from '@mingdan/orders';
import { quote } from '../../api/way-to-pay.ts';
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
}

/** @throws HttpError 409 `coupon_not_valid` */
export async function appPrice(deps: HttpDeps, product: Product, user: User, wish: PriceWish = {}): Promise<AppPrice> {
  const { offered } = deps.operations.settings;
  const [stars, coins, subscription] = await Promise.all([
    quote(deps, { product, user, ...wish }, { provider: 'stars', method: 'STARS_INVOICE' }),
    quote(deps, { product, user, ...wish }, { provider: 'points', method: 'POINTS' }),
    quote(deps, { product, user, ...wish }, { provider: 'stars', method: 'STARS_SUBSCRIPTION' }),
  ]);
  return {
    price: stars.price,
    discount: stars.discount,
    stars: offered.includes('stars') ? stars.asked : null,
    // Coins are not bought with coins.
    coins: offered.includes('points') && product.kind !== 'coins' ? coins.asked : null,
    subscription: offered.includes('stars') && product.months === 1 ? subscription.asked : null,
  };
}
