import { row } from '@mingdan/db';
import type { Vault } from '@mingdan/kernel';
import type { Order } from '@mingdan/orders';
import type { OperationDeps } from './contract.ts';

/** What became of a wish for the money back that the operators were left to decide. */
export interface RefundWished {
  readonly state: 'open' | 'answered';
  readonly at: Date;
  /** what the operators wrote to the buyer; null where they wrote nothing, or it cannot be opened */
  readonly reply: string | null;
}

const REPLY = 'inbox_items.reply';

/** Words to a buyer may be personal: sealed, as their own are. */
export function sealReply(vault: Vault, reply: string): string {
  return vault.seal(REPLY, reply).toString('base64');
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
  return { state: 'answered', at, reply: reply === null ? null : opened(vault, reply) };
}

function opened(vault: Vault, sealed: string): string | null {
  try {
    return String(vault.open(REPLY, Buffer.from(sealed, 'base64')));
  } catch {
    return null;
  }
}
