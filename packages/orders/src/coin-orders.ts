import { changed, type Db, row } from '@mingdan/db';

/** An order of coins, as the ledger tells it: `credit:<order_no>` in, `takeback:<refund id>` out again, `takeback-returned:…` back. */
export interface CreditedCoins {
  readonly credited: number;
  /** of them, what refunds have taken back */
  readonly taken: number;
  /** what the buyer has now, of whatever origin; the account is locked */
  readonly balance: number;
  /** what lies in unpaid orders of theirs as a part: not spent, and not there to be taken */
  readonly held: number;
}

/** Books the coins of a package that was paid, once for each order. To be called in the transaction that saves the step. */
export async function creditCoins(
  tx: Db,
  credit: { userId: number; orderId: number; orderNo: string; coins: number },
): Promise<void> {
  await changed(
    tx,
    `insert into coin_ledger (user_id, amount, cause, order_id, reason, actor)
     values (:userId, :coins, 'credit:' || :orderNo, :orderId, 'purchase', 'worker') on conflict (cause) do nothing`,
    credit,
  );
}

/** Undefined where nothing was credited for this order. Locks the account, so that what is read here can be taken. */
export async function creditedCoins(tx: Db, orderId: number): Promise<CreditedCoins | undefined> {
  const account = await row<{ userId: number; balance: number }>(
    tx,
    `select user_id as "userId", balance from coin_accounts where user_id = (select user_id from orders where id = :orderId) for update`,
    { orderId },
  );
  if (!account) return undefined;
  const { credited, taken, held } = (await row<{ credited: number; taken: number; held: number }>(
    tx,
    // By the user, whose entries have an index.
    `select coalesce(sum(amount) filter (where cause like 'credit:%'), 0)::bigint as credited,
            coalesce(-sum(amount) filter (where cause like 'takeback%'), 0)::bigint as taken,
            (select coalesce(sum(coins_used), 0)::bigint from orders where user_id = :userId and status = 'pending_payment' and coins_state = 'held') as held
       from coin_ledger where user_id = :userId and order_id = :orderId`,
    { orderId, userId: account.userId },
  )) ?? { credited: 0, taken: 0, held: 0 };
  return credited === 0 ? undefined : { credited, taken, held, balance: account.balance };
}

/** The entries that one refund made. */
const OF_REFUND = `coin_ledger l join refund_records r on r.refund_id = :refundId join orders o on o.id = r.order_id
   and l.user_id = o.user_id and l.order_id = o.id and split_part(l.cause, ':', 2) = r.refund_id`;

/** What a refund has taken back and not returned. */
export async function coinsTakenFor(tx: Db, refundId: string): Promise<number> {
  const moved = await row<{ taken: number }>(
    tx,
    `select coalesce(-sum(l.amount), 0)::bigint as taken from ${OF_REFUND} where l.cause like 'takeback%'`,
    { refundId },
  );
  return moved?.taken ?? 0;
}

/** Takes coins of an order back for a refund; never more than the account holds. To be called under the lock of `creditedCoins`. */
export async function takeCoinsBack(
  tx: Db,
  taking: { orderId: number; refundId: string; coins: number; actor: string },
): Promise<void> {
  if (taking.coins <= 0) return;
  const before = await row<{ rounds: number }>(
    tx,
    `select count(*) as rounds from ${OF_REFUND} where l.cause like 'takeback:%'`,
    { refundId: taking.refundId },
  );
  // A refund that failed and is asked for again takes them again: the second time has a number.
  const cause = `takeback:${taking.refundId}${before?.rounds ? `:${before.rounds}` : ''}`;
  await changed(
    tx,
    `insert into coin_ledger (user_id, amount, cause, order_id, reason, actor)
     select user_id, -:coins::bigint, :cause, id, 'takeback', :actor from orders where id = :orderId`,
    { orderId: taking.orderId, coins: taking.coins, cause, actor: taking.actor },
  );
}

/** The refund failed for good: what it took is the buyer's again. @returns how many coins went back */
export async function returnTakenCoins(tx: Db, refundId: string): Promise<number> {
  if ((await coinsTakenFor(tx, refundId)) <= 0) return 0;
  const back = await row<{ amount: number }>(
    tx,
    `insert into coin_ledger (user_id, amount, cause, order_id, reason, actor)
     select l.user_id, -l.amount, 'takeback-returned:' || substr(l.cause, length('takeback:') + 1), l.order_id, 'takeback_returned', 'refunder'
       from ${OF_REFUND} where l.cause like 'takeback:%' order by l.id desc limit 1
     on conflict (cause) do nothing returning amount`,
    { refundId },
  );
  return back?.amount ?? 0;
}
