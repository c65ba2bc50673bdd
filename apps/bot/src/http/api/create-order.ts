import { formatAmount } from '@mingdan/kernel';
import { orderLink } from '@mingdan/operations';
import type { Order, Product, User } from '@mingdan/orders';
import express, { type Request, type Router } from 'express';
import { z } from 'zod';
import { namedUser, ownerOf, userOfSession } from '../auth/users.ts';
import type { HttpDeps } from '../deps.ts';
import { HttpError, onlyAllow } from '../errors.ts';
import { limitCouponTries } from '../rate-limit.ts';
import { hasApiKey } from './api-key.ts';
import { jsonBody, readBody } from './body.ts';
import { orderedProduct, orderedWords } from './ordered-product.ts';
import { checkCoins, checkPayable, openedPayment } from './pay-new-order.ts';
import { externalIdPattern } from './payments/find.ts';
import { clientOf, type OrderWish, orderLanguage, placeOrder, requestId } from './place-order.ts';
import { type WayToPay, wayToPay } from './way-to-pay.ts';

export const createOrderBody = z.object({
  ...orderedWords,
  payment_method: z.string().trim().max(40).optional(),
  input: z.unknown().optional(),
  request_id: requestId.optional(),
  external_id: z.string().trim().regex(externalIdPattern).optional(),
  /** with the API key: whose order it is */
  user_id: namedUser.nullish(),
});
type Wish = z.output<typeof createOrderBody>;

/** `POST /api/create-order`: an order of the shop, without an account or with a session; delivered on its page, and in chat. */
export function createOrderRoutes(deps: HttpDeps): Router {
  const router = express.Router();
  router
    .route('/api/create-order')
    .post(jsonBody(), limitCouponTries, async (req, res) => {
      const wish = readBody(req, createOrderBody);
      const user = await buyerOf(deps, req, wish);
      checkBuyer(deps, req, wish, user);
      const product = await productOf(deps, wish, user);
      const named = wish.payment_method;
      const way = named === undefined ? undefined : wayToPay(deps, req, named);
      if (way) await checkPayable(deps, { product, user, quantity: wish.quantity, gift: wish.gift }, way);
      const orderWish: OrderWish = {
        product,
        user,
        language: orderLanguage(req, res, user),
        email: wish.email,
        client: clientOf(deps, req),
        input: wish.input,
        quantity: wish.quantity,
        coupon: wish.coupon,
        gift: wish.gift,
        externalId: wish.external_id,
        requestId: wish.request_id,
        byServer: hasApiKey(req, deps.settings.apiKey),
      };
      if (way) await checkCoins(deps, orderWish, way);
      const order = await placeOrder(deps, orderWish);
      const data = await orderJson(deps, req, order, way);
      res.set('Cache-Control', 'no-store').json({ success: true, data });
    })
    .all(onlyAllow('POST'));
  return router;
}

/** Of the session, or with the API key the one that is named; null: a stranger of the shop. */
async function buyerOf(deps: HttpDeps, req: Request, { user_id: named }: Wish): Promise<User | null> {
  if (named !== undefined && named !== null) return ownerOf(deps, req, named, 'user_id');
  return userOfSession(deps, req);
}

function checkBuyer({ settings }: HttpDeps, req: Request, wish: Wish, user: User | null): void {
  if (wish.external_id !== undefined && !hasApiKey(req, settings.apiKey))
    throw new HttpError(401, 'unauthorized', 'external_id is for callers with the API key', 'external_id');
  if (wish.email === undefined && user === null)
    throw new HttpError(422, 'invalid_field', 'The field email is missing or not as expected', 'email');
}

async function productOf({ db }: HttpDeps, wish: Wish, user: User | null): Promise<Product> {
  const product = await orderedProduct(db, wish);
  if (user === null && !wish.gift && (product.kind === 'coins' || product.kind === 'membership'))
    throw new HttpError(
      401,
      'unauthorized',
      'Coins and memberships are given to an account: sign in (POST /api/session), or with the API key send the Telegram id of the buyer as user_id (a membership as a gift needs none)',
      'product_slug',
    );
  return product;
}

async function orderJson(deps: HttpDeps, req: Request, order: Order, way: WayToPay | undefined): Promise<object> {
  return {
    ...(way ? await openedPayment(deps, req, order, way) : {}),
    order_no: order.orderNo,
    amount: Number(formatAmount(order.amount)),
    currency: order.amount.currency,
    order_url: orderLink(deps.operations.settings, order.orderNo),
    expires_at: order.expiresAt.toISOString(),
    // in the caller's own word
    ...(way ? { payment_method: way.named } : {}),
  };
}
