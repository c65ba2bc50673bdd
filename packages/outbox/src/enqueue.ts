import { changed, type Db } from '@mingdan/db';
import type { Vault } from '@mingdan/kernel';
import type { Message } from './message.ts';

export interface Outgoing {
  readonly chatId: number;
  /** whose language it is written in; null = the operators' */
  readonly userId?: number | null;
  readonly orderId?: number | null;
  /** the same key is said once */
  readonly dedupeKey: string;
  readonly message: Message;
  /** the dedupe key of an earlier message that this one replaces */
  readonly edits?: string;
  /** part of the order's report */
  readonly delivers?: boolean;
}

export const PAYLOAD = 'outbox.payload';

/** Writes what is to be said, inside the transaction of what it tells about. Messages to a chat leave in the order of this call. */
export async function enqueue(tx: Db, vault: Vault, outgoing: Outgoing | readonly Outgoing[]): Promise<void> {
  const list = Array.isArray(outgoing) ? (outgoing as readonly Outgoing[]) : [outgoing as Outgoing];
  if (list.length === 0) return;
  await changed(
    tx,
    `insert into outbox (chat_id, user_id, order_id, dedupe_key, edits, delivers, payload)
     select chat_id, user_id, order_id, dedupe_key, edits, delivers, decode(payload, 'base64')
       from jsonb_to_recordset(:list::jsonb)
         as m(chat_id bigint, user_id bigint, order_id bigint, dedupe_key text, edits text, delivers boolean, payload text, place bigint)
      order by place
     on conflict (dedupe_key) do nothing`,
    {
      list: JSON.stringify(
        list.map((one, place) => ({
          place,
          chat_id: one.chatId,
          user_id: one.userId ?? null,
          order_id: one.orderId ?? null,
          dedupe_key: one.dedupeKey,
          edits: one.edits ?? null,
          delivers: one.delivers ?? false,
          payload: vault.seal(PAYLOAD, one.message).toString('base64'),
        })),
      ),
    },
  );
}
