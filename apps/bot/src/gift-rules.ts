import type { Product } from '@mingdan/orders';

/** What can be claimed by a link. */
export function isClaimable({ kind }: Pick<Product, 'kind'>): boolean {
  return kind === 'report' || kind === 'membership';
}

/** The same, as far as it costs something: what is free everybody has by themselves. */
export function isGivable(product: Pick<Product, 'kind' | 'price'>): boolean {
  return isClaimable(product) && product.price.minor > 0;
}
