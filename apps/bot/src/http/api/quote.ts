import type { Money } from '@mingdan/kernel';
import { payable } from '@mingdan/operations';
import {
  MEMBER_READING,
  type PricedOrder,
  type Product,
  previewPrice,
  type Rates,
  readSiteSettings,
  type User,
} from '@mingdan/orders';
import { findMethod } from '@mingdan/payments/capabilities';
import type { HttpDeps } from '../deps.ts';
import { answering } from './operation-errors.ts';
import type { WayToPay } from './way-to-pay.ts';

export interface QuoteWish {
  readonly product: Product;
  readonly user: User | null;
  readonly quantity?: number;
  readonly coupon?: string | undefined;
  readonly gift?: boolean;
  readonly email?: string | undefined;
}

/** What a product would cost this buyer now; no use of a coupon is counted. @throws HttpError 409 `coupon_not_valid` */
export function priceFor(
  { db, operations }: Pick<HttpDeps, 'db' | 'operations'>,
  { product, user, quantity = 1, coupon, email, gift = false }: QuoteWish,
): Promise<PricedOrder> {
  const used = { ...(coupon === undefined ? {} : { coupon }), ...(email === undefined ? {} : { email }) };
  const wish = { product, userId: user?.id ?? null, quantity, gift, memberReading: MEMBER_READING, ...used };
  return answering(previewPrice(db, operations.vault, wish));
}

type Way = Pick<WayToPay, 'provider' | 'method'>;

export interface Quote {
  readonly price: Money;
  /** what a coupon takes off, in the price's currency */
  readonly discount: number;
  /** what a way to pay asks for it, in the currency of its method; null where it cannot take the order, or not from this buyer */
  asked(way: Way): Money | null;
}

/** The same, and what each way to pay would ask for it. @param rates as they were read before; read where they were not */
export async function quote(deps: HttpDeps, wish: QuoteWish, rates?: Rates): Promise<Quote> {
  const [{ amount, stars, discount }, known] = await Promise.all([
    priceFor(deps, wish),
    rates ?? readSiteSettings(deps.db).then((settings) => settings.rates),
  ]);
  const { product, user } = wish;
  const buying = {
    kind: product.kind,
    amount,
    amountStars: stars,
    rates: known,
    userId: user?.id ?? null,
    chatId: user?.telegramId ?? null,
  };
  const asked = ({ provider, method }: Way): Money | null => {
    const found = findMethod(provider, method);
    return found ? payable(deps.operations, buying, found) : null;
  };
  return { price: amount, discount, asked };
}
