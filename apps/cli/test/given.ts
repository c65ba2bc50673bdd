import { Readable } from 'node:stream';
import type { Environment } from '@mingdan/config';
import { systemClock } from '@mingdan/kernel';
import { createContext } from '../src/context.ts';
import { runCli } from '../src/program.ts';

export interface Ran {
  code: number;
  out: string;
  err: string;
}

/** Runs a command in this process, with an environment of its own. */
export async function run(env: Environment, args: readonly string[], input = ''): Promise<Ran> {
  const said = { out: '', err: '' };
  const terminal = {
    out: async (text: string) => {
      said.out += `${text}\n`;
    },
    err: (text: string) => {
      said.err += `${text}\n`;
    },
    input: Readable.from(input === '' ? [] : [input]),
  };
  const code = await runCli(
    args,
    createContext(terminal, systemClock, () => env),
  );
  return { code, ...said };
}

/** The keys of a shop whose database is the test's; its data key is that of the orders package's test vault. */
export function shop(databaseUrl: string): Record<string, string> {
  return {
    NODE_ENV: 'test',
    DATABASE_URL: databaseUrl,
    OPERATOR_LANGUAGE: 'en',
    DATA_ENCRYPTION_KEY: `test:${Buffer.alloc(32, 7).toString('base64')}`,
    SECRET_KEY: 'a-signing-key-of-thirty-two-characters',
    API_KEY: 'api-key-of-this-test',
    ADMIN_TOKEN: 'admin-token-of-this-test',
    TELEGRAM_BOT_TOKEN: '4242:token-of-this-test',
    DEEPSEEK_API_KEY: 'sk-of-this-test',
  };
}
