import type { Db } from '@mingdan/db';
import { enqueue, type Message } from '@mingdan/outbox';
import type { FulfilmentDeps } from './contract.ts';

/** Says something to the operators, once per key; silently nothing where they have no chat. */
export async function alarm(
  deps: Pick<FulfilmentDeps, 'vault' | 'operatorChatId'>,
  tx: Db,
  key: string,
  message: Message,
  orderId: number | null = null,
): Promise<void> {
  if (deps.operatorChatId === null) return;
  await enqueue(tx, deps.vault, { chatId: deps.operatorChatId, orderId, dedupeKey: `alarm:${key}`, message });
}
