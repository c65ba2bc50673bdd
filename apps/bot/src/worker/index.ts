import { holdLease, listen } from '@mingdan/db';
import type { Fulfiller, FulfillerKey, FulfilmentDeps } from '@mingdan/fulfilment';
import { pause } from '@mingdan/kernel';
import { compareYesterday, type OperationDeps } from '@mingdan/operations';
import { blockedPause, type MailChannel, type OutboxChannel } from '@mingdan/outbox';
import cron from 'node-cron';
import { createAnnouncer } from './announce.ts';
import { createFulfilment } from './fulfil.ts';
import { type HousekeepingSettings, tidyUp } from './housekeeping.ts';
import { createJobs } from './jobs.ts';
import { type EndingCertificate, remindOperators } from './remind.ts';
import { remindMembers, remindOfGoods } from './remind-of-goods.ts';
import { createOutboxSender } from './send.ts';
import { createMailSender } from './send-mail.ts';

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
  readonly fulfillers: ReadonlyMap<FulfillerKey, Fulfiller>;
  readonly channel: OutboxChannel;
  /** null or left out: there is no mail server */
  readonly mail?: MailChannel | null;
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
  const mailSender = createMailSender({
    db,
    vault: operations.vault,
    log,
    channel: deps.mail ?? null,
    operatorChatId: operations.settings.operatorChatId,
    holder: settings.owner,
    maxHours: settings.deliveryMaxHours,
  });
  const announce = createAnnouncer(db);
  const wakeSenders = (): void => {
    sender.wake();
    mailSender.wake();
  };
  const onEnqueued = (): void => {
    wakeSenders();
    announce();
  };
  const fulfil = createFulfilment({ ...deps.fulfilment, onEnqueued }, deps.fulfillers, settings);
  const { money: moneyJobs, polled: polledJobs } = createJobs(deps, settings, onEnqueued);

  let calm: NodeJS.Timeout | undefined;
  function wake(): void {
    fulfil.wake();
    wakeSenders();
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
    if (payload === 'outbox') wakeSenders();
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
      const sent = Promise.all([sender.stop(), mailSender.stop()]);
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
  await remindMembers(deps.operations);
  await remindOfGoods(deps.operations);
  await compareYesterday(deps.operations);
  await pause(HOUR_MS, signal);
}

/** A cron line for every `seconds`; config has checked that they divide a minute. */
export function cronEvery(seconds: number): string {
  return seconds === 60 ? '0 * * * * *' : `*/${seconds} * * * * *`;
}
