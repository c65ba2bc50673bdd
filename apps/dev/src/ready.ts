import { setTimeout as sleep } from 'node:timers/promises';
import { MingdanError } from '@mingdan/kernel';
import type { Child } from './children.ts';

const WITHIN_MS = 60_000;
/** A process that ends so often before it ever was ready will not get ready. */
const DEATHS = 3;

/** Asks `url` until it answers 200. @throws MingdanError not_ready, or why `stopped` was aborted */
export async function untilReady(child: Child, url: string, stopped: AbortSignal): Promise<void> {
  const end = Date.now() + WITHIN_MS;
  while (Date.now() < end && child.deaths() < DEATHS) {
    stopped.throwIfAborted();
    if (await answers(url)) return;
    await sleep(50);
  }
  throw new MingdanError('not_ready', `The ${child.name} process does not get ready`, {
    hint: 'Its lines above say why.',
  });
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}
