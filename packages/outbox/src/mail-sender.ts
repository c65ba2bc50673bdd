import { createHash } from 'node:crypto';
import { type Db, isConnectionError } from '@mingdan/db';
import { backoffMs, type Logger, pause, type Vault } from '@mingdan/kernel';
import { type DueMail, dropMail, markMailed, openMail } from './mail-queue.ts';
import type { Message } from './message.ts';
import { postpone, setAside } from './queue.ts';

export interface OutgoingMail {
  readonly to: string;
  readonly language: string | null;
  readonly message: Message;
  /** null: about no order */
  readonly orderNo: string | null;
  /** slug of what was ordered, where the shop sells it; null: it does not */
  readonly product: string | null;
  /** the same for every try of one mail, so that a mailbox recognises a repeat; without a host */
  readonly messageId: string;
}

/** Why a mail was not taken. `cause` holds numbers and codes only: what servers say repeats the address. */
export interface MailFailure {
  /** `refused`: there is no such mailbox, and there will be none tomorrow */
  readonly kind: 'refused' | 'later';
  readonly cause: string;
}

/** How a mail reaches a mail server. */
export interface MailChannel {
  send(mail: OutgoingMail): Promise<void>;
  failureOf(error: unknown): MailFailure;
}

export interface MailSenderDeps {
  readonly db: Db;
  readonly vault: Vault;
  readonly log: Logger;
  /** null: there is no mail server, and mails wait for one until they are too old */
  readonly channel: MailChannel | null;
  /** A buyer hears nothing: somebody should know. In the transaction that gives the mail up. */
  readonly onGivenUp: (tx: Db, mail: DueMail, cause: string) => Promise<void>;
  readonly signal: AbortSignal;
  readonly retryBaseMs?: number;
}

const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 60 * 60_000;

/** From the dedupe key, which may hold an order number: an id that tells nothing. */
export function messageIdOf(dedupeKey: string): string {
  return createHash('sha256').update(`mail:${dedupeKey}`).digest('hex').slice(0, 32);
}

/**
 * Sends one mail and writes down what became of it. Never throws for what a mail server does. A mail is sent again when the server's
 * answer was lost; its Message-ID stays the same.
 */
export async function sendMail(deps: MailSenderDeps, mail: DueMail): Promise<void> {
  const log = deps.log.child({ order_no: mail.orderNo ?? undefined, outbox_id: mail.id });
  if (mail.tooOld) return giveUp(deps, mail, 'too old', log);
  if (deps.channel === null) return;
  const opened = opening(deps, mail);
  if (opened === undefined) {
    log.error('a mail does not open: its data key is not in DATA_ENCRYPTION_KEY; it is set aside');
    return setAside(deps.db, mail.id, 'its data key is not here');
  }
  const { to, message } = opened;
  const started = performance.now();
  try {
    const { language, orderNo, product } = mail;
    await deps.channel.send({ to, message, language, orderNo, product, messageId: messageIdOf(mail.dedupeKey) });
  } catch (error) {
    const failure = deps.channel.failureOf(error);
    if (failure.kind === 'refused') return giveUp(deps, mail, failure.cause, log);
    const seconds = backoffMs(mail.attempts, deps.retryBaseMs ?? FIRST_PAUSE_MS, LONGEST_PAUSE_MS) / 1000;
    log.warn({ cause: failure.cause, seconds }, 'mail not sent, trying again');
    return postpone(deps.db, mail.id, { seconds, error: failure.cause, countsAsAttempt: true });
  }
  await noteMailed(deps, mail.id);
  log.info({ template: message.template, ms: Math.round(performance.now() - started) }, 'mail sent');
}

function opening(deps: MailSenderDeps, mail: DueMail): { to: string; message: Message } | undefined {
  try {
    return openMail(deps.vault, mail);
  } catch {
    return undefined;
  }
}

async function giveUp(deps: MailSenderDeps, mail: DueMail, cause: string, log: Logger): Promise<void> {
  const given = await deps.db.transaction(async (tx) => {
    if (!(await dropMail(tx, mail.id, cause))) return false;
    // Where there never was a mail server, operators were told so at the start.
    if (deps.channel !== null) await deps.onGivenUp(tx, mail, cause);
    return true;
  });
  if (given) log.error({ cause }, 'a mail is given up');
}

/** It was sent: while the database is away the note waits, since a mail whose note is lost would be sent again. */
async function noteMailed(deps: MailSenderDeps, id: number): Promise<void> {
  for (;;) {
    try {
      return await markMailed(deps.db, id);
    } catch (error) {
      if (!isConnectionError(error) || deps.signal.aborted) throw error;
      await pause(500, deps.signal);
    }
  }
}
