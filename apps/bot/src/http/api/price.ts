import { formatAmount } from '@mingdan/kernel';
import { readSiteSettings } from '@mingdan/orders';
import express, { type Request, type Router } from 'express';
import { z } from 'zod';
import { userOfSession } from '../auth/users.ts';
import type { HttpDeps } from '../deps.ts';
import { onlyAllow } from '../errors.ts';
import { limitCouponTries } from '../rate-limit.ts';
import { answerWith } from './answer-with.ts';
import { jsonBody, readBody } from './body.ts';
import { orderedProduct, orderedWords } from './ordered-product.ts';
import { inDollars } from './prices.ts';
import { priceFor } from './quote.ts';

export const priceBody = z.object(orderedWords);

/** `POST /api/price`: what an order would cost its buyer now, with a coupon; nothing is ordered and no use is counted. Codes are not tried out at the rate of reading. */
export function priceRoutes(deps: HttpDeps): Router {
  const router = express.Router();
  router.route('/api/price').post(jsonBody(), limitCouponTries, answerWith(deps)(price)).all(onlyAllow('POST'));
  return router;
}

async function price(deps: HttpDeps, req: Request): Promise<object> {
  const wish = readBody(req, priceBody);
  const product = await orderedProduct(deps.db, wish);
  const { product_slug, quantity, coupon, gift, email } = wish;
  const user = await userOfSession(deps, req);
  const [{ amount, discount }, { rates }] = await Promise.all([
    priceFor(deps, { product, user, quantity, coupon, gift, email }),
    readSiteSettings(deps.db),
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
