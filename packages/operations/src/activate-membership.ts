import { type Db, row } from '@mingdan/db';
import { formatAmount, MingdanError, type Money, splitGatewayOrderId } from '@mingdan/kernel';
import {
  activateMembership,
  findProductById,
  IS_COIN_PART,
  listProducts,
  type Membership,
  membershipCause,
  membershipOf,
  ORDER_COLUMNS,
  type Order,
  readSiteSettings,
} from '@mingdan/orders';
import { amountIn, type Priced } from './amounts.ts';
import type { OperationDeps } from './contract.ts';

export interface MembershipPayment {
  readonly userId: number;
  /** a gateway's number of it, or for one of ours the number of its order */
  readonly paymentId: string;
  readonly amount: Money;
  readonly actor: string;
}

type Needed = Pick<OperationDeps, 'db' | 'log' | 'settings'>;

/** `code`: no_such_plan | payment_not_paid | payment_taken | payment_refunded | user_mismatch | amount_mismatch */
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
  deps: Needed,
  payment: MembershipPayment,
): Promise<{ membership: Membership; created: boolean }> {
  const { db, log } = deps;
  const { userId, actor } = payment;
  const done = await db.transaction(async (tx) => {
    await row(tx, 'select 1 from users where id = :userId for no key update', { userId });
    const given = (await byOurPayment(deps, tx, payment)) ?? (await byPrice(deps, tx, payment));
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

/** A payment of ours by any of its names: the gateway's number of it, of its attempt, or the number of its order. */
async function byOurPayment(
  deps: Needed,
  tx: Db,
  { paymentId, userId, amount }: MembershipPayment,
): Promise<Given | undefined> {
  const order = await orderOf(tx, paymentId);
  if (!order) return undefined;
  const product =
    order.productId === null || order.months !== null ? undefined : await findProductById(tx, order.productId);
  const months = order.months ?? product?.months;
  if (order.kind !== 'membership' || order.gift || !months)
    throw new MembershipRefused('no_such_plan', 'this payment bought no membership');
  if (order.userId !== userId) throw new MembershipRefused('user_mismatch', 'this payment is of another user');
  if (!isPriceOf(order, amount, deps) && !(order.paidWith && isSame(order.paidWith, amount)))
    throw new MembershipRefused('amount_mismatch', 'this is not the amount of the payment');
  if (order.paidAt === null) throw new MembershipRefused('payment_not_paid', `order ${order.orderNo} is not paid`);
  if (await isGoingBack(tx, order.id, paymentId))
    throw new MembershipRefused('payment_refunded', 'the money of this payment goes back, or went back');
  // The same cause as the worker's: whichever of the two comes first gives it.
  const { id: orderId, productSlug, orderNo } = order;
  return { productSlug, months, orderId, cause: membershipCause(orderNo) };
}

function orderOf(tx: Db, paymentId: string): Promise<Order | undefined> {
  return row<Order>(
    tx,
    `select ${ORDER_COLUMNS} from orders o join (
         select order_id, 1 as place from payment_transactions where provider_payment_id = :paymentId
         union all select order_id, 2 from payment_attempts where provider_payment_id = :paymentId or gateway_order_id = :paymentId
         union all select id, 3 from orders where order_no = :orderNo or external_id = :paymentId) found on found.order_id = o.id
      order by found.place, o.id limit 1`,
    { paymentId, orderNo: splitGatewayOrderId(paymentId)?.orderNo ?? null },
  );
}

/** Of the payment that is named, or where its order is named of the one that paid it. */
async function isGoingBack(tx: Db, orderId: number, paymentId: string): Promise<boolean> {
  const payment = await row<{ isBack: boolean }>(
    tx,
    `select refund_reserved_minor > 0 as "isBack" from payment_transactions t where order_id = :orderId
      order by (provider_payment_id = :paymentId) desc, ${IS_COIN_PART}, id limit 1`,
    { orderId, paymentId },
  );
  return payment?.isBack ?? false;
}

async function byPrice(deps: Needed, tx: Db, { paymentId, userId, amount }: MembershipPayment): Promise<Given> {
  const cause = `api:${paymentId}`;
  const before = await row<{ userId: number; productSlug: string; months: number }>(
    tx,
    'select user_id as "userId", product_slug as "productSlug", months from membership_periods where cause = :cause',
    { cause },
  );
  const [products, { rates }] = await Promise.all([listProducts(tx), readSiteSettings(tx)]);
  const plan = products.find(
    ({ kind, price, priceStars }) =>
      kind === 'membership' && isPriceOf({ amount: price, amountStars: priceStars, rates }, amount, deps),
  );
  if (plan?.months) return { productSlug: plan.slug, months: plan.months, orderId: null, cause };
  // A price by a rate is another one when the rate moves: what was given for it stays what it was.
  if (before?.userId === userId && amount.currency !== 'CNY') return { ...before, orderId: null, cause };
  if (before) throw new MembershipRefused('payment_taken', 'this payment was taken for another plan');
  throw new MembershipRefused('no_such_plan', 'no plan has this price');
}

/** The price itself, or what it is in dollars, USDT (one dollar each) or Stars. */
function isPriceOf(priced: Priced, amount: Money, { settings }: Needed): boolean {
  const currency = amount.currency === 'USD' ? 'USDT' : amount.currency;
  const price = amountIn(priced, currency, settings.starsByRate);
  return isSame(priced.amount, amount) || (price !== null && isSame(price, amount));
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
  const [a, b] = [one, other].map(({ currency }) => (currency === 'USD' ? 'USDT' : currency));
  return a === b && Number(formatAmount(one)) === Number(formatAmount(other));
}
