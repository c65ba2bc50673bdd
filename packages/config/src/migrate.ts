import { collect } from './collect.ts';
import { missingOf } from './common.ts';
import { type Environment, isProduction } from './environment.ts';
import { ConfigError } from './problems.ts';
import { describe, type LogLevel, variables } from './variables.ts';

/** What a migration needs: a release step has no other secrets. */
export interface MigrateConfig {
  readonly production: boolean;
  readonly logLevel: LogLevel;
  readonly databaseUrl: string;
  /** PEM */
  readonly databaseCa: string | null;
}

const schema = variables.pick({ LOG_LEVEL: true, DATABASE_URL: true, DATABASE_CA: true });

/** @throws ConfigError */
export function readMigrateConfig(env: Environment): MigrateConfig {
  const production = isProduction(env);
  const read = collect(schema, env, (name) => describe(schema.keyof().parse(name)));
  const problems = [...read.problems, ...missingOf(['DATABASE_URL'], read, production)];
  const { DATABASE_URL, DATABASE_CA, LOG_LEVEL } = read.values;
  if (problems.length > 0 || DATABASE_URL === undefined) throw new ConfigError(problems);
  return { production, logLevel: LOG_LEVEL, databaseUrl: DATABASE_URL, databaseCa: DATABASE_CA ?? null };
}
