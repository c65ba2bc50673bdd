import { randomInt } from 'node:crypto';
import { type Db, row } from '@mingdan/db';
import { until } from './until.ts';

export interface Brake {
  /** Some session stands at it, or so many. */
  reached(sessions?: number): Promise<void>;
  release(): Promise<void>;
}

/**
 * Stops every session of the database that is about to write such a row, so that a process can be killed at exactly that point.
 * @param where SQL over `new`
 */
export async function brake(db: Db, before: 'insert' | 'update', table: string, where: string): Promise<Brake> {
  const id = randomInt(2 ** 31);
  const held = await db.transaction();
  await held.raw('select pg_advisory_xact_lock(?)', [id]);
  await db.raw(`create function brake_${id}() returns trigger language plpgsql security definer set search_path = public as $$
    begin
      if ${where} then perform pg_advisory_xact_lock_shared(${id}); end if;
      return new;
    end $$`);
  await db.raw(`create trigger brake_${id} before ${before} on ${table} for each row execute function brake_${id}()`);
  return {
    async reached(sessions = 1) {
      await until(
        () =>
          row(
            db,
            `select 1 from pg_locks where locktype = 'advisory' and objid = :id and not granted having count(*) >= :sessions`,
            { id, sessions },
          ),
        `a session wants to ${before} ${table} where ${where}`,
      );
    },
    async release() {
      if (!held.isCompleted()) await held.commit();
    },
  };
}

/** What a server does with the sessions of a machine that is gone: ends them, undoing what was not committed. */
export async function endSessionsOf(db: Db, applicationName: string): Promise<void> {
  await until(async () => {
    const left = await row<{ count: number }>(
      db,
      `select count(pg_terminate_backend(pid)) as count from pg_stat_activity where datname = current_database() and application_name = :applicationName`,
      { applicationName },
    );
    return left?.count === 0;
  }, `the sessions of ${applicationName} are gone`);
}
