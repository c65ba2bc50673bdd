import type { Db } from '@mingdan/db';
import { type Money, moneyText } from '@mingdan/kernel';
import { amountsOfRefunds, dueOf, failAndRefund, type Order } from '@mingdan/orders';
import { alarm } from './alarm.ts';
import type { FulfilmentDeps } from './contract.ts';
import { tellBuyer } from './tell-buyer.ts';

/** "19.90 CNY", or "11.90 CNY + 80 🪙": what the order was paid with, else its price. */
export function amountText({ amount, paidWith, coinsUsed = 0, coinsMinor = 0 }: Paid): string {
  if (coinsUsed === 0) return moneyText(paidWith ?? amount);
  const rest = paidWith ?? dueOf({ amount, coinsMinor });
  return `${moneyText(rest)} + ${moneyText({ minor: coinsUsed, currency: 'COIN' })}`;
}
/** "11.90 CNY + 80 🪙" */
export const amountsText = (amounts: readonly Money[]): string => amounts.map(moneyText).join(' + ');

type Paid = Pick<Order, 'amount'> & Partial<Pick<Order, 'paidWith' | 'coinsUsed' | 'coinsMinor'>>;

/** What a gift paid is not used up: the database lets it be claimed again (migrations/0010, return_gift). */
async function tellClaimer({ vault }: Pick<FulfilmentDeps, 'vault'>, tx: Db, order: Order): Promise<void> {
  const { claimsGift, orderNo, productNames: product } = order;
  if (claimsGift === null) return;
  const message = { template: 'gift_again', params: { product } } as const;
  await tellBuyer(tx, vault, order, { dedupeKey: `gift-again:${orderNo}`, message });
}

/**
 * The end of an order that cannot be fulfilled: failed, its refund asked for, the buyer and the operators told, in one transaction.
 * @returns the ids of the refunds
 * @throws OrderTakenAway where somebody else has it, or its report is on its way already
 */
export async function failOrder(
  deps: Pick<FulfilmentDeps, 'vault' | 'operatorChatId' | 'log'>,
  tx: Db,
  order: Order,
  why: { reason: string; owner: string | null; by: string; refundId?: string | null },
): Promise<string[]> {
  const refunds = await failAndRefund(tx, { orderId: order.id, orderNo: order.orderNo, ...why });
  const goingBack = await amountsOfRefunds(tx, refunds);
  // of what an earlier refund left, not more than really goes back
  const amount = goingBack.length === 0 ? amountText(order) : amountsText(goingBack);
  const params = { orderNo: order.orderNo, product: order.productNames, amount, reason: why.reason };
  const wished = why.reason === 'refund_asked';
  const unpaid = order.amount.minor === 0 ? 'order_failed_free' : 'order_failed_given_back';
  const failed = refunds.length > 0 ? 'order_failed_refunding' : unpaid;
  const template = wished ? 'refund_requested' : failed;
  const message = { template, params } as const;
  await tellBuyer(tx, deps.vault, order, { dedupeKey: `failed:${order.orderNo}`, message });
  await tellClaimer(deps, tx, order);
  // A wish that was granted is no failure of ours, and nothing for the operators to do.
  if (!wished) await alarm(deps, tx, `failed:${order.orderNo}`, { template: 'alarm_order_failed', params }, order.id);
  deps.log.warn(
    { order_no: order.orderNo, status: 'failed', reason: why.reason, refunds: refunds.length },
    'order moved',
  );
  return refunds;
}
