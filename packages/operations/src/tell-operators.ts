import { type Db, row } from '@mingdan/db';
import { alarm } from '@mingdan/fulfilment';
import type { Message } from '@mingdan/outbox';
import type { OperationDeps } from './contract.ts';

/** Says something to the operators, once per key; silently nothing where they have no chat. */
export function tellOperators(
  { vault, settings }: Pick<OperationDeps, 'vault' | 'settings'>,
  tx: Db,
  key: string,
  message: Message,
  orderId: number | null = null,
): Promise<void> {
  return alarm({ vault, operatorChatId: settings.operatorChatId }, tx, key, message, orderId);
}

/** Puts a matter into the operators' inbox. @returns its number; undefined where it was there before, open or not */
export async function openMatter(
  tx: Db,
  matter: { kind: string; key: string; orderId: number | null; details: object },
): Promise<number | undefined> {
  const item = await row<{ id: number }>(
    tx,
    `insert into inbox_items (kind, dedupe_key, order_id, details) values (:kind, :key, :orderId, :details::jsonb)
     on conflict (dedupe_key) do nothing returning id`,
    { ...matter, details: JSON.stringify(matter.details) },
  );
  return item?.id;
}
