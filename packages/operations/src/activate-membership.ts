import { type Db, row } from '@mingdan/db';
import { MingdanError, type Money } from '@mingdan/kernel';
import { activateMembership, findProduct, type Membership, membershipCause, membershipOf } from '@mingdan/orders';
import type { OperationDeps } from './contract.ts';

export interface MembershipPayment {
  readonly userId: number;
  /** the gateway's number of it */
  readonly paymentId: string;
  readonly amount: Money;
  readonly actor: string;
}

/** `code`: no_such_plan | payment_taken | payment_refunded | user_mismatch | amount_mismatch */
export class MembershipRefused extends MingdanError {
  constructor(code: string, message: string) {
    super(code, message, { hint: 'Check the payment at its gateway, and orders show' });
  }
}

interface Given {
  readonly productSlug: string;
  readonly months: number;
  readonly cause: string;
  readonly orderId: number | null;
}

/**
 * Gives the membership that a payment bought, once. A payment of ours names its plan by its order; one that was taken elsewhere by its
 * price. Who did it stays in the period that it made.
 * @throws MembershipRefused
 */
export async function activatePaidMembership(
  { db, log }: Pick<OperationDeps, 'db' | 'log'>,
  payment: MembershipPayment,
): Promise<{ membership: Membership; created: boolean }> {
  const { userId, actor } = payment;
  const done = await db.transaction(async (tx) => {
    await row(tx, 'select 1 from users where id = :userId for no key update', { userId });
    const given = (await byOurPayment(tx, payment)) ?? (await byPrice(tx, payment));
    const created = await activateMembership(tx, { userId, actor, ...given });
    if (!created) await checkSame(tx, userId, given);
    return { created, given };
  });
  log.info(
    { user_id: userId, plan: done.given.productSlug, created: done.created, actor },
    'membership activated for a payment',
  );
  // After the commit: a transaction's clock stands still, and one that began before the first of two would see a period of the future.
  return { membership: await membershipOf(db, userId), created: done.created };
}

interface OurPayment extends Given {
  readonly userId: number | null;
  readonly orderNo: string;
  readonly kind: string;
  readonly isBack: boolean;
  /** as it was paid, and as the catalogue says */
  readonly paid: Money;
  readonly price: Money;
}

async function byOurPayment(tx: Db, { paymentId, userId, amount }: MembershipPayment): Promise<Given | undefined> {
  const found = await row<OurPayment>(
    tx,
    `select o.id as "orderId", o.order_no as "orderNo", o.kind, o.user_id as "userId", o.product_slug as "productSlug", coalesce(p.months, 0) as months,
            t.refund_reserved_minor > 0 as "isBack", jsonb_build_object('minor', t.amount_minor, 'currency', t.currency) as paid,
            jsonb_build_object('minor', o.amount_minor, 'currency', o.currency) as price
       from payment_transactions t join orders o on o.id = t.order_id left join products p on p.id = o.product_id
      where t.provider_payment_id = :paymentId order by t.id limit 1`,
    { paymentId },
  );
  if (!found) return undefined;
  if (found.kind !== 'membership' || found.months < 1)
    throw new MembershipRefused('no_such_plan', 'this payment bought no membership');
  if (found.userId !== userId) throw new MembershipRefused('user_mismatch', 'this payment is of another user');
  if (![found.paid, found.price].some((each) => isSame(each, amount)))
    throw new MembershipRefused('amount_mismatch', 'this is not the amount of the payment');
  if (found.isBack)
    throw new MembershipRefused('payment_refunded', 'the money of this payment goes back, or went back');
  const { productSlug, months, orderId, orderNo } = found;
  // The same cause as the worker's: whichever of the two comes first gives it.
  return { productSlug, months, orderId, cause: membershipCause(orderNo) };
}

async function byPrice(tx: Db, { paymentId, amount }: MembershipPayment): Promise<Given> {
  const cause = `api:${paymentId}`;
  const plan = await row<{ slug: string }>(
    tx,
    `select slug from products where active and kind = 'membership'
        and ((currency = :currency and price_minor = :minor) or (:currency = 'XTR' and price_stars = :minor)) order by sort limit 1`,
    { currency: amount.currency, minor: amount.minor },
  );
  const product = plan && (await findProduct(tx, plan.slug));
  if (product?.months) return { productSlug: product.slug, months: product.months, orderId: null, cause };
  const before = await row(tx, 'select 1 from membership_periods where cause = :cause', { cause });
  if (before) throw new MembershipRefused('payment_taken', 'this payment was taken for another plan');
  throw new MembershipRefused('no_such_plan', 'no plan has this price');
}

/** A payment gives one membership to one user, whatever is said later. */
async function checkSame(tx: Db, userId: number, { cause, productSlug }: Given): Promise<void> {
  const same = await row(
    tx,
    'select 1 from membership_periods where cause = :cause and user_id = :userId and product_slug = :productSlug',
    { cause, userId, productSlug },
  );
  if (!same) throw new MembershipRefused('payment_taken', 'this payment was taken for another user or plan');
}

function isSame(one: Money, other: Money): boolean {
  return one.minor === other.minor && one.currency === other.currency;
}
