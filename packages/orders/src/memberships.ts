import { type Db, row, rows } from '@mingdan/db';
import { RUNS } from './subscriptions.ts';

export interface Membership {
  readonly active: boolean;
  /** end of the last period that is paid for; null where there never was one */
  readonly expiresAt: Date | null;
}

export async function membershipOf(db: Db, userId: number): Promise<Membership> {
  const found = await row<{ active: boolean | null; expiresAt: Date | null }>(
    db,
    `select bool_or(starts_at <= now() and ends_at > now()) as active, max(ends_at) as "expiresAt"
       from membership_periods where user_id = :userId and revoked_at is null`,
    { userId },
  );
  return { active: found?.active ?? false, expiresAt: found?.expiresAt ?? null };
}

export interface MembershipPeriod {
  readonly userId: number;
  readonly productSlug: string;
  readonly months: number;
  /** what it is given for: the same cause gives nothing more */
  readonly cause: string;
  readonly orderId: number | null;
  readonly actor: string;
}

/** Adds a period behind the last one that runs. @returns false where this cause gave one before */
export async function activateMembership(tx: Db, period: MembershipPeriod): Promise<boolean> {
  const answer = await row<{ outcome: string }>(
    tx,
    'select activate_membership(:userId, :productSlug, :months, :cause, :orderId::bigint, :actor) as outcome',
    { ...period },
  );
  return answer?.outcome === 'activated';
}

/** Takes a period away, as its money went back; those behind it move up. @returns false where it was gone already */
export async function revokeMembership(tx: Db, cause: string): Promise<boolean> {
  const answer = await row<{ revoked: boolean }>(tx, 'select revoke_membership(:cause) as revoked', { cause });
  return answer?.revoked ?? false;
}

/** The reading that members have free each month. */
export const MEMBER_READING = 'bazi-basic';

/** When the period that this cause gave ends; undefined where it gave none. */
export async function endOfPeriod(db: Db, cause: string): Promise<Date | undefined> {
  const period = await row<{ endsAt: Date }>(
    db,
    'select ends_at as "endsAt" from membership_periods where cause = :cause and revoked_at is null',
    { cause },
  );
  return period?.endsAt;
}

export const membershipCause = (orderNo: string): string => `order:${orderNo}`;

/** Of the reading that members have free each month: true where this month's is still to be had. Under the lock of the user's row. */
export async function hasFreeReading(tx: Db, userId: number, slug: string): Promise<boolean> {
  const had = await row(
    tx,
    `select 1 from orders where user_id = :userId and product_slug = :slug and amount_minor = 0 and not gift and claims_gift is null and status not in ('failed', 'expired')
        and created_at >= date_trunc('month', now() at time zone 'Asia/Shanghai') at time zone 'Asia/Shanghai' limit 1`,
    { userId, slug },
  );
  return had === undefined;
}

/** Memberships that end within so many days and were not told of it yet; each is returned once for each number of days. */
export async function takeEndingMemberships(
  db: Db,
  days: number,
  limit: number,
): Promise<{ userId: number; telegramId: number | null; endsAt: Date }[]> {
  return rows(
    db,
    `update membership_periods p set reminded_days = :days from users u
      where u.id = p.user_id and p.id in (
        select id from membership_periods m
         where revoked_at is null and ends_at > now() and ends_at <= now() + make_interval(days => :days) and (reminded_days is null or reminded_days > :days)
           -- one that pays itself again does not end
           and not exists (select 1 from subscriptions s where s.user_id = m.user_id and s.state = 'active' and ${RUNS})
           and not exists (select 1 from membership_periods later where later.user_id = m.user_id and later.revoked_at is null and later.ends_at > m.ends_at)
         order by ends_at for update skip locked limit :limit)
      returning p.user_id as "userId", u.telegram_id as "telegramId", p.ends_at as "endsAt"`,
    { days, limit },
  );
}

/** Derives all periods of a user anew from what was given and taken away, in its order (migrations/0016). @returns how many were elsewhere */
export async function syncMembership(db: Db, userId: number): Promise<number> {
  const synced = await row<{ moved: number }>(db, 'select sync_membership(:userId) as moved', { userId });
  return synced?.moved ?? 0;
}
