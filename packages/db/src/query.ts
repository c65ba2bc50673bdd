import type { Knex } from 'knex';

/** Values by the `:name` that stands for them in the statement. */
export type Bindings = Readonly<Record<string, unknown>>;

interface RawResult<T> {
  rows: T[];
  rowCount: number | null;
}

/** knex's own named bindings read `:name::type` as an identifier, so names are turned into its positional `?` here. */
function run<T>(db: Knex, sql: string, bindings: Bindings): Promise<RawResult<T>> {
  const values: Knex.RawBinding[] = [];
  const positional = sql.replaceAll('?', '\\?').replace(/(?<!:):([a-zA-Z]\w*)/g, (text, name: string) => {
    if (!Object.hasOwn(bindings, name)) return text;
    values.push(bindings[name] as Knex.RawBinding);
    return '?';
  });
  return db.raw<RawResult<T>>(positional, values);
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
