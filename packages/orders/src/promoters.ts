import { changed, type Db, row, rows } from '@mingdan/db';
import { type Currency, MingdanError, type Money, moneyText, randomCode, type Vault } from '@mingdan/kernel';

/** So long a refund is likely; a commission is paid out no earlier. */
export const COMMISSION_HELD_DAYS = 7;

export class PromoterRefused extends MingdanError {}

/** What a promoter has earned in one currency, minor units. */
export interface PromoterEarnings {
  readonly currency: Currency;
  readonly orders: number;
  /** what the orders brought */
  readonly soldMinor: number;
  /** commission that may still go back with a refund */
  readonly heldMinor: number;
  /** what may be asked for now; below zero where paid commission went back later */
  readonly availableMinor: number;
  readonly paidMinor: number;
}

export interface Promoter {
  readonly id: number;
  readonly code: string;
  readonly ratePercent: number;
}

/** A user's own code, made the first time it is asked for. */
export async function promoterOf(db: Db, userId: number): Promise<Promoter> {
  await changed(db, 'insert into promoters (code, user_id) values (:code, :userId) on conflict do nothing', {
    code: randomCode(8).toLowerCase(),
    userId,
  });
  const promoter = await row<Promoter>(
    db,
    'select id, code, rate_percent::float8 as "ratePercent" from promoters where user_id = :userId',
    { userId },
  );
  // The random code was somebody else's: once in a million million times.
  return promoter ?? promoterOf(db, userId);
}

export async function earningsOf(db: Db, promoterId: number): Promise<PromoterEarnings[]> {
  return rows<PromoterEarnings>(
    db,
    `with earned as (
       select currency, count(*) as orders, sum(amount_minor) as sold,
              sum(commission_minor) filter (where held_until > now()) as held, sum(commission_minor) filter (where held_until is null or held_until <= now()) as free
         from promoter_credits where promoter_id = :promoterId and reversed_at is null group by currency),
     taken as (
       select currency, sum(amount_minor) as minor, sum(amount_minor) filter (where status = 'paid') as paid
         from promoter_withdrawals where promoter_id = :promoterId and status <> 'rejected' group by currency)
     select coalesce(e.currency, t.currency) as currency, coalesce(e.orders, 0)::integer as orders, coalesce(e.sold, 0)::bigint as "soldMinor",
            coalesce(e.held, 0)::bigint as "heldMinor", (coalesce(e.free, 0) - coalesce(t.minor, 0))::bigint as "availableMinor", coalesce(t.paid, 0)::bigint as "paidMinor"
       from earned e full join taken t on t.currency = e.currency order by 1`,
    { promoterId },
  );
}

const DESTINATION = 'promoter_withdrawals.destination';

/**
 * Asks for all that a promoter may have in a currency; one request at a time.
 * @throws PromoterRefused nothing_available | already_requested
 */
export async function requestWithdrawal(
  db: Db,
  vault: Vault,
  wish: { promoterId: number; currency: Currency; destination: string },
): Promise<{ id: number; amount: Money }> {
  const { promoterId, currency } = wish;
  return db.transaction(async (tx) => {
    await row(tx, 'select 1 from promoters where id = :promoterId for update', { promoterId });
    const earned = (await earningsOf(tx, promoterId)).find((one) => one.currency === currency);
    const minor = earned?.availableMinor ?? 0;
    const open = await row(
      tx,
      `select 1 from promoter_withdrawals where promoter_id = :promoterId and currency = :currency and status = 'requested'`,
      { promoterId, currency },
    );
    if (open)
      throw new PromoterRefused('already_requested', 'a withdrawal is open already', {
        hint: 'mingdan promoters list',
      });
    if (minor <= 0)
      throw new PromoterRefused('nothing_available', 'there is nothing to withdraw yet', {
        hint: `Commission is held for ${COMMISSION_HELD_DAYS} days`,
      });
    const made = await row<{ id: number }>(
      tx,
      `insert into promoter_withdrawals (promoter_id, amount_minor, currency, destination) values (:promoterId, :minor, :currency, :destination) returning id`,
      { promoterId, minor, currency, destination: vault.seal(DESTINATION, wish.destination.slice(0, 500)) },
    );
    return { id: made?.id ?? 0, amount: { minor, currency } };
  });
}

export interface Withdrawal {
  readonly id: number;
  readonly code: string;
  readonly amount: Money;
  readonly status: 'requested' | 'paid' | 'rejected';
  readonly createdAt: Date;
  readonly telegramId: number | null;
  readonly destination: Buffer | null;
}

export async function withdrawals(db: Db, status: Withdrawal['status']): Promise<Withdrawal[]> {
  return rows<Withdrawal>(
    db,
    `select w.id, p.code, jsonb_build_object('minor', w.amount_minor, 'currency', w.currency) as amount, w.status, w.created_at as "createdAt",
            u.telegram_id as "telegramId", w.destination
       from promoter_withdrawals w join promoters p on p.id = w.promoter_id left join users u on u.id = p.user_id where w.status = :status order by w.id`,
    { status },
  );
}

/** Where the money should go, in the promoter's own words. */
export function openDestination(vault: Vault, withdrawal: Pick<Withdrawal, 'destination'>): string {
  return withdrawal.destination === null ? '' : String(vault.open(DESTINATION, withdrawal.destination));
}

/**
 * An operator pays it by hand, or will not. What was earned may have shrunk by refunds since it was asked for: then it is not to be paid.
 * @returns false where it was decided before
 * @throws PromoterRefused commission_shrank
 */
export async function decideWithdrawal(
  db: Db,
  decision: { id: number; status: 'paid' | 'rejected'; by: string; note: string },
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const asked = await row<{ promoterId: number; currency: Currency }>(
      tx,
      `select w.promoter_id as "promoterId", w.currency from promoter_withdrawals w join promoters p on p.id = w.promoter_id
        where w.id = :id and w.status = 'requested' for update of p`,
      decision,
    );
    if (!asked) return false;
    if (decision.status === 'paid') await checkStillEarned(tx, asked);
    const decided = await changed(
      tx,
      `update promoter_withdrawals set status = :status, decided_by = :by, note = nullif(:note, ''), decided_at = now() where id = :id and status = 'requested'`,
      decision,
    );
    return decided > 0;
  });
}

async function checkStillEarned(tx: Db, asked: { promoterId: number; currency: Currency }): Promise<void> {
  const earned = (await earningsOf(tx, asked.promoterId)).find(({ currency }) => currency === asked.currency);
  const missing = -(earned?.availableMinor ?? 0);
  if (missing <= 0) return;
  const less = moneyText({ minor: missing, currency: asked.currency });
  throw new PromoterRefused('commission_shrank', `refunds have taken ${less} of this commission`, {
    hint: 'Refuse it (--reject): the promoter can ask for what is left',
  });
}
