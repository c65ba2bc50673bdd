import { setTimeout as sleep } from 'node:timers/promises';

/** Generous: a busy machine makes a test slow, never red. */
export const PATIENCE_MS = 60_000;

type Nothing = undefined | null | false | 0;

/** Looks until there is something. @throws Error that says what did not happen */
export async function until<T>(
  look: () => T | Nothing | Promise<T | Nothing>,
  what: string | (() => string),
  ms = PATIENCE_MS,
): Promise<T> {
  const end = performance.now() + ms;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (performance.now() > end)
      throw new Error(`it did not happen within ${ms} ms: ${typeof what === 'string' ? what : what()}`);
    await sleep(40);
  }
}
