import { type Logger, pause } from '@mingdan/kernel';
import type { Knex } from 'knex';
import { changed } from './query.ts';

/**
 * Takes or renews a named lease row. A row outlives nothing: a machine that lost power is replaced when its time is over, and a
 * connection pooler does not break it (a session's advisory lock would be both).
 */
export async function claimLease(db: Knex, name: string, holder: string, seconds: number): Promise<boolean> {
  const taken = await changed(
    db,
    `insert into leases (name, holder, held_until) values (:name, :holder, now() + make_interval(secs => :seconds))
     on conflict (name) do update set holder = excluded.holder, held_until = excluded.held_until
       where leases.holder = excluded.holder or leases.held_until < now()
          -- a clock that was set back must not keep a dead holder alive
          or leases.held_until > now() + make_interval(secs => 4 * :seconds::float8)`,
    { name, holder, seconds },
  );
  return taken === 1;
}

export async function releaseLease(db: Knex, name: string, holder: string): Promise<void> {
  await changed(db, 'delete from leases where name = :name and holder = :holder', { name, holder });
}

export interface LeaseOptions {
  db: Knex;
  name: string;
  holder: string;
  seconds: number;
  log: Logger;
  /** ends the whole thing */
  signal: AbortSignal;
}

/**
 * Runs `work` for as long as this process holds the lease, one process at a time. `work` gets a signal that aborts when the lease is
 * lost or everything stops; when it returns or throws, the lease is tried for again.
 */
export async function holdLease(options: LeaseOptions, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const { db, name, holder, seconds, log, signal } = options;
  while (!signal.aborted) {
    const held = await claimLease(db, name, holder, seconds).catch(() => false);
    if (held)
      await workWhileHeld(options, work).catch((error: unknown) =>
        log.error({ err: error, lease: name }, 'work under a lease failed'),
      );
    await pause((seconds * 1000) / 6, signal);
  }
  await releaseLease(db, name, holder).catch(() => undefined);
}

async function workWhileHeld(options: LeaseOptions, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const { db, name, holder, seconds, log } = options;
  const lost = new AbortController();
  const signal = AbortSignal.any([options.signal, lost.signal]);
  let renewedAt = performance.now();
  async function renew(): Promise<void> {
    const renewed = await claimLease(db, name, holder, seconds).catch(() => undefined);
    if (renewed) renewedAt = performance.now();
    // An unreachable database is not a lost lease until its time is over: nobody else can have taken it before.
    else if (renewed === false || performance.now() - renewedAt > seconds * 900) {
      log.warn({ lease: name }, 'lease lost');
      lost.abort();
    }
  }
  let renewing = Promise.resolve();
  const heartbeat = setInterval(
    () => {
      renewing = renewing.then(renew);
    },
    (seconds * 1000) / 3,
  );
  try {
    await work(signal);
  } finally {
    clearInterval(heartbeat);
    // A renewal under way would take the lease again after it was given back.
    await renewing;
  }
}
