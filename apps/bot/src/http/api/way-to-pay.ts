import type { Money } from '@mingdan/kernel';
import { payable } from '@mingdan/operations';
import {
  coinBalance,
  MEMBER_READING,
  type Order,
  type Product,
  previewPrice,
  readSiteSettings,
  type User,
} from '@mingdan/orders';
import { type ProviderName, providerNames } from '@mingdan/payments';
import { findMethod, providerCapabilities } from '@mingdan/payments/capabilities';
import type { Request } from 'express';
import type { HttpDeps } from '../deps.ts';
import { HttpError } from '../errors.ts';
import { openPayment } from '../open-payment.ts';
import { surfaceOf } from '../surface.ts';
import { answering } from './operation-errors.ts';
import { paymentJson } from './payments/create.ts';
import { type OrderWish, placedBefore } from './place-order.ts';

export interface WayToPay {
  readonly provider: ProviderName;
  readonly method: string;
  /** the caller's own word for it */
  readonly named: string;
}

/** What shops call some ways to pay. */
const ALIASES: Readonly<Record<string, ProviderName>> = { usdt: 'oxapay', alipay_redpacket: 'redpacket' };

/** @throws HttpError 422 `invalid_field` for what is not offered, `method_not_offered` where it has no such method here */
export function wayToPay(deps: HttpDeps, req: Request, named: string, method?: string): WayToPay {
  const word = named.toLowerCase();
  const provider = ALIASES[word] ?? providerNames.find((known) => known === word);
  if (!provider || !deps.operations.settings.offered.includes(provider))
    throw new HttpError(
      422,
      'invalid_field',
      'The field payment_method names no way to pay that is offered',
      'payment_method',
    );
  const known = providerCapabilities.get(provider);
  // Stars have no page: who has a Telegram account pays their invoice in Telegram.
  const wanted = method ?? known?.web[surfaceOf(req)] ?? (provider === 'stars' ? known?.chat : null) ?? null;
  const found = wanted === null ? undefined : findMethod(provider, wanted);
  // Nothing but /api/v1 takes the number that such a method needs.
  if (!found || found.needs?.includes('openid'))
    throw new HttpError(
      422,
      'method_not_offered',
      'This way to pay has no such method',
      method === undefined ? 'payment_method' : 'method',
    );
  return { provider, method: found.method, named };
}

export interface Quote {
  /** in the currency of the method; null where it cannot take the order, or not from this buyer */
  readonly asked: Money | null;
  readonly price: Money;
  /** what a coupon takes off, in the price's currency */
  readonly discount: number;
}

export interface QuoteWish {
  readonly product: Product;
  readonly user: User | null;
  readonly quantity?: number;
  readonly coupon?: string | undefined;
  readonly gift?: boolean;
  readonly email?: string | undefined;
}

/** What a product would cost this buyer now, and what a way to pay would ask for it; no use of a coupon is counted. @throws HttpError 409 `coupon_not_valid` */
export async function quote(
  { db, operations }: HttpDeps,
  { product, user, quantity = 1, coupon, email, gift = false }: QuoteWish,
  { provider, method }: Pick<WayToPay, 'provider' | 'method'>,
): Promise<Quote> {
  const used = { ...(coupon === undefined ? {} : { coupon }), ...(email === undefined ? {} : { email }) };
  const wish = { product, userId: user?.id ?? null, quantity, gift, memberReading: MEMBER_READING, ...used };
  const [priced, { rates }] = await Promise.all([
    answering(previewPrice(db, operations.vault, wish)),
    readSiteSettings(db),
  ]);
  const buying = {
    kind: product.kind,
    amount: priced.amount,
    amountStars: priced.stars,
    rates,
    userId: user?.id ?? null,
    chatId: user?.telegramId ?? null,
  };
  const found = findMethod(provider, method);
  return { asked: found ? payable(operations, buying, found) : null, price: priced.amount, discount: priced.discount };
}

/** Before the order is made: a way to pay that cannot take its amount, or wants an account or a chat, would leave it unpaid for ever. */
export async function checkPayable(deps: HttpDeps, buying: QuoteWish, way: WayToPay): Promise<void> {
  const { asked, price } = await quote(deps, buying, way);
  if (price.minor === 0 || asked !== null) return;
  throw new HttpError(422, 'method_not_offered', 'This way to pay cannot take this order', 'payment_method');
}

/** Before the order is made: an account that has too few coins could not pay it. What was made before is not asked about again. */
export async function checkCoins(deps: HttpDeps, wish: OrderWish, way: WayToPay): Promise<void> {
  const { user, product } = wish;
  if (way.provider !== 'points' || user === null || (await placedBefore(deps, wish))) return;
  const { asked } = await quote(deps, wish, way);
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
