import { grantedPercent, refundRules } from '@mingdan/fulfilment';
import type { Money } from '@mingdan/kernel';
import { creditedCoins, type Order } from '@mingdan/orders';
import type { OperationDeps } from './contract.ts';
import { coinShare } from './refund-of-coins.ts';

/** Of coins that were credited: what a refund would bring by itself now. */
export interface RefundPreview {
  /** of the package, what no refund has taken yet */
  readonly left: number;
  /** of it, what the buyer still has: so many would be taken */
  readonly unspent: number;
  /** what pays a part of an unpaid order of theirs, and has to come back before anything is asked for */
  readonly held: number;
  /** what would come back for them; zero where operators decide */
  readonly amount: Money;
}

/** What is said to a buyer of coins before they ask; asks for nothing. Undefined where no coins were credited. */
export async function refundPreview(
  { db, clock }: Pick<OperationDeps, 'db' | 'clock'>,
  order: Order,
): Promise<RefundPreview | undefined> {
  if (order.kind !== 'coins' || order.paidAt === null) return undefined;
  const { paidAt } = order;
  const credited = await db.transaction((tx) => creditedCoins(tx, order.id));
  if (!credited) return undefined;
  const { left, unspent, amount } = coinShare(order, credited);
  const isGranted = grantedPercent(refundRules.coins, { undelivered: false, paidAt }, clock.now()) > 0;
  return {
    left,
    unspent,
    held: unspent < left ? credited.held : 0,
    amount: isGranted ? amount : { ...amount, minor: 0 },
  };
}
