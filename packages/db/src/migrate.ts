import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Knex } from 'knex';
import { row } from './query.ts';

const FOLDER = join(import.meta.dirname, '../../../migrations');
/** Any constant: processes that migrate the same database wait for each other under it. */
const MIGRATION_LOCK = 7_141_001;

class SqlFolder implements Knex.MigrationSource<string> {
  async getMigrations(): Promise<string[]> {
    return (await readdir(FOLDER)).filter((name) => name.endsWith('.sql')).sort();
  }
  getMigrationName(name: string): string {
    return name;
  }
  async getMigration(name: string): Promise<Knex.Migration> {
    const sql = await readFile(join(FOLDER, name), 'utf8');
    return { up: (tx) => tx.raw(escapeQuestionMarks(sql)), down: async () => undefined };
  }
}

/** knex reads `?` as a binding. */
function escapeQuestionMarks(sql: string): string {
  return sql.replaceAll('?', '\\?');
}

const settings: Knex.MigratorConfig = { migrationSource: new SqlFolder(), disableMigrationsListValidation: true };

/**
 * Brings the database to the newest version, then runs `afterwards` (still alone). Safe when several processes start at once: one
 * works, the others wait on an advisory lock held by a connection of its own. An older release may migrate after a newer one: it
 * finds nothing to do. @returns the names of the migrations that ran
 */
export async function migrate(
  db: Knex,
  afterwards: (tx: Knex.Transaction) => Promise<void> = async () => undefined,
): Promise<string[]> {
  return db.transaction(async (lock) => {
    await lock.raw('set local statement_timeout = 0');
    await lock.raw('set local lock_timeout = 0');
    await lock.raw('set local idle_in_transaction_session_timeout = 0');
    await lock.raw('select pg_advisory_xact_lock(?)', [MIGRATION_LOCK]);
    const [, names] = (await db.migrate.latest(settings)) as [number, string[]];
    await db.transaction(afterwards);
    return names;
  });
}

/** Names of migrations that this release has and the database does not. */
export async function pendingMigrations(db: Knex): Promise<string[]> {
  const all = await new SqlFolder().getMigrations();
  const exists = await row<{ found: string | null }>(db, `select to_regclass('knex_migrations')::text as found`);
  if (!exists?.found) return all;
  const done = await db<{ name: string }>('knex_migrations').pluck('name');
  return all.filter((name) => !done.includes(name));
}
