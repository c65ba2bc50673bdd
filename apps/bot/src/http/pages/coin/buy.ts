import { type Offer, OperationRefused, type Surface } from '@mingdan/operations';
import type { Order, Product, SiteSettings, User } from '@mingdan/orders';
import type { Request } from 'express';
import type { HttpDeps } from '../../deps.ts';
import { openPayment } from '../../open-payment.ts';
import { offersOf } from '../offers.ts';

/** The ways to pay a package of coins: all but coins themselves. */
export async function coinOffers(
  deps: Pick<HttpDeps, 'operations'>,
  product: Product,
  user: User,
  settings: SiteSettings,
  surface: Surface,
): Promise<Offer[]> {
  return (await offersOf(deps, product, 1, settings, surface, user)).filter(({ provider }) => provider !== 'points');
}

/** Opens the payment. @returns why that did not work, as far as it is nobody's mistake here */
export async function open(deps: HttpDeps, req: Request, order: Order, offer: Offer): Promise<string | undefined> {
  const { orderNo } = order;
  const { provider } = offer;
  try {
    await openPayment(deps, req, { orderNo, provider });
    return undefined;
  } catch (error) {
    if (!(error instanceof OperationRefused)) throw error;
    deps.log.warn({ order_no: orderNo, provider, cause: error.code }, 'a payment was not opened');
    return error.code;
  }
}
