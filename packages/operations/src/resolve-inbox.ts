import { changed, row } from '@mingdan/db';
import { settleRefund } from '@mingdan/orders';
import { enqueue } from '@mingdan/outbox';
import { askForRefund } from './ask-for-refund.ts';
import type { OperationDeps } from './contract.ts';
import { OperationRefused } from './errors.ts';

export interface Resolution {
  readonly id: number;
  readonly note: string;
  /** said to the buyer of the order, in the operator's own words */
  readonly reply?: string;
  /** give the money of the order back through its gateway */
  readonly refund?: boolean;
  /** the money was given back by hand: book the refund of this matter as done */
  readonly paidByHand?: boolean;
}

/**
 * Closes a matter of the inbox, once: with a refund of its order and an answer to its buyer where they are wanted.
 * @returns false where it was closed already, and then nothing was done
 * @throws OperationRefused no_such_matter | no_buyer
 */
export async function resolveInboxItem(deps: OperationDeps, resolution: Resolution): Promise<boolean> {
  const { id, note, reply, refund, paidByHand } = resolution;
  const item = await row<{
    orderNo: string | null;
    refundId: string | null;
    userId: number | null;
    chatId: number | null;
  }>(
    deps.db,
    `select o.order_no as "orderNo", i.details ->> 'refund_id' as "refundId", u.id as "userId", u.telegram_id as "chatId"
       from inbox_items i left join orders o on o.id = i.order_id left join users u on u.id = o.user_id where i.id = :id`,
    { id },
  );
  if (!item) throw new OperationRefused('no_such_matter', `there is no matter ${id} in the inbox`);
  const { orderNo, chatId, refundId } = item;
  if (paidByHand && refundId === null) throw new OperationRefused('no_buyer', `matter ${id} is about no refund`);
  if (refund && orderNo === null) throw new OperationRefused('no_buyer', `matter ${id} belongs to no order`);
  if (reply && chatId === null) throw new OperationRefused('no_buyer', `matter ${id} has no buyer with a chat`);
  const closed = await deps.db.transaction(async (tx) => {
    const done = await changed(
      tx,
      `update inbox_items set status = 'resolved', resolution = nullif(:note, ''), resolved_at = now() where id = :id and status = 'open'`,
      { id, note },
    );
    if (done === 0) return false;
    if (reply && chatId !== null) {
      const message = { template: 'support_answer', params: { text: reply } } as const;
      await enqueue(tx, deps.vault, { chatId, userId: item.userId, dedupeKey: `inbox:${id}:reply`, message });
    }
    return true;
  });
  if (closed && paidByHand && refundId !== null) await bookRefundByHand(deps, refundId);
  if (closed && refund && orderNo !== null) await askForRefund(deps, { orderNo, reason: note, by: 'operator' });
  deps.log.info({ inbox: id, order_no: orderNo, closed, refund: refund ?? false }, 'inbox matter resolved');
  return closed;
}

/** A refused refund had let go of its amount: it takes it again, and is done. */
async function bookRefundByHand(deps: OperationDeps, refundId: string): Promise<void> {
  await deps.db.transaction(async (tx) => {
    await changed(
      tx,
      `with retaken as (
         update payment_transactions t set refund_reserved_minor = refund_reserved_minor + r.amount_minor
           from refund_records r
          where r.refund_id = :refundId and r.status = 'failed' and t.id = r.transaction_id and t.refund_reserved_minor + r.amount_minor <= t.amount_minor
         returning r.id)
       update refund_records set status = 'manual' where id in (select id from retaken)`,
      { refundId },
    );
    await changed(tx, `update refund_records set told_at = null where refund_id = :refundId and status = 'manual'`, {
      refundId,
    });
    await settleRefund(tx, refundId, 'succeeded', null);
  });
}
