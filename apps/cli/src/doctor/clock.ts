import type { Context } from '../context.ts';
import { CALL_TIMEOUT_MS, type Finding, findingsOf } from './finding.ts';

const { ok, warn, fail } = findingsOf('clock');

/** Signatures and tokens carry times; gateways refuse a clock that is minutes off. HTTP dates count whole seconds. */
const OFF_MS = 10_000;

export async function checkClock(context: Context, call: typeof fetch): Promise<Finding[]> {
  const { apiRoot } = context.settings().config.telegram;
  const before = context.clock.now().getTime();
  try {
    const response = await call(apiRoot, {
      method: 'HEAD',
      redirect: 'manual',
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    });
    const theirs = Date.parse(response.headers.get('date') ?? '');
    if (Number.isNaN(theirs)) return [warn('no_date', { host: new URL(apiRoot).host })];
    const now = (before + context.clock.now().getTime()) / 2;
    const seconds = Math.round(Math.abs(theirs - now) / 1000);
    const params = { host: new URL(apiRoot).host, seconds };
    return [Math.abs(theirs - now) > OFF_MS ? fail('off', params) : ok('agrees', params)];
  } catch {
    return [warn('no_answer', { host: new URL(apiRoot).host })];
  }
}
