import { formatAmount } from '@mingdan/kernel';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { namedUser, ownerOf } from '../../auth/users.ts';
import type { HttpDeps } from '../../deps.ts';
import { HttpError } from '../../errors.ts';
import { readBody } from '../body.ts';
import { checkPayable, openedPayment } from '../pay-new-order.ts';
import { isAmount } from '../payments/find.ts';
import { orderLanguage, placeOrder, requestId } from '../place-order.ts';
import { wayToPay } from '../way-to-pay.ts';
import { coinsOf, findPackage } from './packages.ts';

export const coinOrderBody = z.object({
  package_id: z.union([z.number().int().positive().max(999_999), z.string().trim().min(1).max(40)]),
  payment_method: z.string().trim().min(1).max(40),
  method: z.string().trim().max(40).optional(),
  amount: z.union([z.number(), z.string().trim().max(20)]).optional(),
  /** with the API key: whose order it is */
  user_id: namedUser.nullish(),
  request_id: requestId.optional(),
});

const asker = z.object({ user_id: z.unknown().optional() });

/** `POST /api/coin/order`: a package for the account of who asks, and its payment. The price is the catalogue's. */
export async function orderCoins(deps: HttpDeps, req: Request, res: Response): Promise<object> {
  // Who asks comes first: a stranger learns nothing of what a body should be.
  const { user_id: named } = readBody(req, asker);
  const user = await ownerOf(deps, req, named ?? undefined, 'user_id');
  const wish = readBody(req, coinOrderBody);
  const product = await findPackage(deps.db, wish.package_id);
  if (wish.amount !== undefined && !isAmount(wish.amount, product.price))
    throw new HttpError(409, 'amount_mismatch', 'The amount is not the price of the package', 'amount');
  const way = wayToPay(deps, req, wish.payment_method, wish.method);
  await checkPayable(deps, { product, user }, way);
  const language = orderLanguage(req, res, user);
  const order = await placeOrder(deps, { product, user, language, requestId: wish.request_id });
  return {
    payment_url: null,
    ...(await openedPayment(deps, req, order, way)),
    order_id: order.id,
    order_no: order.orderNo,
    amount: Number(formatAmount(order.amount)),
    currency: order.amount.currency,
    coins: coinsOf(product),
    payment_method: way.named,
    expires_at: order.expiresAt.toISOString(),
  };
}
