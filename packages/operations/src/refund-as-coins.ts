import { changed, type Db, row } from '@mingdan/db';
import { type Money, moneyText } from '@mingdan/kernel';
import { ORDER_COLUMNS, type Order, settleRefund } from '@mingdan/orders';
import { enqueue } from '@mingdan/outbox';
import { afterRefund } from './after-refund.ts';
import { amountIn } from './amounts.ts';
import type { OperationDeps } from './contract.ts';

/**
 * A refund that its gateway cannot make may be taken as coins, at the rate that the order was priced at, by the buyer's own choice.
 * Coins, the end of the refund and the closing of the operators' matter are one transaction.
 * @returns the coins given; undefined where the refund is not with the operators (any more), or not this buyer's
 */
export async function takeRefundAsCoins(
  deps: OperationDeps,
  wish: { refundId: string; userId: number },
): Promise<number | undefined> {
  const coins = await deps.db.transaction((tx) => exchange(deps, tx, wish));
  deps.log.info({ refund_id: wish.refundId, coins: coins ?? 0 }, 'refund taken as coins');
  return coins;
}

interface ManualRefund {
  readonly amount: Money;
  /** what was to be paid, in the currency of the refund: what came may have been less, or more */
  readonly askedMinor: number;
}

async function exchange(
  deps: OperationDeps,
  tx: Db,
  wish: { refundId: string; userId: number },
): Promise<number | undefined> {
  const order = await row<Order>(
    tx,
    `select ${ORDER_COLUMNS} from orders o join refund_records r on r.order_id = o.id
      where r.refund_id = :refundId and o.user_id = :userId for update of o`,
    wish,
  );
  const refund = await row<ManualRefund>(
    tx,
    `select jsonb_build_object('minor', r.amount_minor, 'currency', r.currency) as amount, a.amount_minor as "askedMinor"
       from refund_records r join payment_transactions t on t.id = r.transaction_id
       join payment_attempts a on a.id = t.attempt_id and a.currency = r.currency
      where r.refund_id = :refundId and r.status = 'manual' and t.disputed_at is null for update of r`,
    { refundId: wish.refundId },
  );
  // of what the gateway was asked for: coins that paid a part of it go back by a refund of their own
  const price = order && amountIn(order, 'COIN', false);
  if (!order || !refund || !price) return undefined;
  // The share of the price that this money is: a tenth of what was asked for is a tenth of the coins.
  const coins = Number((BigInt(price.minor) * BigInt(refund.amount.minor)) / BigInt(refund.askedMinor));
  if (coins < 1) return undefined;
  const entry = await row<{ balance: number }>(
    tx,
    `insert into coin_ledger (user_id, amount, cause, order_id, reason, actor) values (:userId, :coins, :cause, :orderId, 'refund', 'buyer') returning balance`,
    { userId: wish.userId, coins, cause: `refund-as-coins:${wish.refundId}`, orderId: order.id },
  );
  await settleRefund(tx, wish.refundId, 'succeeded', 'coins');
  await afterRefund(deps, tx, { ...wish, orderId: order.id, status: 'succeeded', reason: 'refund_asked' });
  await changed(tx, 'update refund_records set told_at = now() where refund_id = :refundId', {
    refundId: wish.refundId,
  });
  await changed(
    tx,
    `update inbox_items set status = 'resolved', resolution = 'the buyer took coins', resolved_at = now()
      where order_id = :orderId and details ->> 'refund_id' = :refundId and status = 'open'`,
    { orderId: order.id, refundId: wish.refundId },
  );
  await tell(deps, tx, order, {
    coins,
    balance: entry?.balance ?? coins,
    amount: refund.amount,
    refundId: wish.refundId,
  });
  return coins;
}

async function tell(
  deps: OperationDeps,
  tx: Db,
  order: Order,
  done: { coins: number; balance: number; amount: Money; refundId: string },
): Promise<void> {
  if (order.chatId === null) return;
  const { coins, balance } = done;
  const params = {
    orderNo: order.orderNo,
    product: order.productNames,
    amount: moneyText(done.amount),
    coins,
    balance,
  };
  await enqueue(tx, deps.vault, {
    chatId: order.chatId,
    userId: order.userId,
    orderId: order.id,
    dedupeKey: `coins:${done.refundId}`,
    message: { template: 'refunded_as_coins', params },
  });
}
