import knex, { type Knex } from 'knex';
import pg from 'pg';
import { connectionSettings } from './connection.ts';

export type Db = Knex;

export interface DatabaseOptions {
  url: string;
  /** shown in pg_stat_activity, so that an operator sees who holds what */
  applicationName: string;
  poolSize?: number;
  /** the process gives up its own rights and works as this role on every connection */
  role?: string;
  /** PEM of the authority, for sslmode=verify-full */
  ca?: string;
  /** milliseconds after which the server ends a statement; 0 = never */
  statementTimeoutMs?: number;
  /** milliseconds to wait for a free or new connection */
  acquireTimeoutMs?: number;
}

const INT8 = 20;
// Amounts and ids fit a safe integer; one that does not must fail loudly instead of losing its last digits.
pg.types.setTypeParser(INT8, (text) => {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`int8 beyond a safe integer: ${text}`);
  return value;
});

export function openDatabase(options: DatabaseOptions): Db {
  const acquire = options.acquireTimeoutMs ?? 5_000;
  return knex({
    client: 'pg',
    // knex would write plain lines of its own; every error reaches our log where it is handled.
    log: { warn() {}, error() {}, deprecate() {}, debug() {} },
    connection: {
      ...connectionSettings(options.url, options.ca),
      application_name: options.applicationName,
      connectionTimeoutMillis: acquire,
      keepAlive: true,
      ...(options.statementTimeoutMs
        ? { statement_timeout: options.statementTimeoutMs, query_timeout: options.statementTimeoutMs + 500 }
        : {}),
    },
    pool: {
      min: 0,
      max: options.poolSize ?? 10,
      acquireTimeoutMillis: acquire,
      ...(options.role ? { afterCreate: becomeRole(options.role) } : {}),
    },
  });
}

function becomeRole(role: string) {
  return (connection: pg.Client, done: (error: Error | null, connection: pg.Client) => void): void => {
    connection.query(`set role ${pg.escapeIdentifier(role)}`, (error: Error | null) => done(error, connection));
  };
}
