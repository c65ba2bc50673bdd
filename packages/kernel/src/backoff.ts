/**
 * Exponential backoff with full-range jitter on the upper half: base × 2^attempt, between 50 % and 100 % of it.
 * @param attempt how many tries have failed before this wait, from 0
 * @returns milliseconds
 */
export function backoffMs(attempt: number, baseMs: number, capMs: number, random: () => number = Math.random): number {
  const full = Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30));
  return Math.round(full / 2 + (full / 2) * random());
}
