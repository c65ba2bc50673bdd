import type { CliConfig } from '@mingdan/config';
import { type Db, openDatabase } from '@mingdan/db';
import { createLogger, createVault, type Logger, MingdanError } from '@mingdan/kernel';
import { type OperationDeps, operationSettings } from '@mingdan/operations';
import { createHouse } from '@mingdan/orders';
import { createClients } from '@mingdan/payments/clients';
import type { Context } from './context.ts';

/** An operator waits for an answer; a report over a large table may take a while. */
const STATEMENT_TIMEOUT_MS = 30_000;

/** Only what went wrong, and beside the answer: standard output belongs to the answer. */
export function cliLogger(context: Context): Logger {
  return createLogger({
    process: 'cli',
    level: 'error',
    destination: { write: (line) => context.terminal.err(line.trimEnd()) },
  });
}

/** Opens the database for one piece of work. @throws MingdanError `bad_setting` where a variable that it needs is missing or wrong */
export async function withDatabase<T>(context: Context, work: (db: Db, config: CliConfig) => Promise<T>): Promise<T> {
  const { config } = context.settings();
  const url = needed(context, 'DATABASE_URL', config.databaseUrl);
  const db = openDatabase({
    url,
    applicationName: 'mingdan cli',
    poolSize: 4,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    ...(config.databaseCa === null ? {} : { ca: config.databaseCa }),
  });
  try {
    return await work(db, config);
  } finally {
    await db.destroy();
  }
}

/** Opens all that an operation works with: database, keys, gateways. */
export async function withOperations<T>(context: Context, work: (deps: OperationDeps) => Promise<T>): Promise<T> {
  const { config } = context.settings();
  needed(context, 'DATA_ENCRYPTION_KEY', config.keys.data[0]);
  needed(context, 'SECRET_KEY', config.keys.secret[0]);
  return withDatabase(context, (db) => work(operationDeps(context, config, db)));
}

function operationDeps(context: Context, config: CliConfig, db: Db): OperationDeps {
  const { clock } = context;
  const log = cliLogger(context);
  return {
    db,
    vault: createVault(config.keys.data),
    clock,
    log,
    clients: createClients(config.providers, { clock, log, house: createHouse(db) }),
    settings: operationSettings(config),
  };
}

function needed<T>(context: Context, variable: string, value: T | null | undefined): T {
  if (value !== null && value !== undefined) return value;
  const told = context.settings().problems.find((problem) => problem.variable === variable);
  throw new MingdanError('bad_setting', told?.line ?? `${variable} is missing`, {
    hint: 'Set it in the environment or in .env; mingdan doctor checks all settings',
  });
}
