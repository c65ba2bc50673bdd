import { type Buying, type Offer, offersFor, type Surface } from '@mingdan/operations';
import type { Product, SiteSettings, User } from '@mingdan/orders';
import type { HttpDeps } from '../deps.ts';

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
