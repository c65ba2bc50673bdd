import type { Db } from '@mingdan/db';
import { type Currency, MingdanError, type Money, orderNumberPattern, parseAmount } from '@mingdan/kernel';
import { findOrder, findOrderByExternalId, type Order } from '@mingdan/orders';
import { type ProviderName, providerNames } from '@mingdan/payments';
import type { Request } from 'express';
import { requireSession } from '../../auth/session.ts';
import type { HttpDeps } from '../../deps.ts';
import { HttpError } from '../../errors.ts';
import { hasApiKey } from '../api-key.ts';

/** A provider by its name in any case. @throws HttpError 404 `provider_not_found` */
export function providerByName(name: string): ProviderName {
  const found = providerNames.find((known) => known === name.toLowerCase());
  if (!found) throw new HttpError(404, 'provider_not_found', 'There is no such payment provider');
  return found;
}

/** The seller's own number of an order: no control characters or half characters, which PostgreSQL would not take. */
export const externalIdPattern = /^\P{C}{1,64}$/u;

/** An order that the caller may touch: with the API key any, with a session their own. @throws HttpError 404 `order_not_found` | 401 | 403 */
export async function callersOrder(deps: HttpDeps, req: Request, id: string): Promise<Order> {
  const order = await orderById(deps.db, id);
  if (hasApiKey(req, deps.settings.apiKey) || order.userId === requireSession(deps, req).userId) return order;
  throw new HttpError(404, 'order_not_found', 'There is no order of yours with this number', 'orderId');
}

/** By our order number, or by the seller's own. @throws HttpError 404 `order_not_found` */
export async function orderById(db: Db, id: string): Promise<Order> {
  const ours = orderNumberPattern.test(id) ? await findOrder(db, id) : undefined;
  const order = ours ?? (externalIdPattern.test(id) ? await findOrderByExternalId(db, id) : undefined);
  if (!order) throw new HttpError(404, 'order_not_found', 'There is no order with this number', 'orderId');
  return order;
}

/** Whether a caller names this very amount; more decimals than the currency has make another one, unless they are zeros. */
export function isAmount(value: number | string, expected: Money): boolean {
  try {
    return parseAmount(String(value), expected.currency).minor === expected.minor;
  } catch (error) {
    if (!(error instanceof MingdanError)) throw error;
    return false;
  }
}

/** What a caller names, in the currency of the order. A number counts by its own text. @throws HttpError 422 */
export function namedAmount(value: number | string, currency: Currency): Money {
  try {
    return parseAmount(String(value), currency);
  } catch (error) {
    if (!(error instanceof MingdanError)) throw error;
    throw new HttpError(422, 'invalid_field', `The field amount is no amount in ${currency}`, 'amount');
  }
}
