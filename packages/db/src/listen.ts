import { type Logger, messageOf, pause } from '@mingdan/kernel';
import pg from 'pg';
import { connectionSettings } from './connection.ts';

export interface Listener {
  stop(): Promise<void>;
}

export interface ListenOptions {
  url: string;
  ca?: string;
  channel: string;
  log: Logger;
  /** called for each notification, and once with '' after every (re)connect, since what came meanwhile is lost */
  onNotice: (payload: string) => void;
}

const HANG_UP_MS = 1_000;

/** LISTEN on a connection of its own that reconnects by itself. What is lost meanwhile is found by the next poll. */
export function listen(options: ListenOptions): Listener {
  const stop = new AbortController();
  let client: pg.Client | undefined;
  const stopped = new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve()));

  async function connectOnce(): Promise<void> {
    client = new pg.Client({
      ...connectionSettings(options.url, options.ca),
      application_name: `mingdan-listen`,
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
    });
    const ended = new Promise<void>((resolve) => {
      client?.once('end', resolve);
      client?.once('error', () => resolve());
    });
    client.on('notification', (notice) => options.onNotice(notice.payload ?? ''));
    // A client that is ended while it connects never says so.
    await Promise.race([client.connect(), stopped]);
    if (stop.signal.aborted) return;
    await client.query(`listen ${pg.escapeIdentifier(options.channel)}`);
    options.onNotice('');
    await Promise.race([ended, stopped]);
  }

  /** Hangs up; a server that is gone without a word is not waited for. */
  async function hangUp(): Promise<void> {
    await Promise.race([client?.end().catch(() => undefined), pause(HANG_UP_MS)]);
    client?.connection.stream.destroy();
  }

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      await connectOnce().catch((error: unknown) =>
        options.log.warn({ cause: messageOf(error) }, 'wake-up channel is down, the poll goes on'),
      );
      await hangUp();
      await pause(1_000, stop.signal);
    }
  }

  const running = run();
  return {
    async stop() {
      stop.abort();
      await running;
    },
  };
}
