import { formatAmount } from '@mingdan/kernel';
import { couponPattern, findProduct, findUser, MEMBER_READING, previewPrice, readSiteSettings } from '@mingdan/orders';
import express, { type Request, type Router } from 'express';
import { z } from 'zod';
import { sessionOf } from '../auth/session.ts';
import type { HttpDeps } from '../deps.ts';
import { HttpError, onlyAllow } from '../errors.ts';
import { limitCouponTries } from '../rate-limit.ts';
import { answerWith } from './answer-with.ts';
import { jsonBody, readBody } from './body.ts';
import { checkGivable, createOrderBody } from './create-order.ts';
import { answering } from './operation-errors.ts';
import { inDollars } from './prices.ts';

export const priceBody = z.object({
  product_slug: createOrderBody.shape.product_slug,
  quantity: createOrderBody.shape.quantity,
  coupon: z.string().trim().regex(couponPattern).optional(),
  gift: createOrderBody.shape.gift,
  email: createOrderBody.shape.email,
});

/** `POST /api/price`: what an order would cost its buyer now, with a coupon; nothing is ordered and no use is counted. Codes are not tried out at the rate of reading. */
export function priceRoutes(deps: HttpDeps): Router {
  const router = express.Router();
  router.route('/api/price').post(jsonBody(), limitCouponTries, answerWith(deps)(price)).all(onlyAllow('POST'));
  return router;
}

async function price(deps: HttpDeps, req: Request): Promise<object> {
  const { product_slug, quantity, coupon, gift, email } = readBody(req, priceBody);
  const { db, operations } = deps;
  const product = await findProduct(db, product_slug);
  if (!product) throw new HttpError(404, 'product_not_found', 'There is no such product', 'product_slug');
  checkGivable(product, gift);
  if (quantity > 1 && product.kind !== 'goods')
    throw new HttpError(422, 'invalid_field', 'The field quantity can be more than 1 for goods only', 'quantity');
  const session = sessionOf(deps, req);
  const user = session ? await findUser(db, session.userId) : undefined;
  const asked = {
    product,
    userId: user?.id ?? null,
    quantity,
    gift,
    memberReading: MEMBER_READING,
    ...(coupon === undefined ? {} : { coupon }),
    ...(email === undefined ? {} : { email }),
  };
  const [{ amount, discount }, { rates }] = await Promise.all([
    answering(previewPrice(db, operations.vault, asked)),
    readSiteSettings(db),
  ]);
  const inMoney = (minor: number) => Number(formatAmount({ ...amount, minor }));
  return {
    product_slug,
    quantity,
    amount: inMoney(amount.minor),
    currency: amount.currency,
    discount: inMoney(discount),
    amount_usdt: inDollars(amount, rates.usdt_to_cny_rate),
  };
}
