import { changed, type Db } from '@mingdan/db';
import type { Vault } from '@mingdan/kernel';
import type { Message } from './message.ts';

export interface Said {
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

/** To a chat. */
export interface ChatMessage extends Said {
  readonly chatId: number;
  readonly mailTo?: undefined;
}

/** To somebody whom no chat reaches. */
export interface Mail extends Said {
  readonly chatId?: undefined;
  /** one address, as it was checked when it was taken */
  readonly mailTo: string;
  readonly language: string;
}

export type Outgoing = ChatMessage | Mail;

export const PAYLOAD = 'outbox.payload';
export const MAIL_TO = 'outbox.mail_to';

/** Messages as the database's `enqueue_messages` takes them, sealed: for a statement that says something besides what it does. */
export function sealedMessages(vault: Vault, outgoing: readonly Outgoing[]): string {
  return JSON.stringify(
    outgoing.map((one, place) => ({
      place,
      chat_id: one.chatId ?? null,
      user_id: one.userId ?? null,
      order_id: one.orderId ?? null,
      dedupe_key: one.dedupeKey,
      edits: one.edits ?? null,
      delivers: one.delivers ?? false,
      payload: vault.seal(PAYLOAD, one.message).toString('base64'),
      ...(one.mailTo === undefined
        ? {}
        : { mail_to: vault.seal(MAIL_TO, one.mailTo).toString('base64'), language: one.language }),
    })),
  );
}

/** Writes what is to be said, inside the transaction of what it tells about. Messages to a chat leave in the order of this call. */
export async function enqueue(tx: Db, vault: Vault, outgoing: Outgoing | readonly Outgoing[]): Promise<void> {
  const messages = sealedMessages(vault, 'message' in outgoing ? [outgoing] : outgoing);
  if (messages !== '[]') await changed(tx, 'select enqueue_messages(:messages::jsonb)', { messages });
}
