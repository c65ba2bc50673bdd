import { coinBalance, type Order } from '@mingdan/orders';
import type { Request } from 'express';
import type { HttpDeps } from '../deps.ts';
import { HttpError } from '../errors.ts';
import { openPayment } from '../open-payment.ts';
import { answering } from './operation-errors.ts';
import { paymentJson } from './payments/create.ts';
import { type OrderWish, placedBefore } from './place-order.ts';
import { type QuoteWish, quote } from './quote.ts';
import type { WayToPay } from './way-to-pay.ts';

/** Before the order is made: a way to pay that cannot take its amount, or wants an account or a chat, would leave it unpaid for ever. */
export async function checkPayable(deps: HttpDeps, buying: QuoteWish, way: WayToPay): Promise<void> {
  const { asked, price } = await quote(deps, buying);
  if (price.minor === 0 || asked(way) !== null) return;
  throw new HttpError(422, 'method_not_offered', 'This way to pay cannot take this order', 'payment_method');
}

/** Before the order is made: an account that has too few coins could not pay it. What was made before is not asked about again. */
export async function checkCoins(deps: HttpDeps, wish: OrderWish, way: WayToPay): Promise<void> {
  const { user, product } = wish;
  if (way.provider !== 'points' || user === null || (await placedBefore(deps, wish))) return;
  const asked = (await quote(deps, wish)).asked(way);
  if (asked === null || asked.minor <= (await coinBalance(deps.db, user.id))) return;
  throw new HttpError(
    409,
    'not_enough_coins',
    `${product.slug} costs ${asked.minor} coins, and there are fewer`,
    'payment_method',
  );
}

/**
 * The payment of a new order, as its maker reads it. Where it cannot be opened the order stands and can be paid another way: they are
 * told which, not that nothing happened.
 */
export async function openedPayment(deps: HttpDeps, req: Request, order: Order, way: WayToPay): Promise<object> {
  if (order.status !== 'pending_payment') return {};
  const { provider, method } = way;
  try {
    const started = await answering(openPayment(deps, req, { orderNo: order.orderNo, provider, method }));
    return paymentJson(started, { provider, method: started.method });
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    deps.log.warn(
      { order_no: order.orderNo, provider, cause: error.code },
      'the payment of a new order was not opened',
    );
    return { payment_error: { code: error.code, message: error.message } };
  }
}
