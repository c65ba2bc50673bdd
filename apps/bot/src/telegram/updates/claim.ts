import { changed, type Db, rows } from '@mingdan/db';

export interface ClaimedUpdate {
  readonly updateId: number;
  readonly chatId: number | null;
  readonly payload: Buffer;
  /** this try, from 1; it also fences: a holder whose time was over finds no row to finish */
  readonly attempts: number;
}

const CLAIM_LOCK = 7_141_002;

/**
 * Takes the first waiting update of every chat in which nothing is being handled; urgent ones whatever else their chat does.
 * Claims of all processes follow each other, so that each sees what the one before took: two updates of one chat are never
 * handled at once, even when they were written down in the wrong order.
 * @param kinds `urgent`: nothing but what cannot wait
 */
export async function claimUpdates(
  db: Db,
  limit: number,
  leaseSeconds: number,
  kinds: 'all' | 'urgent' = 'all',
): Promise<ClaimedUpdate[]> {
  return db.transaction(async (tx) => {
    await changed(tx, 'select pg_advisory_xact_lock(:lock)', { lock: CLAIM_LOCK });
    return rows<ClaimedUpdate>(
      tx,
      `with waiting as (
         select update_id, urgent, due_at,
                row_number() over (partition by chat_id, urgent order by update_id) as place,
                max(due_at) over (partition by chat_id, urgent) as chat_held_until
           from telegram_updates where status = 'pending'
       ), next as (
         select update_id from waiting
          where due_at <= clock_timestamp() and (urgent or (:ordinary and place = 1 and chat_held_until <= clock_timestamp()))
          order by urgent desc, update_id limit :limit
       )
       update telegram_updates u set attempts = attempts + 1, due_at = clock_timestamp() + make_interval(secs => :leaseSeconds)
         from next where u.update_id = next.update_id and u.status = 'pending'
       returning u.update_id as "updateId", u.chat_id as "chatId", u.payload, u.attempts`,
      { limit, leaseSeconds, ordinary: kinds === 'all' },
    );
  });
}

type Held = Pick<ClaimedUpdate, 'updateId' | 'attempts'>;
const HELD = `update_id = :updateId and attempts = :attempts and status = 'pending'`;

/** @returns false when the time was over and somebody else has it */
export async function keepUpdate(db: Db, held: Held, leaseSeconds: number): Promise<boolean> {
  const kept = await changed(
    db,
    `update telegram_updates set due_at = clock_timestamp() + make_interval(secs => :leaseSeconds) where ${HELD}`,
    { ...held, leaseSeconds },
  );
  return kept === 1;
}

/** What was typed is dropped as soon as it is handled. */
export async function finishUpdate(db: Db, held: Held): Promise<void> {
  await changed(
    db,
    `update telegram_updates set status = 'done', payload = null, last_error = null, handled_at = now() where ${HELD}`,
    { ...held },
  );
}

export async function postponeUpdate(db: Db, held: Held, seconds: number, error: string): Promise<void> {
  await changed(
    db,
    `update telegram_updates set due_at = clock_timestamp() + make_interval(secs => :seconds), last_error = left(:error, 300) where ${HELD}`,
    { ...held, seconds, error },
  );
}

/** Given up: kept sealed, so that an operator can have it looked at. @returns false when somebody else has it */
export async function failUpdate(tx: Db, held: Held, error: string): Promise<boolean> {
  const failed = await changed(
    tx,
    `update telegram_updates set status = 'failed', handled_at = now(), last_error = left(:error, 300) where ${HELD}`,
    { ...held, error },
  );
  return failed === 1;
}
