import type { CliConfig } from '@mingdan/config';
import { type Db, isConnectionError, pendingMigrations, row, rows } from '@mingdan/db';
import { createVault } from '@mingdan/kernel';
import { openInput, WEBHOOK_ROLE } from '@mingdan/orders';
import type { Context } from '../context.ts';
import { withDatabase } from '../deps.ts';
import { failureOf } from '../failure.ts';
import { type Finding, findingsOf } from './finding.ts';
import { isMissing } from './settings.ts';

const { ok, warn, fail } = findingsOf('database');
const clock = findingsOf('clock');
const keys = findingsOf('keys');

const SLOW_MS = 100;
const CLOCK_OFF_MS = 2_000;

/** Reachable, how far away, on this release, with the webhook process's role, on our time, and readable with our keys. */
export async function checkDatabase(context: Context): Promise<Finding[]> {
  if (context.settings().config.databaseUrl === null)
    return isMissing(context, 'DATABASE_URL') ? [fail('not_set')] : [];
  try {
    return await withDatabase(context, (db, config) => lookAt(context, db, config));
  } catch (error) {
    if (isConnectionError(error)) return [fail('unreachable')];
    const { code, message } = failureOf(error);
    return [fail(code === 'database_refused' ? 'refused' : 'broken', { message })];
  }
}

async function lookAt(context: Context, db: Db, config: CliConfig): Promise<Finding[]> {
  // The first statement also opens the connection; the second one shows the way there and back.
  await row(db, 'select 1');
  const start = performance.now();
  const before = context.clock.now().getTime();
  const time = await row<{ ms: number; version: string }>(
    db,
    `select round(extract(epoch from clock_timestamp()) * 1000)::bigint as ms, current_setting('server_version') as version`,
  );
  const took = Math.round(performance.now() - start);
  const reached = { ms: took, version: time?.version ?? '' };
  const pending = await pendingMigrations(db);
  return [
    took > SLOW_MS ? warn('slow', reached) : ok('reachable', reached),
    pending.length > 0 ? fail('not_migrated', { names: pending.join(', ') }) : ok('migrated'),
    await checkRole(context, db),
    checkTime((time?.ms ?? 0) - before - took / 2),
    ...(pending.length > 0 || config.keys.data.length === 0 ? [] : [await checkKeys(db, config)]),
  ];
}

async function checkRole(context: Context, db: Db): Promise<Finding> {
  if (context.environment().WEBHOOK_DATABASE_URL?.trim()) return ok('own_login');
  const role = await row<{ usable: boolean }>(
    db,
    `select pg_has_role(current_user, oid, 'member') as usable from pg_roles where rolname = :role`,
    { role: WEBHOOK_ROLE },
  );
  return role?.usable ? ok('role') : warn('no_role', { role: WEBHOOK_ROLE });
}

function checkTime(offMs: number): Finding {
  const seconds = Math.round(Math.abs(offMs) / 1000);
  return Math.abs(offMs) > CLOCK_OFF_MS ? clock.fail('database_differs', { seconds }) : clock.ok('database_agrees');
}

/** The oldest and the newest sealed value: after a rotation the oldest is the one that fails. */
async function checkKeys(db: Db, config: CliConfig): Promise<Finding> {
  const samples = await rows<{ input: Buffer }>(
    db,
    `(select input from orders where input is not null order by id limit 1)
     union all (select input from orders where input is not null order by id desc limit 1)`,
  );
  if (samples.length === 0) return keys.ok('nothing_sealed');
  const vault = createVault(config.keys.data);
  try {
    for (const sample of samples) openInput(vault, sample);
    return keys.ok('open');
  } catch {
    return keys.fail('do_not_open');
  }
}
