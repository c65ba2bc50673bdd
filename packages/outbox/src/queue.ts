import { changed, type Db, row, rows } from '@mingdan/db';
import type { Vault } from '@mingdan/kernel';
import { PAYLOAD } from './enqueue.ts';
import type { Message } from './message.ts';

export interface DueMessage {
  readonly id: number;
  readonly chatId: number;
  readonly userId: number | null;
  /** the receiver's; null = the operators' */
  readonly language: string | null;
  readonly orderId: number | null;
  readonly orderNo: string | null;
  readonly attempts: number;
  readonly delivers: boolean;
  /** this row replaces an earlier message */
  readonly isEdit: boolean;
  /** that message's id in the chat; null where it never arrived */
  readonly editsMessageId: number | null;
  readonly payload: Buffer;
}

/** The first unsent message of each chat whose turn has come; never one behind another of its chat. */
export async function dueMessages(db: Db, limit: number, except: readonly number[] = []): Promise<DueMessage[]> {
  return rows<DueMessage>(
    db,
    `select m.id, m.chat_id as "chatId", m.user_id as "userId", u.language, m.order_id as "orderId", o.order_no as "orderNo", m.attempts, m.delivers,
            m.edits is not null as "isEdit", e.sent_message_id as "editsMessageId", m.payload
       from outbox m left join users u on u.id = m.user_id left join orders o on o.id = m.order_id left join outbox e on e.dedupe_key = m.edits
      where m.status = 'pending' and m.due_at <= now() and m.chat_id is not null and m.chat_id <> all(:except)
        and not exists (select 1 from outbox earlier where earlier.chat_id = m.chat_id and earlier.status = 'pending' and earlier.id < m.id)
      order by m.due_at, m.id limit :limit`,
    { limit, except: [...except] },
  );
}

export function openPayload(vault: Vault, message: DueMessage): Message {
  return vault.open(PAYLOAD, message.payload) as Message;
}

/** The text itself is dropped: the message id is all that is needed from now on. @returns true for the last unsent part of a report */
export async function markSent(db: Db, id: number, messageId: number | null): Promise<boolean> {
  const sent = await row<{ last: boolean }>(
    db,
    `with done as (
       update outbox set status = 'sent', sent_message_id = :messageId::bigint, sent_at = now(), payload = null, last_error = null
        where id = :id and status = 'pending' returning id, order_id, delivers)
     select delivers and not exists (
              select 1 from outbox other where other.order_id = done.order_id and other.delivers and other.id <> done.id
                 and other.status in ('pending', 'parked')) as last
       from done`,
    { id, messageId },
  );
  return sent?.last ?? false;
}

/** Telegram will never take this one. */
export async function markDropped(db: Db, id: number, why: string): Promise<void> {
  await changed(
    db,
    `update outbox set status = 'dropped', payload = null, last_error = :why where id = :id and status = 'pending'`,
    { id, why },
  );
}

/** The message that an edit was to replace and that was never sent: it must not come after its time. */
export async function dropTarget(db: Db, editId: number): Promise<void> {
  await changed(
    db,
    `update outbox target set status = 'dropped', payload = null, last_error = 'out of date' from outbox edit
      where edit.id = :editId and target.dedupe_key = edit.edits and target.status in ('pending', 'parked')`,
    { editId },
  );
}

/** One message waits for the person's next contact; those behind it go on. */
export async function setAside(db: Db, id: number, why: string): Promise<void> {
  await changed(
    db,
    `update outbox set status = 'parked', last_error = left(:why, 300) where id = :id and status = 'pending'`,
    { id, why },
  );
}

/** The chat is closed to us: everything for it waits for the person's next contact. */
export async function markParked(db: Db, chatId: number): Promise<void> {
  await changed(
    db,
    `update outbox set status = 'parked', last_error = 'the user blocked the bot' where chat_id = :chatId and status = 'pending'`,
    { chatId },
  );
  await changed(db, 'update users set bot_blocked_at = now() where telegram_id = :chatId', { chatId });
}

/** The person wrote, pressed or unblocked: what waited for them is sent now. @returns how many messages that is */
export async function unpark(db: Db, chatId: number): Promise<number> {
  return changed(
    db,
    `update outbox set status = 'pending', attempts = 0, due_at = now() where chat_id = :chatId and status = 'parked'`,
    { chatId },
  );
}

export async function postpone(
  db: Db,
  id: number,
  later: { seconds: number; error: string; countsAsAttempt: boolean },
): Promise<void> {
  await changed(
    db,
    `update outbox set due_at = now() + make_interval(secs => :seconds), last_error = left(:error, 300), attempts = attempts + :attempt
      where id = :id and status = 'pending'`,
    { id, seconds: later.seconds, error: later.error, attempt: later.countsAsAttempt ? 1 : 0 },
  );
}
