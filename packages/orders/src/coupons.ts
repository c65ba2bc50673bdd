import { changed, type Db, row } from '@mingdan/db';
import type { Money } from '@mingdan/kernel';

export interface CouponUse {
  readonly code: string;
  readonly productSlug: string;
  readonly price: Money;
  readonly userId: number | null;
  readonly emailDigest: Buffer | null;
}

export interface CouponOff {
  readonly couponId: number;
  /** in the price's currency */
  readonly discount: number;
}

interface Coupon {
  readonly id: number;
  readonly percent: number | null;
  readonly amountMinor: number | null;
  readonly mostUsesEach: number;
}

/** What must hold of the coupon itself. */
const HOLDS = `code = upper(:code) and active and valid_from <= now() and (valid_until is null or valid_until > now())
        and (most_uses is null or uses < most_uses) and (product_slugs is null or :productSlug = any(product_slugs))
        and (percent is not null or currency = :currency)`;
const COUPON = `id, percent, amount_minor as "amountMinor", most_uses_each as "mostUsesEach"`;

export const couponPattern = /^[A-Za-z0-9-]{3,32}$/;

/**
 * What a coupon takes off a price, counting one use of it; undefined where it does not hold (unknown, over, used up, another product).
 * To be called in the transaction that makes the order: its row is locked, so that its limit holds however many come at once.
 */
export async function useCoupon(tx: Db, use: CouponUse): Promise<CouponOff | undefined> {
  const { code, productSlug, price } = use;
  const coupon = await row<Coupon>(tx, `update coupons set uses = uses + 1 where ${HOLDS} returning ${COUPON}`, {
    code,
    productSlug,
    currency: price.currency,
  });
  if (!coupon) return undefined;
  if (await isUsedUp(tx, coupon, use)) {
    await changed(tx, 'update coupons set uses = uses - 1 where id = :id', { id: coupon.id });
    return undefined;
  }
  return takenOff(coupon, price);
}

/** The same without counting a use: for the price that is shown before somebody orders. The order itself asks again. */
export async function previewCoupon(db: Db, use: CouponUse): Promise<CouponOff | undefined> {
  const { code, productSlug, price } = use;
  const coupon = await row<Coupon>(db, `select ${COUPON} from coupons where ${HOLDS}`, {
    code,
    productSlug,
    currency: price.currency,
  });
  if (!coupon || (await isUsedUp(db, coupon, use))) return undefined;
  return takenOff(coupon, price);
}

/** This buyer has used it as often as one may. */
async function isUsedUp(db: Db, coupon: Coupon, { userId, emailDigest }: CouponUse): Promise<boolean> {
  const before = await row<{ count: number }>(
    db,
    `select count(*) as count from coupon_uses where coupon_id = :id and returned_at is null
        and (user_id = :userId::bigint or email_digest = :emailDigest)`,
    { id: coupon.id, userId, emailDigest },
  );
  return (before?.count ?? 0) >= coupon.mostUsesEach;
}

function takenOff({ id, percent, amountMinor }: Coupon, price: Money): CouponOff {
  const wanted = percent === null ? (amountMinor ?? 0) : Math.floor((price.minor * percent) / 100);
  return { couponId: id, discount: Math.min(price.minor, wanted) };
}

/** Ties a use to its order. It comes back by itself when the order ends unpaid (migrations/0008, return_coupon). */
export async function noteCouponUse(
  tx: Db,
  note: { orderId: number; couponId: number; userId: number | null; emailDigest: Buffer | null; discount: number },
): Promise<void> {
  await changed(
    tx,
    `insert into coupon_uses (order_id, coupon_id, user_id, email_digest, discount_minor) values (:orderId, :couponId, :userId::bigint, :emailDigest, :discount)`,
    { ...note },
  );
}
