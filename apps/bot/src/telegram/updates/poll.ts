import { holdLease } from '@mingdan/db';
import { backoffMs, messageOf, pause } from '@mingdan/kernel';
import { TelegramCallFailed } from '../bot-api.ts';
import type { LimitedTelegram } from '../client.ts';
import { type RecordDeps, recordUpdates } from './record.ts';

export interface PollDeps extends RecordDeps {
  readonly telegram: LimitedTelegram;
  /** this process, as the lease row names it */
  readonly holder: string;
  /** called as soon as updates are written down */
  readonly onRecorded: () => void;
  readonly signal: AbortSignal;
  readonly leaseSeconds?: number;
  /** how long Telegram may hold a call that has nothing to tell */
  readonly longPollSeconds?: number;
  readonly retryBaseMs?: number;
}

const LONG_POLL_SECONDS = 25;
/** So long nobody fetches after a process died; a shorter lease would change hands whenever the database hesitates. */
const LEASE_SECONDS = 10;
const LONGEST_PAUSE_MS = 30_000;
const BREATH_MS = 200;
/** After a week without updates Telegram goes on at a random number, perhaps a lower one: an offset from before would hide it. */
const OFFSET_IS_GOOD_FOR_MS = 24 * 3_600_000;

/** Fetches updates for as long as this process holds the lease; other processes stand by. Ends with the signal. */
export function pollUpdates(deps: PollDeps): Promise<void> {
  const { db, holder, log, signal } = deps;
  return holdLease(
    { db, name: 'telegram-poller', holder, seconds: deps.leaseSeconds ?? LEASE_SECONDS, log, signal },
    (held) => pollWhileHeld(deps, held),
  );
}

async function pollWhileHeld(deps: PollDeps, signal: AbortSignal): Promise<void> {
  deps.log.info('polling Telegram');
  await leaveWebhook(deps, signal);
  let failures = 0;
  let offset: { next: number; at: number } | undefined;
  while (!signal.aborted) {
    try {
      // Without an offset Telegram begins with the first update it has not been told about; repeats are recognised by their number.
      const next = offset && performance.now() - offset.at < OFFSET_IS_GOOD_FOR_MS ? offset.next : undefined;
      const asked = performance.now();
      const updates = await deps.telegram.longPoll(next, deps.longPollSeconds ?? LONG_POLL_SECONDS, signal);
      await recordUpdates(deps, updates);
      if (updates.length > 0) {
        deps.onRecorded();
        offset = { next: lastNumber(updates) + 1, at: performance.now() };
      }
      // A Bot API server that does not hold the call must not be asked without a breath.
      else if (performance.now() - asked < BREATH_MS) await pause(BREATH_MS, signal);
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      await afterFailure(deps, error, failures, signal);
      failures += 1;
    }
  }
}

async function afterFailure(deps: PollDeps, error: unknown, failures: number, signal: AbortSignal): Promise<void> {
  const conflict = error instanceof TelegramCallFailed && error.status === 409;
  const text = conflict
    ? 'another process fetches updates with this token; waiting for it to stop'
    : 'updates cannot be fetched, trying again';
  // One line when it begins is enough: a deploy's overlap is over in a moment, an outage fills the log otherwise.
  if (failures === 0) deps.log.warn({ cause: messageOf(error) }, text);
  const asked = error instanceof TelegramCallFailed ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
  await pause(Math.max(asked, backoffMs(failures, deps.retryBaseMs ?? 1_000, LONGEST_PAUSE_MS)), signal);
  if (conflict) await leaveWebhook(deps, signal);
}

/** Telegram answers getUpdates with 409 while a webhook is set. What waits there is kept. */
async function leaveWebhook(deps: PollDeps, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  try {
    const { url } = await deps.telegram.getWebhookInfo();
    if (!url) return;
    await deps.telegram.deleteWebhook({ drop_pending_updates: false });
    deps.log.info('the webhook of this bot was set and is now removed: TELEGRAM_MODE is polling');
  } catch (error) {
    deps.log.warn({ cause: messageOf(error) }, 'Telegram did not say whether a webhook is set');
  }
}

function lastNumber(updates: readonly unknown[]): number {
  const numbers = updates.map((update) =>
    typeof update === 'object' && update !== null && 'update_id' in update ? Number(update.update_id) : 0,
  );
  return Math.max(...numbers);
}
