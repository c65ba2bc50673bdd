import type { Db } from '@mingdan/db';
import type { Money, Vault } from '@mingdan/kernel';
import { type CouponOff, type CouponUse, couponPattern, previewCoupon, useCoupon } from './coupons.ts';
import type { NewOrder } from './create.ts';
import { hasFreeReading, membershipOf } from './memberships.ts';
import { emailDigest } from './order.ts';
import { OrderRefused } from './refused.ts';

export interface PricedOrder {
  readonly amount: Money;
  /** in whole Stars; null where it is not sold for them, or its price is not the catalogue's */
  readonly stars: number | null;
  readonly discount: number;
  readonly couponId: number | null;
  readonly member: boolean;
}

/** What of an order decides its price. */
export type PriceRequest = Pick<
  NewOrder,
  'product' | 'userId' | 'quantity' | 'coupon' | 'email' | 'memberReading' | 'gift' | 'claimsGift'
>;

type LookAtCoupon = (db: Db, use: CouponUse) => Promise<CouponOff | undefined>;

/** What an order costs its buyer now: the catalogue's price or a member's, times the quantity, less a coupon. @throws OrderRefused coupon_not_valid */
export async function priceOf(tx: Db, vault: Vault, request: PriceRequest): Promise<PricedOrder> {
  return priced(tx, vault, request, useCoupon);
}

/** The same before anything is ordered: no use of the coupon is counted. @throws OrderRefused coupon_not_valid */
export async function previewPrice(db: Db, vault: Vault, request: PriceRequest): Promise<PricedOrder> {
  return priced(db, vault, request, previewCoupon);
}

async function priced(tx: Db, vault: Vault, request: PriceRequest, look: LookAtCoupon): Promise<PricedOrder> {
  const { product, userId, quantity = 1, coupon } = request;
  if (request.claimsGift !== undefined)
    return { amount: { ...product.price, minor: 0 }, stars: null, discount: 0, couponId: null, member: false };
  const { price, priceStars, memberPrice } = product;
  const member = userId !== null && (await membershipOf(tx, userId)).active;
  // What members have free is for themselves.
  const own = member && request.gift !== true;
  const free = own && request.memberReading === product.slug && (await hasFreeReading(tx, userId, product.slug));
  const unit = free ? 0 : ((member ? memberPrice?.minor : undefined) ?? price.minor);
  const full = { minor: unit * quantity, currency: price.currency };
  const used =
    coupon === undefined || full.minor === 0 ? undefined : await couponFor(tx, vault, request, full, coupon, look);
  const discount = used?.discount ?? 0;
  const changed = unit !== price.minor || discount > 0;
  return {
    amount: { ...full, minor: full.minor - discount },
    stars:
      priceStars === null
        ? null
        : changed
          ? scaled(priceStars, full.minor - discount, price.minor)
          : priceStars * quantity,
    discount,
    couponId: used?.couponId ?? null,
    member,
  };
}

/** Stars for a price that is not the catalogue's: the same share, rounded up; none for nothing. */
function scaled(stars: number, minor: number, catalogueMinor: number): number | null {
  return minor === 0 || catalogueMinor === 0 ? null : Math.ceil((stars * minor) / catalogueMinor);
}

async function couponFor(
  tx: Db,
  vault: Vault,
  request: PriceRequest,
  price: Money,
  code: string,
  look: LookAtCoupon,
): Promise<CouponOff> {
  const emailed = request.email === undefined ? null : emailDigest(vault, request.email);
  const use = { code, productSlug: request.product.slug, price, userId: request.userId, emailDigest: emailed };
  const used = couponPattern.test(code) ? await look(tx, use) : undefined;
  if (!used)
    throw new OrderRefused('coupon_not_valid', 'this coupon does not hold for this order', {
      hint: 'mingdan coupons list tells',
    });
  return used;
}
