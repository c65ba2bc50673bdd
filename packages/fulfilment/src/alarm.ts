import type { Db } from '@mingdan/db';
import { readOperatorSettings } from '@mingdan/orders';
import { enqueue, type Message, operatorKindOf } from '@mingdan/outbox';
import type { FulfilmentDeps } from './contract.ts';

/** Says something to the operators, once per key; silently nothing where they have no chat. */
export async function alarm(
  deps: Pick<FulfilmentDeps, 'vault' | 'operatorChatId'>,
  tx: Db,
  key: string,
  message: Message,
  orderId: number | null = null,
): Promise<void> {
  if (deps.operatorChatId === null || !(await isWanted(tx, message))) return;
  await enqueue(tx, deps.vault, { chatId: deps.operatorChatId, orderId, dedupeKey: `alarm:${key}`, message });
}

/** What is news rather than an alarm, operators may have switched off. */
const NEWS = ['redpacket', 'stock'] as const;

async function isWanted(tx: Db, message: Message): Promise<boolean> {
  const kind = NEWS.find((each) => each === operatorKindOf(message));
  return kind === undefined || (await readOperatorSettings(tx)).kinds.includes(kind);
}
