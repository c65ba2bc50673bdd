import { setTimeout as timer } from 'node:timers/promises';

/** Time is handed in, so that tests can hold it. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

/** Waits `ms` milliseconds, or until the signal aborts; never throws. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await timer(Math.max(0, ms), undefined, signal ? { signal } : undefined).catch(() => undefined);
}
