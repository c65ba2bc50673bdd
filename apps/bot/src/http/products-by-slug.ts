import type { Db } from '@mingdan/db';
import { findProduct, type Product, slugPattern } from '@mingdan/orders';

/** What the catalogue sells under this name; undefined also for what can be no name of a product (no text from outside reaches SQL unchecked). */
export async function productBySlug(db: Db, slug: unknown): Promise<Product | undefined> {
  return typeof slug === 'string' && slugPattern.test(slug) ? findProduct(db, slug) : undefined;
}
