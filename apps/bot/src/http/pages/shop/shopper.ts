import { findUser, MEMBER_READING, type Product, previewPrice, type User } from '@mingdan/orders';
import type { Request, Response } from 'express';
import { sessionOf } from '../../auth/session.ts';
import { sendPage } from '../../compression.ts';
import type { HttpDeps } from '../../deps.ts';

/** Who is signed in, where somebody is: they pay a member's price, pay with coins, and find the order in their account. */
export async function shopperOf(deps: HttpDeps, req: Request): Promise<User | null> {
  const session = sessionOf(deps, req);
  return session ? ((await findUser(deps.db, session.userId)) ?? null) : null;
}

/** A product at the price that this buyer pays for one of it; for strangers as it is. */
export async function pricedFor(deps: HttpDeps, product: Product, user: User | null, gift = false): Promise<Product> {
  if (user === null) return product;
  const wish = { product, userId: user.id, gift, memberReading: MEMBER_READING };
  const { amount, stars } = await previewPrice(deps.db, deps.operations.vault, wish);
  return { ...product, price: amount, priceStars: stars };
}

/** A page that is the same for all strangers may be kept and pressed; one that knows its reader is nobody else's, and is not. */
export async function sendShopPage(req: Request, res: Response, user: User | null, page: string): Promise<void> {
  res.vary('Cookie').vary('Authorization');
  if (user === null) return sendPage(req, res, page);
  res.set('Cache-Control', 'private, no-store').type('html').send(page);
}
