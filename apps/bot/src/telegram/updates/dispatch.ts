import { isConnectionError } from '@mingdan/db';
import { backoffMs, MingdanError, messageOf, pause } from '@mingdan/kernel';
import { TelegramCallFailed } from '../bot-api.ts';
import { type ClaimedUpdate, claimUpdates, failUpdate, finishUpdate, keepUpdate, postponeUpdate } from './claim.ts';
import { type RecordDeps, UPDATE_PAYLOAD } from './record.ts';

export interface DispatchDeps extends RecordDeps {
  /** Handles one update; throws when it could not. */
  readonly handle: (update: unknown) => Promise<void>;
  /** Called in the transaction that gives an update up: tell the operators. */
  readonly onFailed: (tx: RecordDeps['db'], update: ClaimedUpdate, cause: string) => Promise<void>;
  /** Called after it: tell the person. */
  readonly tellFailed: (update: unknown) => Promise<void>;
  /** chats handled at once by this process */
  readonly concurrency?: number;
  /** milliseconds between looks at the table when nobody wakes it */
  readonly pollMs?: number;
  readonly retryBaseMs?: number;
}

export interface Dispatcher {
  wake(): void;
  /** Takes nothing new and waits for what is being handled. */
  stop(): Promise<void>;
}

/** So long a chat waits after a process died in the middle of its update; renewed three times within it. */
const LEASE_SECONDS = 15;
const TRIES = 3;
/** Beside the others, however many gateways hang: who is about to pay has ten seconds. */
const SLOTS_FOR_URGENT = 20;
/** Telegram or the database away is no fault of the update: about ten minutes of patience. */
const TRIES_WHEN_UNREACHABLE = 15;
const LONGEST_PAUSE_MS = 60_000;

/** Handles recorded updates: in order per chat, chats side by side, urgent ones first. Several processes may run it at once. */
export function handleUpdates(deps: DispatchDeps): Dispatcher {
  // Many, since a conversation may wait seconds for a gateway, and a dead gateway must not keep everybody else from talking.
  const slots = deps.concurrency ?? 100;
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  let nudge = new AbortController();

  const wake = (): void => nudge.abort();

  function start(update: ClaimedUpdate): void {
    const work = handleOne(deps, update)
      .catch((error: unknown) =>
        deps.log.error({ err: error, update_id: update.updateId }, 'an update is left to its next try'),
      )
      .finally(() => {
        running.delete(work);
        wake();
      });
    running.add(work);
  }

  async function take(free: number): Promise<ClaimedUpdate[]> {
    if (free > 0) return claimUpdates(deps.db, free, LEASE_SECONDS);
    const spare = SLOTS_FOR_URGENT + free;
    return spare > 0 ? claimUpdates(deps.db, spare, LEASE_SECONDS, 'urgent') : [];
  }

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      nudge = new AbortController();
      const taken = await take(slots - running.size).catch(logged(deps));
      taken.forEach(start);
      if (taken.length === 0) await pause(deps.pollMs ?? 1_500, AbortSignal.any([nudge.signal, stopping.signal]));
    }
  }

  const looping = loop();
  return {
    wake,
    async stop() {
      stopping.abort();
      await looping;
      await Promise.all(running);
    },
  };
}

function logged(deps: DispatchDeps) {
  return (error: unknown): ClaimedUpdate[] => {
    deps.log.warn({ cause: messageOf(error) }, 'updates cannot be read, trying again');
    return [];
  };
}

async function handleOne(deps: DispatchDeps, claimed: ClaimedUpdate): Promise<void> {
  const heartbeat = setInterval(
    () => {
      keepUpdate(deps.db, claimed, LEASE_SECONDS).catch(() => undefined);
    },
    (LEASE_SECONDS * 1000) / 3,
  );
  try {
    await deps.handle(deps.vault.open(UPDATE_PAYLOAD, claimed.payload));
  } catch (error) {
    await afterFailure(deps, claimed, error);
    return;
  } finally {
    clearInterval(heartbeat);
  }
  await finishUpdate(deps.db, claimed);
}

async function afterFailure(deps: DispatchDeps, claimed: ClaimedUpdate, error: unknown): Promise<void> {
  const log = deps.log.child({ update_id: claimed.updateId, attempts: claimed.attempts });
  // Nobody is there to be answered: what the update asked for is done as far as it can be.
  if (error instanceof TelegramCallFailed && error.chatIsClosed) return finishUpdate(deps.db, claimed);
  const passing = isConnectionError(error) || (error instanceof TelegramCallFailed && error.isPassing);
  if (claimed.attempts < (passing ? TRIES_WHEN_UNREACHABLE : TRIES)) {
    const ms = backoffMs(claimed.attempts - 1, deps.retryBaseMs ?? 1_000, LONGEST_PAUSE_MS);
    log.warn({ err: error, ms }, 'an update could not be handled, trying again');
    await postponeUpdate(deps.db, claimed, ms / 1000, codeOf(error));
    return;
  }
  log.error({ err: error }, 'an update is given up');
  const failed = await deps.db.transaction(async (tx) => {
    if (!(await failUpdate(tx, claimed, codeOf(error)))) return false;
    await deps.onFailed(tx, claimed, codeOf(error));
    return true;
  });
  if (failed) await deps.tellFailed(deps.vault.open(UPDATE_PAYLOAD, claimed.payload));
}

/** What operators and the table see of an error: our own codes, else its class. Foreign messages may hold what was typed. */
function codeOf(error: unknown): string {
  if (error instanceof MingdanError) return error.code;
  return error instanceof Error ? error.name : 'unknown';
}
