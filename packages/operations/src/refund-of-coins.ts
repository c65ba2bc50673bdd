import type { Db } from '@mingdan/db';
import type { Money } from '@mingdan/kernel';
import { type CreditedCoins, coinBalance, coinsTakenFor, type Order, takeCoinsBack } from '@mingdan/orders';
import { enqueue } from '@mingdan/outbox';
import type { OperationDeps } from './contract.ts';

/** What a refund of credited coins comes to: coins that are spent are not bought back. */
export interface CoinShare {
  /** of the package, what no refund has taken yet */
  readonly left: number;
  /** of it, what the buyer still has */
  readonly unspent: number;
  /** the unspent part's share of the price, rounded down */
  readonly amount: Money;
}

export function coinShare(order: Pick<Order, 'amount'>, { credited, taken, balance }: CreditedCoins): CoinShare {
  const left = credited - taken;
  const unspent = Math.min(left, balance);
  const minor = Number((BigInt(order.amount.minor) * BigInt(unspent)) / BigInt(credited));
  return { left, unspent, amount: { ...order.amount, minor } };
}

/**
 * The coins of the part that goes back are taken in the transaction that asks for the refund; never below zero, so that of an operator's
 * refund what is spent stays spent. Nothing where the refund has them already.
 * @param part what goes back of the order's price; null: all that is left
 */
export async function takeCoinsOfRefund(
  deps: OperationDeps,
  tx: Db,
  order: Order,
  refund: { refundId: string; credited: CreditedCoins; part: Money | null; by: string },
): Promise<number> {
  const { refundId, credited, part } = refund;
  const { unspent, left } = coinShare(order, credited);
  const before = await coinsTakenFor(tx, refundId);
  const wanted = part === null ? left : Math.ceil((credited.credited * part.minor) / order.amount.minor) - before;
  const coins = Math.max(0, Math.min(wanted, unspent));
  if (coins < wanted)
    deps.log.warn({ order_no: order.orderNo, refund_id: refundId, missing: wanted - coins }, 'spent coins stay spent');
  if (coins === 0) return 0;
  await takeCoinsBack(tx, { orderId: order.id, refundId, coins, actor: refund.by });
  await tellCoins(deps, tx, order, 'coins_taken_back', coins, `takeback:${refundId}:${credited.taken}`);
  return coins;
}

export async function tellCoins(
  deps: Pick<OperationDeps, 'vault'>,
  tx: Db,
  order: Pick<Order, 'id' | 'orderNo' | 'productNames' | 'userId' | 'chatId'>,
  template: 'coins_taken_back' | 'coins_returned',
  coins: number,
  dedupeKey: string,
): Promise<void> {
  if (order.chatId === null || order.userId === null) return;
  const balance = await coinBalance(tx, order.userId);
  const params = { orderNo: order.orderNo, product: order.productNames, coins, balance };
  const { chatId, userId } = order;
  await enqueue(tx, deps.vault, { chatId, userId, orderId: order.id, dedupeKey, message: { template, params } });
}
