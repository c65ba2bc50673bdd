import { type Db, row } from '@mingdan/db';
import {
  coinsTakenFor,
  creditedCoins,
  endGift,
  endSubscriptionOfRefund,
  IS_OF_NOTHING_GIVEN,
  membershipCause,
  OF_NOTHING_GIVEN,
  ORDER_COLUMNS,
  type Order,
  releaseUnseenCodes,
  returnTakenCoins,
  reviveGift,
  revokeMembership,
} from '@mingdan/orders';
import type { OperationDeps } from './contract.ts';
import { takeCoinsOfRefund, tellCoins } from './refund-of-coins.ts';

/**
 * What was given follows its money, when a refund has ended: of a refund that failed the coins go back to the buyer; of one that is
 * through the membership ends and codes nobody saw are sold again. To be called once, in the transaction that notes the end.
 */
export async function afterRefund(
  deps: OperationDeps,
  tx: Db,
  refund: { refundId: string; orderId: number | null; status: string; reason: string },
): Promise<void> {
  // Nobody is charged again for what they have their money back for, whatever it paid for.
  if (refund.status === 'succeeded') await endSubscriptionOfRefund(tx, refund.refundId);
  if (refund.orderId === null || OF_NOTHING_GIVEN.some((reason) => reason === refund.reason)) return;
  const order = await row<Order>(tx, `select ${ORDER_COLUMNS} from orders o where id = :id`, { id: refund.orderId });
  if (order?.gift) {
    // Nobody has their money back: the link works again.
    if (refund.status === 'failed') await reviveGift(tx, order.id);
    if (refund.status === 'succeeded' && (await isAllBack(tx, order.id))) await endGift(tx, order.id);
    return;
  }
  if (!order || order.kind === 'report') return;
  if (refund.status === 'failed' && order.kind === 'coins') {
    const coins = await returnTakenCoins(tx, refund.refundId);
    const key = `coins-returned:${refund.refundId}:${deps.clock.now().getTime()}`;
    if (coins > 0) await tellCoins(deps, tx, order, 'coins_returned', coins, key);
  }
  if (refund.status !== 'succeeded') return;
  if (order.kind === 'coins') return takeForOutsideRefund(deps, tx, order, refund.refundId);
  if (!(await isAllBack(tx, order.id))) return;
  if (order.kind === 'membership') await revokeMembership(tx, membershipCause(order.orderNo));
  else await releaseUnseenCodes(tx, order.id, 'refund');
}

/** Made in the gateway's console, or given up and done after all: nobody took the coins when it was asked for. */
async function takeForOutsideRefund(deps: OperationDeps, tx: Db, order: Order, refundId: string): Promise<void> {
  const credited = await creditedCoins(tx, order.id);
  if (!credited || (await coinsTakenFor(tx, refundId)) > 0) return;
  const refund = await row<{ minor: number; whole: number; outside: boolean }>(
    tx,
    `select r.amount_minor as minor, t.amount_minor as whole,
            r.reason = 'made_at_gateway' or exists (
              select 1 from coin_ledger l where l.user_id = :userId and l.order_id = r.order_id and l.cause like 'takeback-returned:%'
                and split_part(l.cause, ':', 2) = r.refund_id) as outside
       from refund_records r join payment_transactions t on t.id = r.transaction_id where r.refund_id = :refundId`,
    { refundId, userId: order.userId },
  );
  if (!refund?.outside) return;
  const minor = Number((BigInt(order.amount.minor) * BigInt(refund.minor)) / BigInt(refund.whole));
  await takeCoinsOfRefund(deps, tx, order, { refundId, credited, part: { ...order.amount, minor }, by: 'refunder' });
}

async function isAllBack(tx: Db, orderId: number): Promise<boolean> {
  const left = await row(
    tx,
    // what was paid beside it, or twice, has its own way back and paid for nothing
    `select 1 from payment_transactions t where order_id = :orderId and refunded_minor < amount_minor
        and not exists (select 1 from refund_records r where r.transaction_id = t.id and ${IS_OF_NOTHING_GIVEN}) limit 1`,
    { orderId },
  );
  return left === undefined;
}
