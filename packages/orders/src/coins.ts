import { type Db, row, rows } from '@mingdan/db';
import { MingdanError, type Money, randomToken } from '@mingdan/kernel';

/** Coins are whole and belong to a user; the ledger is append-only and the database keeps the balance (migrations/0007). */
export interface CoinEntry {
  readonly id: number;
  /** plus: came in */
  readonly amount: number;
  /** after this entry */
  readonly balance: number;
  readonly cause: string;
  readonly orderNo: string | null;
  readonly reason: string;
  readonly actor: string;
  readonly createdAt: Date;
}

export async function coinBalance(db: Db, userId: number): Promise<number> {
  const account = await row<{ balance: number }>(db, 'select balance from coin_accounts where user_id = :userId', {
    userId,
  });
  return account?.balance ?? 0;
}

/** Newest first. @param before only entries older than the one with this id */
export async function coinEntries(
  db: Db,
  userId: number,
  limit: number,
  before: number = Number.MAX_SAFE_INTEGER,
): Promise<CoinEntry[]> {
  return rows<CoinEntry>(
    db,
    `select l.id, l.amount, l.balance, l.cause, o.order_no as "orderNo", l.reason, l.actor, l.created_at as "createdAt"
       from coin_ledger l left join orders o on o.id = l.order_id 
      where l.user_id = :userId and l.id < :before order by l.id desc limit :limit`,
    { userId, limit, before },
  );
}

export interface CoinGrant {
  readonly userId: number;
  /** whole coins, more than none */
  readonly amount: number;
  readonly reason: string;
  /** who gives them */
  readonly actor: string;
  /** the same key again gives nothing more; left out: this grant is one of its own */
  readonly key?: string;
}

const MOST_COINS = 1_000_000_000;

/**
 * Gives a user coins.
 * @returns `granted` false where this key was used before for the same grant, and then nothing was given
 * @throws MingdanError bad_amount | user_not_found | grant_key_taken
 */
export async function grantCoins(db: Db, grant: CoinGrant): Promise<{ granted: boolean; balance: number }> {
  const { userId, amount } = grant;
  if (!Number.isSafeInteger(amount) || amount < 1 || amount > MOST_COINS)
    throw new MingdanError('bad_amount', 'this is no number of coins', {
      hint: `Write a whole number from 1 to ${MOST_COINS}`,
    });
  const cause = `grant:${grant.key ?? randomToken()}`;
  return db.transaction(async (tx) => {
    if (!(await row(tx, 'select 1 from users where id = :userId', { userId })))
      throw new MingdanError('user_not_found', `there is no user ${userId}`, {
        hint: 'A user is there from their first message to the bot on',
      });
    const entry = await row<{ balance: number }>(
      tx,
      `insert into coin_ledger (user_id, amount, cause, reason, actor) values (:userId, :amount, :cause, :reason, :actor)
       on conflict (cause) do nothing returning balance`,
      { userId, amount, cause, reason: grant.reason, actor: grant.actor },
    );
    if (entry) return { granted: true, balance: entry.balance };
    const same = await row(
      tx,
      'select 1 from coin_ledger where cause = :cause and user_id = :userId and amount = :amount',
      { cause, userId, amount },
    );
    if (!same)
      throw new MingdanError('grant_key_taken', 'this key was used for another grant', {
        hint: 'Use a key of its own',
      });
    return { granted: false, balance: await coinBalance(tx, userId) };
  });
}

export interface CoinPayment {
  readonly gatewayOrderId: string;
  readonly userId: number;
  readonly amount: Money;
}

/** Takes the coins and flips the order, in one transaction of one statement; repeated it takes nothing more. */
export async function payWithCoins(db: Db, payment: CoinPayment): Promise<'paid' | 'not_enough' | 'not_payable'> {
  const { gatewayOrderId, userId, amount } = payment;
  if (amount.currency !== 'COIN') return 'not_payable';
  const answer = await row<{ outcome: 'paid' | 'not_enough' | 'not_payable' }>(
    db,
    'select pay_with_coins(:gatewayOrderId, :userId, :minor) as outcome',
    { gatewayOrderId, userId, minor: amount.minor },
  );
  return answer?.outcome ?? 'not_payable';
}

/** Of a payment `t`: coins that paid a part of an order, the rest of which a gateway took (migrations/0011). Nobody was asked for it. */
export const IS_COIN_PART = `coalesce(t.gateway_order_id, '') like 'part:%'`;

export interface UsedCoins {
  readonly orderId: number;
  readonly userId: number;
  /** whole coins, and what they stand for in the order's currency (minor units) */
  readonly coins: number;
  readonly minor: number;
}

export type UseCoinsOutcome = 'held' | 'already' | 'not_enough' | 'not_payable';

/** Lets coins pay a part of an unpaid order; they come back by themselves when the rest is not paid (migrations/0011). */
export async function useCoins(db: Db, used: UsedCoins): Promise<UseCoinsOutcome> {
  const answer = await row<{ outcome: UseCoinsOutcome }>(
    db,
    'select use_coins(:orderId, :userId, :coins, :minor) as outcome',
    { ...used },
  );
  return answer?.outcome ?? 'not_payable';
}

/** What was paid under this id, and how many of the coins went back since. */
export async function coinPayment(
  db: Db,
  gatewayOrderId: string,
): Promise<{ paymentId: string; amount: Money; returned: number; paidAt: Date } | null> {
  const entry = await row<{ id: number; amount: number; returned: number; paidAt: Date }>(
    db,
    `select id, -amount as amount, (select coalesce(sum(back.amount), 0)::bigint from coin_ledger back where back.pays_back = coin_ledger.id) as returned,
            created_at as "paidAt"
       from coin_ledger where cause = 'pay:' || :gatewayOrderId`,
    { gatewayOrderId },
  );
  if (!entry) return null;
  const { id, amount, returned, paidAt } = entry;
  return { paymentId: `coins:${id}`, amount: { minor: amount, currency: 'COIN' }, returned, paidAt };
}

export interface CoinRefund {
  readonly refundId: string;
  readonly gatewayOrderId: string;
  readonly amount: Money;
}

/** Gives coins of a payment back to whom they were taken from, once for each refund id. @throws MingdanError coins_not_given_back */
export async function giveCoinsBack(db: Db, refund: CoinRefund): Promise<void> {
  const { refundId, gatewayOrderId, amount } = refund;
  const answer =
    amount.currency === 'COIN'
      ? await row<{ outcome: string }>(db, 'select give_coins_back(:refundId, :gatewayOrderId, :minor) as outcome', {
          refundId,
          gatewayOrderId,
          minor: amount.minor,
        })
      : { outcome: 'no_coins' };
  if (answer?.outcome === 'given' || answer?.outcome === 'already') return;
  throw new MingdanError('coins_not_given_back', `refund ${refundId} gives no coins back: ${answer?.outcome}`, {
    hint: 'mingdan coins show lists what was taken and given back',
  });
}

/** Whether every balance is the sum of its ledger: true, unless somebody worked around the database's own guards. */
export async function coinsAddUp(db: Db): Promise<boolean> {
  const wrong = await row(
    db,
    `select 1 from coin_accounts a left join (select user_id, sum(amount) as total from coin_ledger group by user_id) l using (user_id)
      where a.balance <> coalesce(l.total, 0) limit 1`,
  );
  return wrong === undefined;
}
