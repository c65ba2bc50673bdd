import { type Db, row } from '@mingdan/db';
import { type Logger, messageOf, pause } from '@mingdan/kernel';

/** LISTENed to by every worker. */
export const WAKE_CHANNEL = 'mingdan_work';

/** A NOTIFY inside the recording transactions would make their commits wait for each other; one for all of a burst costs nothing. */
const GATHER_MS = 20;

export interface Waker {
  /** Tells the workers soon that there is something to do. Never throws: a lost wake-up costs one poll. */
  wake(): void;
  stop(): Promise<void>;
}

/** @param open a database with a single connection, which nothing else uses */
export function createWaker(deps: { open: () => Db | undefined; log: Logger }): Waker {
  let wanted = false;
  let sending: Promise<void> | undefined;

  async function send(): Promise<void> {
    while (wanted) {
      wanted = false;
      await notify(deps.open).catch((error: unknown) =>
        deps.log.warn({ cause: messageOf(error) }, 'the wake-up was lost, the next poll finds the work'),
      );
      await pause(GATHER_MS);
    }
    sending = undefined;
  }

  return {
    wake() {
      wanted = true;
      sending ??= send();
    },
    async stop() {
      await sending;
    },
  };
}

async function notify(open: () => Db | undefined): Promise<void> {
  const db = open();
  if (db) await row(db, 'select pg_notify(:channel, :payload)', { channel: WAKE_CHANNEL, payload: '' });
}
