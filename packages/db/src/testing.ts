import { randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import { migrate } from './migrate.ts';
import { openDatabase } from './open.ts';
import { row } from './query.ts';

export interface TestDatabase {
  url: string;
  db: Knex;
  drop(): Promise<void>;
}

/** Where the throw-away server of this test run listens; jest's global set-up starts it. */
function serverUrl(): string {
  const url = process.env.MINGDAN_TEST_DATABASE_URL;
  if (!url) throw new Error('MINGDAN_TEST_DATABASE_URL is not set: run the tests by `npm test`');
  return url;
}

/**
 * A database of its own for one test file, copied from a migrated template that the first file of the run makes.
 * `prepare` is what `migrate` does after the migrations (see `prepareDatabase` in the orders package).
 */
export async function freshDatabase(
  prepare: (tx: Knex.Transaction) => Promise<void> = async () => undefined,
): Promise<TestDatabase> {
  const server = openDatabase({ url: serverUrl(), applicationName: 'tests', poolSize: 1 });
  const name = `test_${randomBytes(6).toString('hex')}`;
  try {
    await makeTemplate(server, prepare);
    await server.raw(`create database ${name} template mingdan_template strategy file_copy`);
  } finally {
    await server.destroy();
  }
  const url = withDatabase(name);
  const db = openDatabase({ url, applicationName: 'test', poolSize: 20 });
  return { url, db, drop: () => drop(name, db) };
}

async function makeTemplate(server: Knex, prepare: (tx: Knex.Transaction) => Promise<void>): Promise<void> {
  // Test files start side by side: one makes the template, the others wait.
  await server.raw('select pg_advisory_lock(1)');
  try {
    const found = await row(server, `select 1 from pg_database where datname = 'mingdan_template'`);
    if (found) return;
    await server.raw('create database mingdan_building');
    const building = openDatabase({ url: withDatabase('mingdan_building'), applicationName: 'test template' });
    try {
      await migrate(building, prepare);
    } finally {
      await building.destroy();
    }
    await server.raw('alter database mingdan_building rename to mingdan_template');
  } finally {
    await server.raw('select pg_advisory_unlock(1)');
  }
}

function withDatabase(name: string): string {
  const url = new URL(serverUrl());
  url.pathname = `/${name}`;
  return url.href;
}

async function drop(name: string, db: Knex): Promise<void> {
  await db.destroy();
  const server = openDatabase({ url: serverUrl(), applicationName: 'tests', poolSize: 1 });
  await server.raw(`drop database if exists ${name} with (force)`);
  await server.destroy();
}
