import { row } from '@mingdan/db';
import type { Order } from '@mingdan/orders';
import type { OperationDeps } from './contract.ts';
import { openWords } from './inbox-words.ts';

/** What became of a wish for the money back that the operators were left to decide. */
export interface RefundWished {
  readonly state: 'open' | 'answered';
  readonly at: Date;
  /** what the operators wrote to the buyer; null where they wrote nothing, or it cannot be opened */
  readonly reply: string | null;
}

/** Undefined where nobody asked beyond the rules. */
export async function refundWished(
  { db, vault }: Pick<OperationDeps, 'db' | 'vault'>,
  { orderNo }: Pick<Order, 'orderNo'>,
): Promise<RefundWished | undefined> {
  const found = await row<{ status: 'open' | 'resolved'; at: Date; reply: string | null }>(
    db,
    `select status, coalesce(resolved_at, created_at) as at, details ->> 'reply' as reply from inbox_items where dedupe_key = 'refund_wanted:' || :orderNo`,
    { orderNo },
  );
  if (!found) return undefined;
  const { status, at, reply } = found;
  if (status === 'open') return { state: 'open', at, reply: null };
  return { state: 'answered', at, reply: reply === null ? null : openWords(vault, 'reply', reply) };
}
