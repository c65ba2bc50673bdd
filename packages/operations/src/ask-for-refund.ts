import { type Db, row } from '@mingdan/db';
import { alarm, amountText, failOrder, grantedPercent, refundRules } from '@mingdan/fulfilment';
import { formatAmount, type Money, type Vault } from '@mingdan/kernel';
import {
  findRefund,
  ORDER_COLUMNS,
  type Order,
  openRefundOf,
  type RefundStatus,
  refundStatusOf,
  requestRefundOfOrder,
  requestRefundWithId,
} from '@mingdan/orders';
import { enqueue } from '@mingdan/outbox';
import type { OperationDeps } from './contract.ts';
import { OperationRefused } from './errors.ts';
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
}

export type RefundOutcome = 'requested' | 'with_operators' | 'already_requested' | 'nothing_to_refund';

export interface RefundAnswer {
  readonly outcome: RefundOutcome;
  readonly amount?: Money;
  /** the refund that is under way or done; none where operators decide first */
  readonly refundId?: string;
  readonly status?: RefundStatus;
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
    if (wish.amount !== undefined && wish.amount.minor > order.amount.minor)
      throw new OperationRefused('amount_exceeds_payment', `order ${order.orderNo} is ${amountText(order)}`);
    return decide(deps, tx, order, wish);
  });
  deps.log.info({ order_no: wish.orderNo, outcome: answer.outcome, by: wish.by }, 'refund wished for');
  if (answer.outcome === 'requested') await wakeWorkers(deps.db);
  return answer;
}

/** What the asker may have by themselves; of a buyer's wish what no rule grants goes to the operators. */
async function decide(deps: OperationDeps, tx: Db, order: Order, wish: RefundWish): Promise<RefundAnswer> {
  const open = await refundStatusOf(tx, order.id);
  const isOnItsWay = open === 'requested' || open === 'pending';
  // Operators and the API may ask for the rest while a part is on its way.
  const isEverything = (isOnItsWay || open === 'succeeded') && (await isAllReserved(tx, order.id));
  if (isEverything || (isOnItsWay && wish.by === 'buyer'))
    return { outcome: 'already_requested', amount: paidMoney(order), status: open };
  const undelivered = order.delivery === 'none' && (order.status === 'paid' || order.status === 'generating');
  const percent = wish.by === 'buyer' ? granted(deps, order, undelivered) : 100;
  if (percent === 0) return { outcome: await leaveToOperators(deps, tx, order, wish), amount: order.amount };
  const minor = wish.amount?.minor ?? Math.floor((order.amount.minor * percent) / 100);
  // Whoever names an amount gets that or nothing: of the whole a part may be gone.
  if (minor < order.amount.minor || (wish.amount !== undefined && open !== 'none'))
    return refundPart(deps, tx, order, wish, { ...order.amount, minor });
  return refundAll(deps, tx, order, wish, undelivered);
}

function granted(deps: OperationDeps, order: Order, undelivered: boolean): number {
  const { paidAt } = order;
  return paidAt === null ? 0 : grantedPercent(refundRules[order.kind], { undelivered, paidAt }, deps.clock.now());
}

/** A repeat: the same id, or no id while one is open. */
async function sameRefund(tx: Db, order: Order, wish: RefundWish): Promise<RefundAnswer | undefined> {
  const found = wish.refundId === undefined ? await openRefundOf(tx, order.id) : await findRefund(tx, wish.refundId);
  if (!found) return undefined;
  // Left to people: asked for again, it goes to the gateway again.
  if (wish.refundId === undefined && found.status === 'manual' && wish.by !== 'api') return undefined;
  const sameAmount =
    wish.amount === undefined || (await inPaymentCurrency(tx, order, wish.amount)) === found.amount.minor;
  if (wish.refundId !== undefined && (found.orderId !== order.id || !sameAmount))
    throw new OperationRefused('refund_id_taken', `refund ${wish.refundId} is of another order or amount`);
  if (wish.refundId === undefined && wish.amount !== undefined && !sameAmount) return undefined;
  return { outcome: 'already_requested', amount: found.amount, refundId: found.refundId, status: found.status };
}

/** A part goes back; the order itself goes on. */
async function refundPart(
  deps: OperationDeps,
  tx: Db,
  order: Order,
  wish: RefundWish,
  part: Money,
): Promise<RefundAnswer> {
  const amountMinor = await inPaymentCurrency(tx, order, part);
  const refundId = await requestRefundWithId(tx, {
    orderId: order.id,
    refundId: wish.refundId ?? null,
    amountMinor,
    reason: 'refund_asked',
    by: wish.by,
  });
  if (refundId === null)
    throw new OperationRefused('amount_exceeds_payment', `less than ${formatAmount(part)} is left of ${order.orderNo}`);
  await tellRequested(deps, tx, order, refundId, part);
  return { outcome: 'requested', amount: part, refundId, status: 'requested' };
}

/** The same share of the payment, rounded down, where it was made in another currency than the order is in. */
async function inPaymentCurrency(tx: Db, order: Order, part: Money): Promise<number> {
  const payment = await row<{ minor: number; currency: string }>(
    tx,
    `select amount_minor as minor, currency from payment_transactions where order_id = :id order by amount_minor - refund_reserved_minor desc, id limit 1`,
    { id: order.id },
  );
  if (!payment || payment.currency === order.amount.currency) return part.minor;
  return Number((BigInt(payment.minor) * BigInt(part.minor)) / BigInt(order.amount.minor));
}

async function refundAll(
  deps: OperationDeps,
  tx: Db,
  order: Order,
  wish: RefundWish,
  undelivered: boolean,
): Promise<RefundAnswer> {
  const refundId = wish.refundId ?? null;
  if (undelivered) {
    const by = { reason: 'refund_asked', owner: null, by: wish.by, refundId };
    return requested(order, await failOrder({ ...deps, operatorChatId: chatOf(deps) }, tx, order, by));
  }
  const refunds = await requestRefundOfOrder(tx, { orderId: order.id, reason: 'refund_asked', by: wish.by, refundId });
  if (refunds.length === 0) return { outcome: 'already_requested', amount: paidMoney(order) };
  await tellRequested(deps, tx, order, refunds[0] ?? '', paidMoney(order));
  return requested(order, refunds);
}

function requested(order: Order, [refundId]: readonly string[]): RefundAnswer {
  return {
    outcome: 'requested',
    amount: paidMoney(order),
    status: 'requested',
    ...(refundId === undefined ? {} : { refundId }),
  };
}

/** Stars, coins or USDT where it was paid with them, else its price. */
const paidMoney = (order: Order): Money => order.paidWith ?? order.amount;

async function isAllReserved(tx: Db, orderId: number): Promise<boolean> {
  const left = await row(
    tx,
    'select 1 from payment_transactions where order_id = :orderId and refund_reserved_minor < amount_minor limit 1',
    { orderId },
  );
  return left === undefined;
}

async function tellRequested(
  deps: OperationDeps,
  tx: Db,
  order: Order,
  refundId: string,
  amount: Money,
): Promise<void> {
  if (order.chatId === null) return;
  const params = { orderNo: order.orderNo, product: order.productNames, amount: amountText({ amount }) };
  await enqueue(tx, deps.vault, {
    chatId: order.chatId,
    userId: order.userId,
    orderId: order.id,
    dedupeKey: `refund:${refundId}`,
    message: { template: 'refund_requested', params },
  });
}

async function leaveToOperators(deps: OperationDeps, tx: Db, order: Order, wish: RefundWish): Promise<RefundOutcome> {
  const key = `refund_wanted:${order.orderNo}`;
  const item = await row<{ id: number; asked: number }>(
    tx,
    `insert into inbox_items (kind, dedupe_key, order_id, details) values ('refund_wanted', :key, :orderId, :details::jsonb)
     on conflict (dedupe_key) do update set status = 'open', resolved_at = null, created_at = now() where inbox_items.status = 'resolved'
     returning id, (select count(*) from outbox where dedupe_key like 'alarm:' || :key || '%')::integer as asked`,
    {
      key,
      orderId: order.id,
      details: JSON.stringify({ order_no: order.orderNo, by: wish.by, reason: sealReason(deps.vault, wish.reason) }),
    },
  );
  if (!item) return 'already_requested';
  const params = {
    orderNo: order.orderNo,
    product: order.productNames,
    amount: amountText(order),
    reason: wish.reason.slice(0, 500),
    inboxId: item.id,
  };
  await alarm(
    { ...deps, operatorChatId: chatOf(deps) },
    tx,
    `${key}:${item.asked}`,
    { template: 'alarm_refund_wanted', params },
    order.id,
  );
  return 'with_operators';
}

const chatOf = (deps: OperationDeps): number | null => deps.settings.operatorChatId;

const REASON = 'inbox_items.reason';

/** A buyer's own words are personal: sealed, as every text of theirs. */
function sealReason(vault: Vault, reason: string): string {
  return vault.seal(REASON, reason.slice(0, 500)).toString('base64');
}

/** What `details.reason` of a matter says. */
export function openReason(vault: Vault, sealed: string): string {
  return String(vault.open(REASON, Buffer.from(sealed, 'base64')));
}
