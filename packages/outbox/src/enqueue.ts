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

/** Messages as the database's `enqueue_messages` takes them, sealed: for a statement that says something besides what it does. */
export function sealedMessages(vault: Vault, outgoing: readonly Outgoing[]): string {
  return JSON.stringify(
    outgoing.map((one, place) => ({
      place,
      chat_id: one.chatId,
      user_id: one.userId ?? null,
      order_id: one.orderId ?? null,
      dedupe_key: one.dedupeKey,
      edits: one.edits ?? null,
      delivers: one.delivers ?? false,
      payload: vault.seal(PAYLOAD, one.message).toString('base64'),
    })),
  );
}

/** Writes what is to be said, inside the transaction of what it tells about. Messages to a chat leave in the order of this call. */
export async function enqueue(tx: Db, vault: Vault, outgoing: Outgoing | readonly Outgoing[]): Promise<void> {
  const messages = sealedMessages(vault, 'message' in outgoing ? [outgoing] : outgoing);
  if (messages !== '[]') await changed(tx, 'select enqueue_messages(:messages::jsonb)', { messages });
}
