import { createHash } from 'node:crypto';
import type { Knex } from 'knex';
import { errorCode } from './errors.ts';

/** Values by the `:name` that stands for them in the statement. */
export type Bindings = Readonly<Record<string, unknown>>;

interface RawResult<T> {
  rows: T[];
  rowCount: number | null;
}

interface Statement {
  /** with `?` for each value, as knex wants it */
  readonly text: string;
  readonly names: readonly string[];
  /** under this name each connection keeps it parsed and planned */
  readonly name: string;
}

/** The statements of this code are a few hundred constant texts: each is read once. */
const statements = new Map<string, Statement>();

/** knex's own named bindings read `:name::type` as an identifier, so names are turned into its positional `?` here. */
function statementOf(sql: string, bindings: Bindings): Statement {
  const known = statements.get(sql);
  if (known) return known;
  const names: string[] = [];
  const text = sql.replaceAll('?', '\\?').replace(/(?<!:):([a-zA-Z]\w*)/g, (found, name: string) => {
    if (!Object.hasOwn(bindings, name)) return found;
    names.push(name);
    return '?';
  });
  const statement = { text, names, name: createHash('sha1').update(sql).digest('base64url') };
  statements.set(sql, statement);
  return statement;
}

/** A pooler or DISCARD took the prepared statement away, has it already, or a migration changed what it returns. */
const STALE_STATEMENT = new Set(['26000', '42P05', '0A000']);

async function run<T>(db: Knex, sql: string, bindings: Bindings): Promise<RawResult<T>> {
  const { text, names, name } = statementOf(sql, bindings);
  const values = names.map((each) => bindings[each] as Knex.RawBinding);
  try {
    return await db.raw<RawResult<T>>(text, values).options({ name });
  } catch (error) {
    const code = errorCode(error);
    // Inside a transaction the failure has ended it: its caller begins anew.
    if (!STALE_STATEMENT.has(code) || db.isTransaction) throw error;
    return db.raw<RawResult<T>>(text, values);
  }
}

/** All rows of a statement. */
export async function rows<T>(db: Knex, sql: string, bindings: Bindings = {}): Promise<T[]> {
  return (await run<T>(db, sql, bindings)).rows;
}

/** The first row, or undefined. */
export async function row<T>(db: Knex, sql: string, bindings: Bindings = {}): Promise<T | undefined> {
  return (await run<T>(db, sql, bindings)).rows[0];
}

/** How many rows a statement changed: the answer of a guarded update. */
export async function changed(db: Knex, sql: string, bindings: Bindings = {}): Promise<number> {
  return (await run(db, sql, bindings)).rowCount ?? 0;
}
