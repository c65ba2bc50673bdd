import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { z } from 'zod';
import { type Environment, isPlaceholder, isProduction, rawValue } from './environment.ts';
import { persistedSecrets } from './secrets.ts';

/** The checkout that this package is part of. */
export const repositoryRoot = join(import.meta.dirname, '../../..');

export interface LoadOptions {
  /** folder of `.env` and `.mingdan/`; the checkout when left out */
  cwd?: string;
  /** the real environment, which wins over everything; `process.env` when left out */
  env?: Environment;
  /** take part in what a running `npm start` runs: its database, its sandbox. For the CLI; a process of its own has its own. */
  joinRunning?: boolean;
}

/**
 * The environment of a process, by falling weight: the real one, `.env`, and outside production what a running `npm start` wrote to
 * `.mingdan/running.json` (with `joinRunning`) and the secrets kept for this machine.
 */
export function loadEnvironment(options: LoadOptions = {}): Environment {
  const root = options.cwd ?? repositoryRoot;
  const own = fill(options.env ?? process.env, dotEnv(root));
  if (isProduction(own)) return own;
  return fill(options.joinRunning ? fill(own, running(root)) : own, secretsFor(root, own));
}

/** A value that is missing or a placeholder is taken from the weaker environment, where that has one. */
function fill(strong: Environment, weak: Environment): Environment {
  const merged: Record<string, string | undefined> = { ...strong };
  for (const [name, value] of Object.entries(weak)) {
    const own = rawValue(strong, name);
    if (own === undefined || isPlaceholder(own)) merged[name] = value;
  }
  return merged;
}

function dotEnv(root: string): Environment {
  return parseEnv(contentOf(join(root, '.env')) ?? '');
}

const runningFile = z.object({ pid: z.int().positive(), env: z.record(z.string(), z.string()) });

function running(root: string): Environment {
  const text = contentOf(join(root, '.mingdan', 'running.json'));
  const read = runningFile.safeParse(text === undefined ? undefined : parseJson(text));
  return read.success && isAlive(read.data.pid) ? read.data.env : {};
}

function secretsFor(root: string, env: Environment): Environment {
  const listsMock = /\bmock\b/i.test(rawValue(env, 'PAYMENT_PROVIDERS') ?? '');
  const needed = ['API_KEY', 'ADMIN_TOKEN', 'DATA_ENCRYPTION_KEY', 'SECRET_KEY'];
  if (listsMock) needed.push('MOCK_WEBHOOK_SECRET');
  if (needed.every((name) => rawValue(env, name) !== undefined)) return {};
  try {
    // The private half of the notice keys opens kept notices: no process needs it in its environment.
    const { NOTICE_PRIVATE_KEY: _, ...secrets } = persistedSecrets(root);
    return secrets;
  } catch (error) {
    // A folder that may not be written (a container, say) is no reason to stop: what is missing is then told by name.
    if (isFileSystemRefusal(error)) return {};
    throw error;
  }
}

function isFileSystemRefusal(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return typeof error === 'object' && error !== null && 'code' in error && error.code === 'EPERM';
  }
}
