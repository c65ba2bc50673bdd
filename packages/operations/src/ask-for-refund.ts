import { changed, type Db, row } from '@mingdan/db';
import { amountText, BY_HAND, grantedPercent, refundRules } from '@mingdan/fulfilment';
import type { Money } from '@mingdan/kernel';
import {
  type CreditedCoins,
  creditedCoins,
  dueOf,
  findRefund,
  ORDER_COLUMNS,
  type Order,
  openRefundOf,
  paymentWithMostLeft,
  type RefundStatus,
  refundStatusOf,
  revokeGift,
} from '@mingdan/orders';
import { providerCapabilities } from '@mingdan/payments/capabilities';
import type { OperationDeps } from './contract.ts';
import { OperationRefused } from './errors.ts';
import { leaveToOperators } from './refund-matter.ts';
import { inPaymentCurrency, paidMoney, refundAll, refundPart } from './refund-money.ts';
import { type CoinShare, coinShare, takeCoinsOfRefund } from './refund-of-coins.ts';
import { wakeWorkers } from './settle.ts';

export interface RefundWish {
  readonly orderNo: string;
  /** in the asker's own words; kept for the operators */
  readonly reason: string;
  readonly by: 'buyer' | 'operator' | 'api';
  /** a buyer asks for an order of their own only */
  readonly userId?: number;
  /** a part of the order's amount, in its currency; all that is left where none is named. Operators and the API only */
  readonly amount?: Money | undefined;
  /** the asker's own id: the same id again is the same refund */
  readonly refundId?: string | undefined;
  /** where only a part can go back by itself (coins that are partly spent): say so first, and ask for nothing yet */
  readonly offersPart?: boolean;
}

/** `coins_held`: coins of it pay a part of an unpaid order, which has to be paid or cancelled first; nothing is asked for */
export type RefundOutcome = 'requested' | 'with_operators' | 'already_requested' | 'nothing_to_refund' | 'coins_held';

export interface RefundAnswer {
  /** `part_offered`: only where `offersPart` was set; `amount` is what would go back */
  readonly outcome: RefundOutcome | 'part_offered';
  readonly amount?: Money;
  /** the refund that is under way or done; none where operators decide first */
  readonly refundId?: string;
  readonly status?: RefundStatus;
  /** of an order of coins that were credited: how many of them are left, and how many of them are not spent */
  readonly coins?: Pick<CoinShare, 'left' | 'unspent'> & { readonly held: number };
}

/**
 * Asks for the money back. What the rules of the product kind allow goes through, and takes an undelivered order from whoever works
 * on it; the rest goes to the operators' inbox. Operators and the API may always refund, also a part.
 * @throws OperationRefused order_not_found | amount_exceeds_payment | refund_id_taken
 */
export async function askForRefund(deps: OperationDeps, wish: RefundWish): Promise<RefundAnswer> {
  const answer = await deps.db.transaction(async (tx): Promise<RefundAnswer> => {
    const order = await row<Order>(tx, `select ${ORDER_COLUMNS} from orders o where order_no = :orderNo for update`, {
      orderNo: wish.orderNo,
    });
    if (!order || (wish.userId !== undefined && order.userId !== wish.userId)) {
      throw new OperationRefused('order_not_found', `there is no order ${wish.orderNo}`);
    }
    const same = await sameRefund(tx, order, wish);
    if (same) return same;
    if (order.paidAt === null || order.amount.minor === 0) return { outcome: 'nothing_to_refund' };
    // Coins that paid a part of it go back with the whole, never by an amount of money.
    if (wish.amount !== undefined && wish.amount.minor > dueOf(order).minor)
      throw new OperationRefused('amount_exceeds_payment', `order ${order.orderNo} is ${amountText(order)}`);
    const answer = await decide(deps, tx, order, wish);
    return answer.outcome === 'requested' ? { ...answer, status: await leaveByHand(tx, order.id) } : answer;
  });
  deps.log.info({ order_no: wish.orderNo, outcome: answer.outcome, by: wish.by }, 'refund wished for');
  if (answer.outcome === 'requested') await wakeWorkers(deps.db);
  return answer;
}

/** Where a gateway has no call for it, it is a task of the operators from the first moment on. @returns how the order's refund stands */
async function leaveByHand(tx: Db, orderId: number): Promise<RefundStatus> {
  const byHand = [...providerCapabilities].flatMap(([name, { refund }]) => (refund === 'manual' ? [name] : []));
  await changed(
    tx,
    `update refund_records set status = 'manual', last_error = 'the gateway has no refund call'
      where order_id = :orderId and status = 'requested' and provider = any(:byHand::text[])`,
    { orderId, byHand },
  );
  const status = await refundStatusOf(tx, orderId);
  return status === 'none' ? 'requested' : status;
}

/** What the asker may have by themselves; of a buyer's wish what no rule grants goes to the operators. */
async function decide(deps: OperationDeps, tx: Db, order: Order, wish: RefundWish): Promise<RefundAnswer> {
  const open = await refundStatusOf(tx, order.id);
  const isOnItsWay = open === 'requested' || open === 'pending';
  // Operators and the API may ask for the rest while a part is on its way.
  const isEverything = (isOnItsWay || open === 'succeeded') && (await isAllReserved(tx, order.id));
  if (isEverything || (isOnItsWay && wish.by === 'buyer'))
    return { outcome: 'already_requested', amount: paidMoney(order), status: open };
  const undelivered = await isUndelivered(tx, order);
  const free = wish.by !== 'buyer' || (await endsGift(tx, order, wish));
  const percent = free ? 100 : granted(deps, order, undelivered);
  const credited = order.kind === 'coins' ? await creditedCoins(tx, order.id) : undefined;
  if (percent === 0) return withOperators(deps, tx, order, wish, credited);
  if (credited) return refundCoins(deps, tx, order, wish, credited);
  const minor = wish.amount?.minor ?? Math.floor((order.amount.minor * percent) / 100);
  // Whoever names an amount gets that or nothing: of the whole a part may be gone.
  if (minor < order.amount.minor || (wish.amount !== undefined && open !== 'none'))
    return refundPart(deps, tx, order, wish, { ...order.amount, minor });
  if (wish.by !== 'buyer') await endsGift(tx, order, wish);
  return refundAll(deps, tx, order, wish, undelivered);
}

/** A gift that nobody has claimed ends here, and its money goes back; what is claimed already only operators give back. */
async function endsGift(tx: Db, order: Order, { by }: RefundWish): Promise<boolean> {
  return order.gift && (await revokeGift(tx, order.id, by !== 'buyer'));
}

/** What a person has handed over is delivered, also while its order still waits for the gateway's word or its message. */
async function isUndelivered(tx: Db, order: Order): Promise<boolean> {
  if (order.delivery !== 'none' || (order.status !== 'paid' && order.status !== 'generating')) return false;
  if (order.kind !== 'goods') return true;
  const byHand = await row(
    tx,
    `select 1 from order_steps where order_id = :id and step = :step and finished_at is not null
        and exists (select 1 from products where id = :productId and handed_out_by = 'hand')`,
    { id: order.id, step: BY_HAND, productId: order.productId },
  );
  return byHand === undefined;
}

/** Coins come back first. Of a buyer's wish only what is not spent goes by itself; operators may give back more. */
async function refundCoins(
  deps: OperationDeps,
  tx: Db,
  order: Order,
  wish: RefundWish,
  credited: CreditedCoins,
): Promise<RefundAnswer> {
  const unspentShare = coinShare(order, credited);
  const { left, unspent } = unspentShare;
  const { held } = credited;
  const isPartly = wish.by === 'buyer' && unspent < left;
  if (isPartly && held > 0) return { outcome: 'coins_held', coins: { left, unspent, held } };
  if (isPartly && unspentShare.amount.minor === 0) return withOperators(deps, tx, order, wish, credited);
  const part = isPartly ? unspentShare.amount : (wish.amount ?? null);
  const coins = { left, unspent, held };
  if (isPartly && wish.offersPart) return { outcome: 'part_offered', amount: unspentShare.amount, coins };
  const answer =
    part === null ? await refundAll(deps, tx, order, wish, false) : await refundPart(deps, tx, order, wish, part);
  const { refundId } = answer;
  if (answer.outcome !== 'requested' || refundId === undefined) return answer;
  const share = part ?? (await shareOfPrice(tx, order, answer.amount));
  await takeCoinsOfRefund(deps, tx, order, { refundId, credited, part: share, by: wish.by });
  return { ...answer, coins };
}

/** What a refund in the currency of the payment is of the order's price. */
async function shareOfPrice(tx: Db, order: Order, refunded: Money | undefined): Promise<Money | null> {
  const payment = await paymentWithMostLeft(tx, order.id);
  if (!payment || !refunded || refunded.currency !== payment.currency) return null;
  return { ...order.amount, minor: Math.ceil((order.amount.minor * refunded.minor) / payment.minor) };
}

async function withOperators(
  deps: OperationDeps,
  tx: Db,
  order: Order,
  wish: RefundWish,
  credited: CreditedCoins | undefined,
): Promise<RefundAnswer> {
  const outcome = await leaveToOperators(deps, tx, order, wish, credited);
  if (!credited) return { outcome, amount: order.amount };
  const { left, unspent } = coinShare(order, credited);
  return { outcome, amount: order.amount, coins: { left, unspent, held: credited.held } };
}

function granted(deps: OperationDeps, order: Order, undelivered: boolean): number {
  const { paidAt } = order;
  return paidAt === null ? 0 : grantedPercent(refundRules[order.kind], { undelivered, paidAt }, deps.clock.now());
}

/** A repeat: the same id; without one the same amount while it is open, or the rest again while all is on its way. */
async function sameRefund(tx: Db, order: Order, wish: RefundWish): Promise<RefundAnswer | undefined> {
  const named = wish.amount === undefined ? undefined : await inPaymentCurrency(tx, order, wish.amount);
  const found =
    wish.refundId === undefined ? await openRefundOf(tx, order.id, named) : await findRefund(tx, wish.refundId);
  if (!found) return undefined;
  // Of what is left nobody has asked yet: an open part is not the whole.
  const asksForRest = wish.refundId === undefined && named === undefined && wish.by !== 'buyer';
  if (asksForRest && !(await isAllReserved(tx, order.id))) return undefined;
  // Left to people: if they ask again, it goes to the gateway again. A buyer's impatience is no second task to pay it by hand.
  if (wish.refundId === undefined && found.status === 'manual' && wish.by === 'operator') return undefined;
  const sameAmount = named === undefined || named === found.amount.minor;
  if (wish.refundId !== undefined && (found.orderId !== order.id || !sameAmount))
    throw new OperationRefused('refund_id_taken', `refund ${wish.refundId} is of another order or amount`);
  return { outcome: 'already_requested', amount: found.amount, refundId: found.refundId, status: found.status };
}

async function isAllReserved(tx: Db, orderId: number): Promise<boolean> {
  const left = await row(
    tx,
    'select 1 from payment_transactions where order_id = :orderId and refund_reserved_minor < amount_minor limit 1',
    { orderId },
  );
  return left === undefined;
}
