import { randomInt } from 'node:crypto';
import { Socket } from 'node:net';
import { pause } from '@mingdan/kernel';
import knex, { type Knex } from 'knex';
import pg from 'pg';
import { connectionSettings } from './connection.ts';
import { errorCode } from './errors.ts';

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
  /** milliseconds that a statement waits for a row somebody else holds; 0 = for ever */
  lockTimeoutMs?: number;
  /** milliseconds to wait for a free or new connection */
  acquireTimeoutMs?: number;
  /** a transaction was ended for the sake of another, and begins anew */
  onBegunAnew?: (code: string, beginnings: number) => void;
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
  return beginningAnew(
    knex({
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
        afterCreate: prepareConnection(options),
      },
    }),
    options.onBegunAnew,
  );
}

/** What the database ends so that another transaction may go on: serialization_failure, deadlock_detected. */
const ENDED_FOR_OTHERS = new Set(['40001', '40P01']);
const MOST_BEGINNINGS = 4;

type Begin = (work: (tx: Db) => Promise<unknown>, config?: Knex.TransactionConfig) => Promise<unknown>;

/** A whole transaction that was ended for the sake of another begins anew: all of its work was undone, so it is done once. */
function beginningAnew(db: Db, onBegunAnew: DatabaseOptions['onBegunAnew']): Db {
  const begin = db.transaction.bind(db) as Begin;
  const again: Begin = async (work, config) => {
    for (let beginnings = 1; ; beginnings += 1) {
      try {
        return await begin(work, config);
      } catch (error) {
        const code = errorCode(error);
        if (!ENDED_FOR_OTHERS.has(code) || beginnings >= MOST_BEGINNINGS) throw error;
        onBegunAnew?.(code, beginnings);
        await pause(beginnings * randomInt(5, 20));
      }
    }
  };
  return Object.defineProperty(db, 'transaction', { value: again });
}

/** A transaction that its owner forgot holds rows that others wait for. */
const IDLE_TRANSACTION_MS = 60_000;

function prepareConnection({ role, lockTimeoutMs, statementTimeoutMs }: DatabaseOptions) {
  const settings = [
    `set idle_in_transaction_session_timeout = ${IDLE_TRANSACTION_MS}`,
    ...(lockTimeoutMs ? [`set lock_timeout = ${Math.round(lockTimeoutMs)}`] : []),
    ...(role ? [`set role ${pg.escapeIdentifier(role)}`] : []),
  ].join('; ');
  return (connection: Connection, done: (error: Error | null, connection: pg.Client) => void): void => {
    if (statementTimeoutMs) hangUpOnSilence(connection, statementTimeoutMs + 500);
    connection.query(settings, (error: Error | null) => done(error, connection));
  };
}

/** pg's client as it is; false while it waits for the answer to a statement. */
type Connection = pg.Client & { readonly readyForQuery?: boolean };

/**
 * pg gives a statement up when its time is over and keeps the connection, and a server that is gone without a word (a network that
 * swallows, a machine that lost power) would leave the pool full of dead ones for a quarter of an hour.
 */
function hangUpOnSilence(connection: Connection, ms: number): void {
  const { stream } = connection.connection;
  if (!(stream instanceof Socket)) return;
  stream.setTimeout(ms, () => {
    if (!connection.readyForQuery) stream.destroy(new Error('connection terminated: the database says nothing'));
  });
}
