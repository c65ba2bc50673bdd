import { z } from 'zod';
import type { Context } from '../context.ts';
import { CALL_TIMEOUT_MS, type Finding, findingsOf } from './finding.ts';

const { ok, warn, fail } = findingsOf('clock');

/** Signatures and tokens carry times: from a minute on gateways begin to refuse them. HTTP dates count whole seconds. */
const REFUSED_MS = 60_000;
const DRIFTS_MS = 10_000;

const addresses = z.looseObject({ apiBase: z.url().optional(), gatewayUrl: z.url().optional() });

/** Telegram and every gateway write their time into every answer. */
export async function checkClock(context: Context, call: typeof fetch): Promise<Finding[]> {
  const { telegram, providers } = context.settings().config;
  const gateways = [...providers.values()].flatMap((settings) => {
    const { apiBase, gatewayUrl } = addresses.safeParse(settings).data ?? {};
    return [apiBase, gatewayUrl].filter((url) => url !== undefined);
  });
  const byHost = new Map([telegram.apiRoot, ...gateways].map((url) => [new URL(url).host, url]));
  const found = await Promise.all([...byHost].map(([host, url]) => compare(context, call, host, url)));
  // Whether a gateway answers at all is told by its own check.
  const isTold = ({ key }: Finding): boolean => key !== 'no_date' && key !== 'no_answer';
  return found.filter((finding, at) => at === 0 || isTold(finding));
}

async function compare(context: Context, call: typeof fetch, host: string, url: string): Promise<Finding> {
  const before = context.clock.now().getTime();
  try {
    const response = await call(url, {
      method: 'HEAD',
      redirect: 'manual',
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    });
    const theirs = Date.parse(response.headers.get('date') ?? '');
    if (Number.isNaN(theirs)) return warn('no_date', { host });
    const now = (before + context.clock.now().getTime()) / 2;
    const off = Math.abs(theirs - now);
    const params = { host, seconds: Math.round(off / 1000) };
    if (off > REFUSED_MS) return fail('off', params);
    return off > DRIFTS_MS ? warn('drifts', params) : ok('agrees', params);
  } catch {
    return warn('no_answer', { host });
  }
}
