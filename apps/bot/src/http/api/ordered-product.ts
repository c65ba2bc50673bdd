import type { Db } from '@mingdan/db';
import { findProduct, type Product } from '@mingdan/orders';
import { z } from 'zod';
import { emailAddress } from '../../email-address.ts';
import { isClaimable } from '../../gift-rules.ts';
import { HttpError } from '../errors.ts';
import { couponCode, productSlug, quantity } from './words.ts';

/** What an order and the question for its price say alike. */
export const orderedWords = {
  product_slug: productSlug,
  quantity: quantity.default(1),
  email: emailAddress.optional(),
  coupon: couponCode.optional(),
  gift: z.boolean().default(false),
};

interface Ordered {
  readonly product_slug: string;
  readonly quantity: number;
  readonly gift: boolean;
}

/** The product, where so many of it can be ordered, and in this way. @throws HttpError 404 `product_not_found` | 422 */
export async function orderedProduct(db: Db, ordered: Ordered): Promise<Product> {
  const product = await findProduct(db, ordered.product_slug);
  if (!product) throw new HttpError(404, 'product_not_found', 'There is no such product', 'product_slug');
  checkGivable(product, ordered.gift);
  if (ordered.quantity > 1 && product.kind !== 'goods')
    throw new HttpError(422, 'invalid_field', 'The field quantity can be more than 1 for goods only', 'quantity');
  return product;
}

/** @throws HttpError 422 for what nobody can claim by a link */
export function checkGivable(product: Pick<Product, 'kind'>, gift: boolean): void {
  if (!gift || isClaimable(product)) return;
  throw new HttpError(422, 'invalid_field', 'Reports and memberships alone can be given as a gift', 'gift');
}
