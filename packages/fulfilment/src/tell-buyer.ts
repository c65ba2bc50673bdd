import type { Db } from '@mingdan/db';
import type { Vault } from '@mingdan/kernel';
import { type Order, openEmail } from '@mingdan/orders';
import { enqueue, type MailTemplate, type Message, type Outgoing } from '@mingdan/outbox';

/** What has to be known of an order to reach its buyer. */
export type Reachable = Pick<Order, 'id' | 'userId' | 'chatId' | 'email' | 'language'>;

/** Said to a buyer wherever they are, so there is a wording for a chat and one for a mail. */
export interface SaidToBuyer {
  /** the same key is said once */
  readonly dedupeKey: string;
  readonly message: Message & { readonly template: MailTemplate };
}

/** One message for the order's buyer: to the chat, else by mail, else none. */
export function toBuyer(vault: Vault, order: Reachable, { dedupeKey, message }: SaidToBuyer): Outgoing[] {
  const said = { userId: order.userId, orderId: order.id, dedupeKey, message };
  if (order.chatId !== null) return [{ ...said, chatId: order.chatId }];
  return toMailbox(vault, order, { dedupeKey, message });
}

/** The same for what a chat is told in another way: only a buyer without a chat gets it. */
export function toMailbox(vault: Vault, order: Reachable, { dedupeKey, message }: SaidToBuyer): Outgoing[] {
  if (order.chatId !== null) return [];
  const mailTo = addressOf(vault, order);
  if (mailTo === undefined) return [];
  return [{ mailTo, language: order.language, userId: order.userId, orderId: order.id, dedupeKey, message }];
}

/** Says it inside the transaction of what it tells about. */
export async function tellBuyer(tx: Db, vault: Vault, order: Reachable, said: SaidToBuyer): Promise<void> {
  await enqueue(tx, vault, toBuyer(vault, order, said));
}

/** An address whose data key is gone must not keep an order from failing, or its refund from being told to others. */
function addressOf(vault: Vault, order: Reachable): string | undefined {
  try {
    return openEmail(vault, order);
  } catch {
    return undefined;
  }
}
