import { type Db, row } from '@mingdan/db';
import { amountText } from '@mingdan/fulfilment';
import type { CreditedCoins, Order } from '@mingdan/orders';
import type { RefundOutcome, RefundWish } from './ask-for-refund.ts';
import type { OperationDeps } from './contract.ts';
import { sealWords } from './inbox-words.ts';
import { coinShare } from './refund-of-coins.ts';
import { tellOperators } from './tell-operators.ts';

/** A wish that no rule grants is a matter for people: one for each order, opened anew where an earlier one was closed. */
export async function leaveToOperators(
  deps: OperationDeps,
  tx: Db,
  order: Order,
  wish: RefundWish,
  credited: CreditedCoins | undefined,
): Promise<RefundOutcome> {
  const key = `refund_wanted:${order.orderNo}`;
  const item = await row<{ id: number; asked: number }>(
    tx,
    `insert into inbox_items (kind, dedupe_key, order_id, details) values ('refund_wanted', :key, :orderId, :details::jsonb)
     on conflict (dedupe_key) do update set status = 'open', resolved_at = null, created_at = now(), details = excluded.details where inbox_items.status = 'resolved'
     returning id, (select count(*) from outbox where dedupe_key like 'alarm:' || :key || '%')::integer as asked`,
    {
      key,
      orderId: order.id,
      details: JSON.stringify({
        order_no: order.orderNo,
        by: wish.by,
        reason: sealWords(deps.vault, 'reason', wish.reason.slice(0, 500)),
        ...coinDetails(order, credited),
      }),
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
  await tellOperators(deps, tx, `${key}:${item.asked}`, { template: 'alarm_refund_wanted', params }, order.id);
  return 'with_operators';
}

/** What whoever decides has to know of coins: for those that are spent the money would go back all the same. */
function coinDetails(order: Order, credited: CreditedCoins | undefined): Record<string, number> {
  if (!credited) return {};
  const { left, unspent } = coinShare(order, credited);
  return { coins_left: left, coins_unspent: unspent, coins_in_unpaid_orders: credited.held };
}
