import { type Db, row } from '@mingdan/db';
import { alarm, amountText, failOrder, refundRules } from '@mingdan/fulfilment';
import type { Money, Vault } from '@mingdan/kernel';
import { ORDER_COLUMNS, type Order, refundStatusOf, requestRefundOfOrder } from '@mingdan/orders';
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
}

export type RefundOutcome = 'requested' | 'with_operators' | 'already_requested' | 'nothing_to_refund';

/**
 * Asks for the money back. What the rules of the product kind allow goes through, and takes an undelivered order from whoever works
 * on it; the rest goes to the operators' inbox. Operators and the API may always refund.
 */
export async function askForRefund(
  deps: OperationDeps,
  wish: RefundWish,
): Promise<{ outcome: RefundOutcome; amount?: Money }> {
  const answer = await deps.db.transaction(async (tx) => {
    const order = await row<Order>(tx, `select ${ORDER_COLUMNS} from orders o where order_no = :orderNo for update`, {
      orderNo: wish.orderNo,
    });
    if (!order || (wish.userId !== undefined && order.userId !== wish.userId)) {
      throw new OperationRefused('order_not_found', `there is no order ${wish.orderNo}`);
    }
    if (order.paidAt === null || order.amount.minor === 0) return { outcome: 'nothing_to_refund' as const };
    const outcome = await decide(deps, tx, order, wish);
    return { outcome, amount: order.amount };
  });
  deps.log.info({ order_no: wish.orderNo, outcome: answer.outcome, by: wish.by }, 'refund wished for');
  if (answer.outcome === 'requested') await wakeWorkers(deps.db);
  return answer;
}

async function decide(deps: OperationDeps, tx: Db, order: Order, wish: RefundWish): Promise<RefundOutcome> {
  const open = await refundStatusOf(tx, order.id);
  if (open === 'succeeded' || open === 'requested' || open === 'pending') return 'already_requested';
  const undelivered = order.delivery === 'none' && (order.status === 'paid' || order.status === 'generating');
  const rule = refundRules[order.kind][undelivered ? 'undelivered' : 'delivered'];
  if (wish.by === 'buyer' && rule === 'operators') return leaveToOperators(deps, tx, order, wish);
  if (undelivered) {
    await failOrder({ ...deps, operatorChatId: chatOf(deps) }, tx, order, {
      reason: 'refund_asked',
      owner: null,
      by: wish.by,
    });
    return 'requested';
  }
  const refunds = await requestRefundOfOrder(tx, { orderId: order.id, reason: 'refund_asked', by: wish.by });
  if (refunds.length === 0) return 'already_requested';
  if (order.chatId !== null) {
    const params = { orderNo: order.orderNo, product: order.productNames, amount: amountText(order) };
    const message = { template: 'refund_requested', params } as const;
    await enqueue(tx, deps.vault, {
      chatId: order.chatId,
      userId: order.userId,
      orderId: order.id,
      dedupeKey: `refund:${refunds[0]}`,
      message,
    });
  }
  return 'requested';
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
