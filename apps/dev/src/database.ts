import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@mingdan/kernel';
import type { Guard } from './guarded.ts';
import { type PostgresOptions, type RunningPostgres, startPostgres } from './postgres.ts';

export interface DatabaseOptions {
  /** its data goes into `postgres/` of this folder */
  folder: string;
  persistent: boolean;
  guard: Guard;
  say: (line: string) => void;
  /** gives up the first start */
  signal?: AbortSignal;
}

export interface Database {
  url: string;
  stop(): Promise<void>;
}

/** The embedded database; should it end by itself, it is started again on the same port. */
export async function keepDatabase(options: DatabaseOptions): Promise<Database> {
  let server = await start(options, options.signal ? { signal: options.signal } : {});
  let stopping = false;
  const watch = async (): Promise<void> => {
    for (;;) {
      const { pid, port, ended } = server;
      await ended;
      if (stopping) return;
      options.guard.forget(pid);
      options.say('The database ended by itself. It starts again.');
      const next = await startAgain(options, port, () => stopping);
      if (!next) return;
      server = next;
    }
  };
  void watch();
  return {
    url: server.url,
    stop: async () => {
      stopping = true;
      await server.stop();
      options.guard.forget(server.pid);
    },
  };
}

async function start(
  options: DatabaseOptions,
  more: Pick<PostgresOptions, 'port' | 'signal'>,
): Promise<RunningPostgres> {
  const { folder, persistent, say, guard } = options;
  const server = await startPostgres({ folder: join(folder, 'postgres'), persistent, say, ...more });
  guard.watch(server.pid, 'last');
  return server;
}

async function startAgain(
  options: DatabaseOptions,
  port: number,
  over: () => boolean,
): Promise<RunningPostgres | undefined> {
  while (!over()) {
    try {
      return await start(options, { port });
    } catch (error) {
      options.say(messageOf(error));
      await sleep(5_000);
    }
  }
  return undefined;
}
