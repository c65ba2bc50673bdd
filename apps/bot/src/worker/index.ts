import { holdLease, listen } from '@mingdan/db';
import type { Fulfiller, FulfilmentDeps } from '@mingdan/fulfilment';
import { type OrderKind, pause } from '@mingdan/kernel';
import { askDuePayments, compareYesterday, type OperationDeps, refundOverdueHeld } from '@mingdan/operations';
import { blockedPause, type OutboxChannel } from '@mingdan/outbox';
import cron from 'node-cron';
import { createAnnouncer } from './announce.ts';
import { closeEnded, expireOverdue } from './expire.ts';
import { createFulfilment } from './fulfil.ts';
import { type HousekeepingSettings, keepPromises, tidyUp } from './housekeeping.ts';
import { createLoop, type Loop } from './loop.ts';
import { refundDue } from './refund.ts';
import { type EndingCertificate, remindOperators } from './remind.ts';
import { createOutboxSender } from './send.ts';
import { tellFlaggedNotices } from './tell-flagged.ts';
import { tellFailedPayments, tellSecondPayments, tellSeenPayments } from './tell-payments.ts';
import { tellSettledRefunds } from './tell-refunds.ts';
import { tellRefusedNotices } from './tell-refused.ts';

export interface WorkerSettings extends HousekeepingSettings {
  /** unique for this start of the process */
  readonly owner: string;
  readonly databaseUrl: string;
  readonly databaseCa: string | undefined;
  readonly pollSeconds: number;
  readonly concurrency: number;
  readonly leaseSeconds: number;
  readonly retryBaseMs: number;
  /** of the gateways' certificates those that end soon, as of now */
  readonly endingCertificates: () => readonly EndingCertificate[];
}

export interface WorkerDeps {
  readonly operations: OperationDeps;
  readonly fulfilment: FulfilmentDeps;
  readonly fulfillers: ReadonlyMap<OrderKind, Fulfiller>;
  readonly channel: OutboxChannel;
}

export interface Worker {
  /** looks for work now */
  wake(): void;
  /** something was put into the outbox */
  wakeSender(): void;
  stop(): Promise<void>;
}

/** Notifications of a burst of payments are gathered for this long before the slower jobs look. */
const CALM_MS = 200;

/**
 * The worker role. PostgreSQL's NOTIFY wakes it at once; node-cron wakes it every `pollSeconds` in case one was lost. Every job finds its
 * work in the database by itself, so a wake-up says no more than "look".
 */
export function startWorker(deps: WorkerDeps, settings: WorkerSettings): Worker {
  const { operations } = deps;
  const { db, log } = operations;
  const stopping = new AbortController();
  const sender = createOutboxSender({
    db,
    vault: operations.vault,
    log,
    channel: deps.channel,
    holder: settings.owner,
    onSlowDown: (seconds) => blockedPause(db, seconds),
  });
  const announce = createAnnouncer(db);
  const onEnqueued = (): void => {
    sender.wake();
    announce();
  };
  const fulfil = createFulfilment({ ...deps.fulfilment, onEnqueued }, deps.fulfillers, settings);
  const job = (name: string, run: () => Promise<void>): Loop => createLoop(name, log, run, onEnqueued);
  // Each its own loop: a gateway that hangs holds up no message, and a message that cannot be written holds up no refund.
  const moneyJobs = [
    job('tell failed payments', () => tellFailedPayments(operations)),
    job('tell seen payments', () => tellSeenPayments(operations)),
    job('tell second payments', () => tellSecondPayments(operations)),
    job('tell settled refunds', () => tellSettledRefunds(operations)),
    job('tell flagged notices', () => tellFlaggedNotices(operations)),
    job('ask for refunds', async () => {
      await refundDue(operations, settings);
      await tellSettledRefunds(operations);
    }),
  ];
  const polledJobs = [
    job('tell refused notices', () => tellRefusedNotices(operations)),
    job('ask due payments', () => askDuePayments(operations)),
    job('refund held money', () => refundOverdueHeld(operations)),
    job('expire', () => expireOverdue(operations)),
    job('close ended', () => closeEnded(operations)),
    job('keep promises', () => keepPromises(deps.fulfilment, settings)),
  ];

  let calm: NodeJS.Timeout | undefined;
  function wake(): void {
    fulfil.wake();
    sender.wake();
    calm ??= setTimeout(() => {
      calm = undefined;
      for (const each of moneyJobs) each.wake();
    }, CALM_MS);
  }
  function poll(): void {
    wake();
    for (const each of polledJobs) each.wake();
  }
  function heard(payload: string): void {
    if (payload === 'outbox') sender.wake();
    else if (payload !== 'updates') wake();
  }

  const listener = listen({
    url: settings.databaseUrl,
    ...(settings.databaseCa ? { ca: settings.databaseCa } : {}),
    channel: 'mingdan_work',
    log,
    onNotice: heard,
  });
  const schedule = cron.schedule(cronEvery(settings.pollSeconds), () => poll());
  // Refunds and rests come due between polls: a light look at them needs no minute-long wait.
  const dueTimer = setInterval(wake, 2_000);
  const tidying = holdLease(
    { db, name: 'tidy-up', holder: settings.owner, seconds: 60, log, signal: stopping.signal },
    (signal) => tidyHourly(deps, settings, signal),
  );
  poll();

  return {
    wake,
    wakeSender: onEnqueued,
    async stop() {
      stopping.abort();
      // Before anything else: what is not sent yet is sent by the next process.
      const sent = sender.stop();
      clearInterval(dueTimer);
      clearTimeout(calm);
      await schedule.stop();
      await Promise.all([
        listener.stop(),
        fulfil.stop(),
        tidying,
        ...[...moneyJobs, ...polledJobs].map((each) => each.stop()),
      ]);
      await sent;
    },
  };
}

const HOUR_MS = 3_600_000;

async function tidyHourly(deps: WorkerDeps, settings: WorkerSettings, signal: AbortSignal): Promise<void> {
  await tidyUp(deps.operations.db);
  await remindOperators(deps.operations, settings.endingCertificates());
  await compareYesterday(deps.operations);
  await pause(HOUR_MS, signal);
}

/** A cron line for every `seconds`; config has checked that they divide a minute. */
export function cronEvery(seconds: number): string {
  return seconds === 60 ? '0 * * * * *' : `*/${seconds} * * * * *`;
}
