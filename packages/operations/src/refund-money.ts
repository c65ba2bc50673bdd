import { changed, type Db } from '@mingdan/db';
import { amountsText, failOrder, tellBuyer } from '@mingdan/fulfilment';
import { formatAmount, type Money, moneyText } from '@mingdan/kernel';
import {
  amountsOfRefunds,
  dueOf,
  type Order,
  paymentWithMostLeft,
  requestRefundOfOrder,
  requestRefundWithId,
} from '@mingdan/orders';
import type { RefundAnswer, RefundWish } from './ask-for-refund.ts';
import type { OperationDeps } from './contract.ts';
import { OperationRefused } from './errors.ts';

/** A part goes back; the order itself goes on. */
export async function refundPart(
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
  await tellRequested(deps, tx, order, refundId, moneyText(part));
  return { outcome: 'requested', amount: part, refundId, status: 'requested' };
}

/** The same share of the payment, rounded down, where it was made in another currency than the order is in. */
export async function inPaymentCurrency(tx: Db, order: Order, part: Money): Promise<number> {
  const payment = await paymentWithMostLeft(tx, order.id);
  if (!payment || payment.currency === order.amount.currency) return part.minor;
  return Number((BigInt(payment.minor) * BigInt(part.minor)) / BigInt(dueOf(order).minor));
}

/** All that is left goes back; an undelivered order ends with it. */
export async function refundAll(
  deps: OperationDeps,
  tx: Db,
  order: Order,
  wish: RefundWish,
  undelivered: boolean,
): Promise<RefundAnswer> {
  const refundId = wish.refundId ?? null;
  if (undelivered) {
    const by = { reason: 'refund_asked', owner: null, by: wish.by, refundId };
    return requested(
      tx,
      order,
      await failOrder({ ...deps, operatorChatId: deps.settings.operatorChatId }, tx, order, by),
    );
  }
  if (order.kind === 'goods') await withholdUnseen(tx, order.id);
  const refunds = await requestRefundOfOrder(tx, { orderId: order.id, reason: 'refund_asked', by: wish.by, refundId });
  if (refunds.length === 0) return { outcome: 'already_requested', amount: paidMoney(order) };
  await tellRequested(deps, tx, order, refunds[0] ?? '', amountsText(await amountsOfRefunds(tx, refunds)));
  return requested(tx, order, refunds);
}

/** Codes whose message waits for a buyer who cannot be reached: nobody has seen them, and nobody shall while the money goes back. */
async function withholdUnseen(tx: Db, orderId: number): Promise<void> {
  await changed(
    tx,
    `update outbox set status = 'dropped', payload = null, last_error = 'refunded' where order_id = :orderId and delivers and status = 'parked'`,
    { orderId },
  );
}

/** `amount`: what really goes back, which is less than was paid where an earlier refund took a part. */
async function requested(tx: Db, order: Order, refunds: readonly string[]): Promise<RefundAnswer> {
  const [refundId] = refunds;
  const [amount = paidMoney(order)] = await amountsOfRefunds(tx, refunds);
  return {
    outcome: 'requested',
    amount,
    status: 'requested',
    ...(refundId === undefined ? {} : { refundId }),
  };
}

/** Stars, coins or USDT where it was paid with them, else its price. */
export const paidMoney = (order: Order): Money => order.paidWith ?? order.amount;

async function tellRequested(
  deps: OperationDeps,
  tx: Db,
  order: Order,
  refundId: string,
  amount: string,
): Promise<void> {
  const params = { orderNo: order.orderNo, product: order.productNames, amount };
  const message = { template: 'refund_requested', params } as const;
  await tellBuyer(tx, deps.vault, order, { dedupeKey: `refund:${refundId}`, message });
}
