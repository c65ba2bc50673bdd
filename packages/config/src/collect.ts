import type { z } from 'zod';
import { type Environment, isPlaceholder, rawValue } from './environment.ts';
import { type Description, type Problem, problem } from './problems.ts';

export interface Collected<T> {
  readonly values: T;
  readonly problems: readonly Problem[];
  /** variables that hold a placeholder: missing, and worth a line even where nothing requires them */
  readonly placeholders: readonly Problem[];
}

/**
 * Reads the variables of a schema out of the environment. What is wrong becomes a problem and counts as not set, so that everything
 * else can still be judged. Each variable of the schema must be optional or have a default.
 */
export function collect<S extends z.ZodObject>(
  schema: S,
  env: Environment,
  describe: (name: string) => Description,
): Collected<z.output<S>> {
  const given: Record<string, string> = {};
  const placeholders: Problem[] = [];
  for (const name of Object.keys(schema.shape)) {
    const value = rawValue(env, name);
    if (value === undefined) continue;
    const about = describe(name);
    if (isPlaceholder(value, about.secret ? about.example : undefined))
      placeholders.push(problem('placeholder', name, about));
    else given[name] = value;
  }
  const first = schema.safeParse(given);
  if (first.success) return { values: first.data, problems: [], placeholders };

  const wrong = [...new Set(first.error.issues.map((issue) => String(issue.path[0])))];
  for (const name of wrong) delete given[name];
  const problems = wrong.map((name) => problem('invalid', name, describe(name)));
  return { values: schema.parse(given), problems, placeholders };
}
