import { randomToken } from '@mingdan/kernel';
import {
  clientDigest,
  createOrder,
  emailDigest,
  findOrderByConfirmation,
  findOrderByExternalId,
  MEMBER_READING,
  type NewOrder,
  type Order,
  type Product,
  type User,
} from '@mingdan/orders';
import type { Request, Response } from 'express';
import { ipKeyGenerator } from 'express-rate-limit';
import { z } from 'zod';
import type { HttpDeps } from '../deps.ts';
import { HttpError } from '../errors.ts';
import { languageOf } from '../language.ts';
import { answering } from './operation-errors.ts';
import { orderBirth } from './order-birth.ts';

/** A caller's own mark of a request: the same one again is the same order. Long enough that nobody guesses a stranger's. */
export const requestId = z.string().regex(/^[\w-]{16,64}$/, 'it has to be 16 to 64 letters, digits, - and _');

export interface OrderWish {
  readonly product: Product;
  /** whose it is; null for a stranger of the shop, who has an address */
  readonly user: User | null;
  readonly email?: string | undefined;
  /** of a stranger: where they order from, as `clientOf` tells */
  readonly client?: Buffer | undefined;
  readonly language: string;
  readonly input?: unknown;
  readonly quantity?: number;
  readonly coupon?: string | undefined;
  /** for somebody else, who claims it by a link */
  readonly gift?: boolean;
  readonly externalId?: string | undefined;
  readonly requestId?: string | undefined;
  /** a server with the API key orders for many people, perhaps by one address: the limit of open orders is for buyers */
  readonly byServer?: boolean;
}

/** Writes an order at the price that its buyer pays. @throws HttpError with the codes of createOrder, or 409 `request_id_taken` | `external_id_taken` */
export async function placeOrder(deps: HttpDeps, wish: OrderWish): Promise<Order> {
  const { db, vault, clock } = deps.operations;
  const request = newOrderOf(deps, wish);
  const { order, created } = await answering(createOrder(db, vault, request, clock));
  if (!created) checkSame(order, wish);
  else
    deps.log.info(
      { order_no: order.orderNo, product: order.productSlug, amount_minor: order.amount.minor },
      'order created',
    );
  return order;
}

/** What `createOrder` is asked. @throws HttpError 422 where the birth cannot be right */
export function newOrderOf(deps: HttpDeps, wish: OrderWish): NewOrder {
  const { clock, settings } = deps.operations;
  const { product, user, quantity = 1, email, client, coupon, externalId, gift = false } = wish;
  return {
    userId: user?.id ?? null,
    product,
    input: product.input === 'none' || gift ? {} : orderBirth(wish.input, clock.now()),
    language: wish.language,
    confirmationId: confirmationOf(deps, wish),
    baziSource: deps.settings.baziSource,
    expiryMinutes: settings.orderExpiryMinutes,
    maxOpen: wish.byServer ? Number.MAX_SAFE_INTEGER : settings.maxOpenOrdersPerBuyer,
    quantity,
    gift,
    memberReading: MEMBER_READING,
    ...(email === undefined ? {} : { email }),
    ...(client === undefined ? {} : { client }),
    ...(coupon === undefined ? {} : { coupon }),
    ...(externalId === undefined ? {} : { externalId }),
  };
}

/** The order that the same request made before, if it did. */
export async function placedBefore(deps: HttpDeps, wish: OrderWish): Promise<Order | undefined> {
  const made =
    wish.requestId === undefined ? undefined : await findOrderByConfirmation(deps.db, confirmationOf(deps, wish));
  return made ?? (wish.externalId === undefined ? undefined : await findOrderByExternalId(deps.db, wish.externalId));
}

/** The network that a caller comes from (an IPv6 one by its /56, as for rate limits), kept as a digest only. */
export function clientOf({ operations }: HttpDeps, req: Request): Buffer | undefined {
  return req.ip === undefined ? undefined : clientDigest(operations.vault, ipKeyGenerator(req.ip, 56));
}

/** A stranger's mark counts for their own address only: nobody gets the order of another by naming it. */
function confirmationOf({ operations }: HttpDeps, { requestId: mark, user, email }: OrderWish): string {
  if (mark === undefined) return `api:${randomToken()}`;
  const owner = user ? `u${user.id}` : emailDigest(operations.vault, email ?? '').toString('hex');
  return `api:${owner}:${mark}`;
}

function checkSame(order: Order, { product, quantity = 1, user, externalId, gift = false }: OrderWish): void {
  const isSameBuyer = order.userId === (user?.id ?? null);
  if (order.productSlug === product.slug && order.quantity === quantity && order.gift === gift && isSameBuyer) return;
  if (externalId !== undefined)
    throw new HttpError(409, 'external_id_taken', 'This external_id is of another order', 'external_id');
  throw new HttpError(409, 'request_id_taken', 'This request_id is of another order', 'request_id');
}

/** Of the page they use, where it says so, else what the user chose in chat. */
export function orderLanguage(req: Request, res: Response, user: User | null): string {
  return user && req.query.lang === undefined ? user.language : languageOf(req, res);
}
