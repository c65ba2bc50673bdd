import type { Db } from '@mingdan/db';
import { formatAmount, type Money } from '@mingdan/kernel';
import { listProducts, type Product } from '@mingdan/orders';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { checkIsUser, namedUser } from '../../auth/users.ts';
import type { HttpDeps } from '../../deps.ts';
import { HttpError } from '../../errors.ts';
import { openPayment } from '../../open-payment.ts';
import { readBody } from '../body.ts';
import { answering } from '../operation-errors.ts';
import { checkGivable } from '../ordered-product.ts';
import { isAmount } from '../payments/find.ts';
import { orderLanguage, placeOrder, requestId } from '../place-order.ts';
import { quote } from '../quote.ts';
import { miniAppUser } from '../session.ts';
import { couponCode } from '../words.ts';

export const createPaymentBody = z.object({
  telegramPayload: z.string().min(1).max(16_000),
  productName: z.string().trim().min(1).max(200),
  userId: namedUser.optional(),
  amount: z.union([z.number(), z.string().trim().max(20)]).optional(),
  input: z.unknown().optional(),
  coupon: couponCode.optional(),
  gift: z.boolean().default(false),
  request_id: requestId.optional(),
  /** pays itself again every 30 days, until it is stopped; a month's membership only */
  subscription: z.boolean().optional(),
});

const STARS = { provider: 'stars', method: 'STARS_INVOICE' } as const;
const SUBSCRIPTION = { provider: 'stars', method: 'STARS_SUBSCRIPTION' } as const;

/** `POST /api/create-payment`: an invoice in Stars. Who buys is in the signed initData, what it costs in the catalogue; the rest has to agree. */
export async function createStarsPayment(deps: HttpDeps, req: Request, res: Response): Promise<object> {
  const wish = readBody(req, createPaymentBody);
  const { user } = await miniAppUser(deps, wish.telegramPayload, 'telegramPayload');
  checkIsUser(user, wish.userId, 'userId');
  const product = await productByName(deps.db, wish.productName);
  const { input, coupon, gift } = wish;
  checkGivable(product, gift);
  const { asked, price } = await quote(deps, { product, user, coupon, gift });
  checkPrice(deps, asked(STARS), coupon === undefined ? [product.price, price] : [price], wish.amount);
  checkSubscription(product, wish);
  const language = orderLanguage(req, res, user);
  const order = await placeOrder(deps, { product, user, language, input, coupon, gift, requestId: wish.request_id });
  const way = wish.subscription ? SUBSCRIPTION : STARS;
  const started = await answering(openPayment(deps, req, { orderNo: order.orderNo, ...way }));
  return {
    success: true,
    invoiceLink: started.paymentUrl,
    order_no: order.orderNo,
    amount: Number(formatAmount(started.amount)),
    currency: started.amount.currency,
    expires_at: started.expiresAt.toISOString(),
  };
}

/** Before the order is made: it would stay unpaid. Whether its buyer has one that runs is looked at when the payment is opened. */
function checkSubscription({ kind, months }: Product, wish: z.output<typeof createPaymentBody>): void {
  if (!wish.subscription || (kind === 'membership' && months === 1 && !wish.coupon && !wish.gift)) return;
  throw new HttpError(
    422,
    'method_not_offered',
    "Only a month's membership at its full price renews itself",
    'subscription',
  );
}

/** An amount may be named in Stars, or as the price of the catalogue in its own currency. */
function checkPrice(
  { operations }: HttpDeps,
  asked: Money | null,
  prices: readonly Money[],
  named: number | string | undefined,
): void {
  if (!operations.settings.offered.includes('stars'))
    throw new HttpError(409, 'provider_not_offered', 'Telegram Stars are not offered now');
  if (asked === null)
    throw new HttpError(409, 'not_sold_for_stars', 'This product is not sold for Telegram Stars', 'productName');
  if (named !== undefined && ![asked, ...prices].some((each) => isAmount(named, each)))
    throw new HttpError(409, 'amount_mismatch', `The price is ${formatAmount(asked)} Stars`, 'amount');
}

/** By slug, or by its name in any language. @throws HttpError 404 `product_not_found` */
async function productByName(db: Db, wanted: string): Promise<Product> {
  const products = await listProducts(db);
  const word = wanted.toLowerCase();
  const found =
    products.find(({ slug }) => slug === word) ??
    products.find(({ names }) => Object.values(names).some((name) => name.toLowerCase() === word));
  if (!found) throw new HttpError(404, 'product_not_found', 'There is no such product', 'productName');
  return found;
}
