import { changed, type Db, row } from '@mingdan/db';
import { type Reachable, tellBuyer } from '@mingdan/fulfilment';
import { findHeldPayment, overdueHeldPayments, settleHeldPayment, settleRefund } from '@mingdan/orders';
import { enqueue } from '@mingdan/outbox';
import { askForRefund } from './ask-for-refund.ts';
import type { OperationDeps } from './contract.ts';
import { OperationRefused } from './errors.ts';
import { sealWords } from './inbox-words.ts';
import { wakeWorkers } from './settle.ts';

export interface Resolution {
  readonly id: number;
  readonly note: string;
  /** said to the buyer of the order, in the operator's own words */
  readonly reply?: string;
  /** give the money of the order back through its gateway */
  readonly refund?: boolean;
  /** the money was given back by hand: book the refund of this matter as done */
  readonly paidByHand?: boolean;
  /** held money: `deliver` pays the order with it, `wait` gives it 72 hours more; `refund` gives it back */
  readonly held?: 'deliver' | 'wait';
}

/**
 * Closes a matter of the inbox, once: with a refund of its order and an answer to its buyer where they are wanted.
 * @returns false where it was closed already, and then nothing was done
 * @throws OperationRefused no_such_matter | no_buyer | held_not_decidable
 */
export async function resolveInboxItem(deps: OperationDeps, resolution: Resolution): Promise<boolean> {
  const { id, note, reply, refund, paidByHand } = resolution;
  const item = await row<{
    status: string;
    orderNo: string | null;
    refundId: string | null;
    heldId: number | null;
    orderId: number | null;
    userId: number | null;
    chatId: number | null;
    email: Buffer | null;
    language: string;
  }>(
    deps.db,
    `select i.status, o.order_no as "orderNo", i.details ->> 'refund_id' as "refundId", (i.details ->> 'held_id')::bigint as "heldId", o.id as "orderId",
            u.id as "userId", u.telegram_id as "chatId", o.email, coalesce(o.language, 'zh-CN') as language
       from inbox_items i left join orders o on o.id = i.order_id left join users u on u.id = o.user_id where i.id = :id`,
    { id },
  );
  if (!item) throw new OperationRefused('no_such_matter', `there is no matter ${id} in the inbox`);
  const { orderNo, refundId } = item;
  if (paidByHand && refundId === null) throw new OperationRefused('no_buyer', `matter ${id} is about no refund`);
  if (item.status === 'resolved') return false;
  if (reply && item.chatId === null && item.email === null)
    throw new OperationRefused('no_buyer', `matter ${id} has no buyer with a chat or an address`);
  if (item.heldId !== null && (refund || resolution.held)) return settleHeld(deps, item.heldId, item, resolution);
  if (item.heldId !== null) await refuseNoteAlone(deps, id, item.heldId);
  if (resolution.held) throw new OperationRefused('held_not_decidable', `matter ${id} holds no money`);
  if (refund && orderNo === null) throw new OperationRefused('no_buyer', `matter ${id} belongs to no order`);
  // The money first: a matter that is closed and whose refund was lost is seen by nobody.
  if (refund && orderNo !== null) await askForRefund(deps, { orderNo, reason: note, by: 'operator' });
  if (paidByHand && refundId !== null) await bookRefundByHand(deps, refundId);
  const closed = await deps.db.transaction(async (tx) => {
    const done = await changed(
      tx,
      `update inbox_items set status = 'resolved', resolution = nullif(:note, ''), resolved_at = now(), details = details || :answer::jsonb where id = :id and status = 'open'`,
      { id, note, answer: JSON.stringify(reply ? { reply: sealWords(deps.vault, 'reply', reply) } : {}) },
    );
    if (done === 0) return false;
    await answerBuyer(deps, tx, item, resolution);
    return true;
  });
  deps.log.info({ inbox: id, order_no: orderNo, closed, refund: refund ?? false }, 'inbox matter resolved');
  return closed;
}

type Asker = Omit<Reachable, 'id'> & { readonly orderId: number | null };

async function answerBuyer(deps: OperationDeps, tx: Db, buyer: Asker, { id, reply, held }: Resolution): Promise<void> {
  const { chatId, userId, orderId } = buyer;
  if (!reply) return;
  const message = { template: 'support_answer', params: { text: reply } } as const;
  // What only waits longer is answered again at its end.
  const dedupeKey = held === 'wait' ? `inbox:${id}:reply:${deps.clock.now().getTime()}` : `inbox:${id}:reply`;
  // In a chat it is an answer as any other of the support's, about no order.
  if (chatId !== null) await enqueue(tx, deps.vault, { chatId, userId, dedupeKey, message });
  else if (orderId !== null) await tellBuyer(tx, deps.vault, { ...buyer, id: orderId }, { dedupeKey, message });
}

/** Closed with a note alone, the money would go back after 72 hours all the same, and nobody would see why. */
async function refuseNoteAlone(deps: OperationDeps, id: number, heldId: number): Promise<void> {
  const held = await findHeldPayment(deps.db, heldId);
  if (held?.status === 'held' && held.amount !== null)
    throw new OperationRefused('held_not_decidable', `matter ${id} holds money: say what becomes of it`);
}

/** @returns false where it was decided before */
async function settleHeld(deps: OperationDeps, heldId: number, buyer: Asker, resolution: Resolution): Promise<boolean> {
  const { id, note } = resolution;
  const answer = resolution.held ?? 'refund';
  const outcome = await deps.db.transaction(async (tx) => {
    const settled = await settleHeldPayment(tx, heldId, answer, 'operator');
    if (settled === 'delivered' || settled === 'refunding')
      await resolveHeldItem(tx, heldId, note === '' ? answer : note);
    if (settled === 'delivered' || settled === 'refunding' || settled === 'waiting')
      await answerBuyer(deps, tx, buyer, resolution);
    return settled;
  });
  deps.log.info({ inbox: id, held: heldId, outcome }, 'held money decided');
  if (outcome === 'amount_unknown' || outcome === 'no_order' || outcome === 'order_paid')
    throw new OperationRefused('held_not_decidable', `held money ${heldId}: ${outcome}`);
  if (outcome !== 'waiting') await wakeWorkers(deps.db);
  return outcome !== 'already';
}

async function resolveHeldItem(tx: Db, heldId: number, resolution: string): Promise<void> {
  await changed(
    tx,
    `update inbox_items set status = 'resolved', resolution = :resolution, resolved_at = now() where dedupe_key = 'held:' || :heldId and status = 'open'`,
    { heldId, resolution },
  );
}

/** Nobody decided about held money in 72 hours: it goes back, where its gateway can. */
export async function refundOverdueHeld(deps: OperationDeps): Promise<void> {
  for (const held of await overdueHeldPayments(deps.db, 50)) {
    await deps.db.transaction(async (tx) => {
      const outcome = await settleHeldPayment(tx, held.id, 'refund', 'system');
      if (outcome !== 'refunding') return;
      await resolveHeldItem(tx, held.id, 'refunded: nobody decided in 72 hours');
      deps.log.warn({ order_no: held.orderNo, provider: held.provider, held: held.id }, 'held money goes back');
    });
  }
}

/** Only a refund that the gateway is not being asked for any more: else the money could go twice. */
async function bookRefundByHand(deps: OperationDeps, refundId: string): Promise<void> {
  const still = await row(
    deps.db,
    `select 1 from refund_records where refund_id = :refundId and status in ('failed', 'manual')`,
    { refundId },
  );
  if (!still) throw new OperationRefused('refund_not_open', `refund ${refundId} is not with the operators any more`);
  await settleRefund(deps.db, refundId, 'succeeded', null);
}
