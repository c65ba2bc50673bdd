import { type Db, isConnectionError } from '@mingdan/db';
import { backoffMs, type Logger, messageOf, pause, type Vault } from '@mingdan/kernel';
import type { Message } from './message.ts';
import {
  type DueMessage,
  dropTarget,
  markDropped,
  markParked,
  markSent,
  openPayload,
  postpone,
  setAside,
} from './queue.ts';

/** What a channel answers when a message was not taken. Thrown, so that anything else thrown counts as `unreachable`. */
export interface SendFailure {
  readonly kind: 'slow_down' | 'blocked' | 'refused' | 'unreachable';
  readonly retryAfterSeconds?: number;
  readonly message: string;
}

export interface Delivered {
  /** null for an edit that had nothing to change */
  readonly messageId: number | null;
}

/** How a message reaches a person. It waits for the limits itself. */
export interface OutboxChannel {
  send(
    chatId: number,
    language: string | null,
    message: Message,
    editsMessageId: number | null,
    signal: AbortSignal,
  ): Promise<Delivered>;
  failureOf(error: unknown): SendFailure;
}

export interface SenderDeps {
  readonly db: Db;
  readonly vault: Vault;
  readonly log: Logger;
  readonly channel: OutboxChannel;
  /** called when the last part of an order's report was sent */
  readonly onDelivered: (orderId: number) => Promise<void>;
  readonly onSlowDown: (retryAfterSeconds: number) => Promise<void>;
  readonly signal: AbortSignal;
}

const LONGEST_PAUSE_MS = 10 * 60_000;
const MOST_REFUSALS = 5;

/** Sends one message and writes down what became of it. Never throws for what a channel does. */
export async function sendDue(deps: SenderDeps, due: DueMessage): Promise<void> {
  const log = deps.log.child({ order_no: due.orderNo ?? undefined, outbox_id: due.id });
  if (due.isEdit && due.editsMessageId === null) {
    // What it was to replace may still be waiting, and would come out of date.
    await dropTarget(deps.db, due.id);
    await markDropped(deps.db, due.id, 'the message to edit never arrived');
    return;
  }
  const message = readPayload(deps, due);
  if (message === undefined) {
    // Kept until its key is back and the person writes; what comes behind it goes on.
    log.error('a message does not open: its data key is not in DATA_ENCRYPTION_KEY; it is set aside');
    await setAside(deps.db, due.id, 'its data key is not here');
    return;
  }
  const started = performance.now();
  let delivered: Delivered;
  try {
    delivered = await deps.channel.send(due.chatId, due.language, message, due.editsMessageId, deps.signal);
  } catch (error) {
    if (deps.signal.aborted) return;
    await writeDownFailure(deps, due, deps.channel.failureOf(error), log.child({ template: message.template }));
    return;
  }
  const last = await noteSent(deps, due.id, delivered.messageId);
  log.info({ template: message.template, ms: Math.round(performance.now() - started) }, 'message sent');
  if (last && due.orderId !== null) await deps.onDelivered(due.orderId);
}

function readPayload(deps: SenderDeps, due: DueMessage): Message | undefined {
  try {
    return openPayload(deps.vault, due);
  } catch {
    return undefined;
  }
}

/** It was said: while the database is away the note waits, since a message whose note is lost would be said again. */
async function noteSent(deps: SenderDeps, id: number, messageId: number | null): Promise<boolean> {
  for (;;) {
    try {
      return await markSent(deps.db, id, messageId);
    } catch (error) {
      if (!isConnectionError(error) || deps.signal.aborted) throw error;
      await pause(500, deps.signal);
    }
  }
}

async function writeDownFailure(deps: SenderDeps, due: DueMessage, failure: SendFailure, log: Logger): Promise<void> {
  switch (failure.kind) {
    case 'slow_down': {
      const seconds = failure.retryAfterSeconds ?? 5;
      log.warn({ seconds }, 'Telegram asks to slow down');
      await deps.onSlowDown(seconds);
      await postpone(deps.db, due.id, { seconds, error: failure.message, countsAsAttempt: false });
      return;
    }
    case 'blocked':
      // Operators are tried on: nobody would think of writing to the bot to hear its alarms.
      if (due.userId === null) break;
      log.info('the user cannot be reached, messages are parked');
      await markParked(deps.db, due.chatId);
      return;
    case 'refused':
      if (due.userId === null) break;
      // Anything else would block its chat for ever.
      if (!due.delivers) {
        log.error({ cause: failure.message }, 'Telegram refuses a message for good');
        await markDropped(deps.db, due.id, failure.message);
        return;
      }
      // A part of a report is never thrown away, but what comes behind it must not wait for it.
      if (due.attempts >= MOST_REFUSALS) {
        log.error({ cause: failure.message }, 'Telegram refuses a part of a report, it is set aside');
        await setAside(deps.db, due.id, failure.message);
        return;
      }
      break;
    default:
  }
  const seconds = backoffMs(due.attempts, 1_000, LONGEST_PAUSE_MS) / 1000;
  log.warn({ cause: messageOf(failure), seconds }, 'message not sent, trying again');
  await postpone(deps.db, due.id, { seconds, error: failure.message, countsAsAttempt: true });
}
