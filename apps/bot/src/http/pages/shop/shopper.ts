import type { Product, User } from '@mingdan/orders';
import type { Request, Response } from 'express';
import { priceFor } from '../../api/quote.ts';
import { sendPage } from '../../compression.ts';
import type { HttpDeps } from '../../deps.ts';

/** A product at the price that this buyer pays for one of it; for strangers as it is. */
export async function pricedFor(deps: HttpDeps, product: Product, user: User | null, gift = false): Promise<Product> {
  if (user === null) return product;
  const { amount, stars } = await priceFor(deps, { product, user, gift });
  return { ...product, price: amount, priceStars: stars };
}

/** A page that is the same for all strangers may be kept and pressed; one that knows its reader is nobody else's, and is not. */
export async function sendShopPage(req: Request, res: Response, user: User | null, page: string): Promise<void> {
  res.vary('Cookie').vary('Authorization');
  if (user === null) return sendPage(req, res, page);
  res.set('Cache-Control', 'private, no-store').type('html').send(page);
}
