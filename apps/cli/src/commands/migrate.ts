import { readMigrateConfig } from '@mingdan/config';
import { migrate, openDatabase, row } from '@mingdan/db';
import { prepareDatabase, WEBHOOK_ROLE } from '@mingdan/orders';
import type { Command } from 'commander';
import { type Answer, answering } from '../answer.ts';
import type { Context } from '../context.ts';

export function registerMigrate(program: Command, context: Context): void {
  answering(
    program,
    context,
    'migrate',
    'Bring the database to this release. Safe at any time, also twice at once.',
    () => run(context),
  );
}

async function run(context: Context): Promise<Answer> {
  const config = readMigrateConfig(context.environment());
  const ca = config.databaseCa === null ? {} : { ca: config.databaseCa };
  const db = openDatabase({ url: config.databaseUrl, applicationName: 'mingdan migrate', poolSize: 4, ...ca });
  try {
    const applied = await migrate(db, prepareDatabase);
    const role = await row(db, 'select 1 from pg_roles where rolname = :role', { role: WEBHOOK_ROLE });
    return answer(context, applied, role !== undefined);
  } finally {
    await db.destroy();
  }
}

function answer(context: Context, applied: readonly string[], role: boolean): Answer {
  const { t } = context.texts();
  const lines = applied.length === 0 ? [t('migrate.nothing')] : applied.map((name) => t('migrate.applied', { name }));
  return { json: { applied, webhook_role: role }, lines: role ? lines : [...lines, t('migrate.no_role')] };
}
