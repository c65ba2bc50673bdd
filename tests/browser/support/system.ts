import { rmSync } from 'node:fs';
import type { Db } from '@mingdan/db';
import { testDatabase } from '@mingdan/orders/testing';
import { z } from 'zod';
import { demoEnvironment } from '../../../apps/dev/src/environment.ts';
import { startSystem } from '../../../apps/dev/src/system.ts';
import { temporaryFolder } from '../../../apps/dev/src/temporary-folder.ts';

export interface TestSystem {
  /** the page with the chat; `?user=` says whose */
  chatUrl: string;
  /** root of the bot process's pages */
  botUrl: string;
  /** its database, for what only operators make */
  db: Db;
  /** Somebody new, whom the bot has never met. @returns their Telegram user id */
  newPerson(name: string, language: string): Promise<number>;
  stop(): Promise<void>;
}

/**
 * Webhook process, bot process and sandbox as `npm start` runs them, on free ports and a database of their own.
 * @param changes settings that differ from the demo's
 */
export async function startTestSystem(changes: Readonly<Record<string, string>> = {}): Promise<TestSystem> {
  const database = await testDatabase();
  const folder = temporaryFolder('mingdan-browser-');
  const lines: string[] = [];
  const tidy = async (): Promise<void> => {
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const system = await startSystem({
      env: { ...demoEnvironment(process.env), DATABASE_URL: database.url, ...changes },
      folder,
      persistent: false,
      ports: { webhook: 0, bot: 0, sandbox: 0 },
      writingMs: 0,
      onLine: (name, line) => lines.push(`${name}: ${line}`),
      say: (line) => lines.push(line),
      signal: AbortSignal.timeout(60_000),
    });
    const { sandbox, botUrl } = system;
    if (!sandbox) throw new Error('the sandbox is not running');
    const stop = async (): Promise<void> => {
      await system.stop();
      await tidy();
    };
    return {
      chatUrl: sandbox.chatUrl,
      botUrl,
      db: database.db,
      newPerson: (...who) => addPerson(sandbox.chatApi, ...who),
      stop,
    };
  } catch (error) {
    await tidy();
    throw new Error(`the system does not start:\n${lines.slice(-30).join('\n')}`, { cause: error });
  }
}

async function addPerson(chatApi: string, name: string, language: string): Promise<number> {
  const answer = await fetch(`${chatApi}/people`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, language }),
    signal: AbortSignal.timeout(10_000),
  });
  return z.object({ id: z.number() }).parse(await answer.json()).id;
}
