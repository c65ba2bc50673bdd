import { type Db, rows } from '@mingdan/db';
import { explainRefusal } from '@mingdan/payments/doctor';
import type { Context } from '../context.ts';
import { withDatabase } from '../deps.ts';
import { localised } from '../print.ts';
import { CALL_TIMEOUT_MS, type Finding, findingsOf } from './finding.ts';
import { isGateway } from './gateways.ts';

const { ok, warn, fail } = findingsOf('notices');

/** One byte more than a notice may have: refused by its size, so that it leaves no trace in the record of refused notices. */
const TOO_LARGE = 'x'.repeat(64 * 1024 + 1);

export async function checkNotices(context: Context, call: typeof fetch): Promise<Finding[]> {
  const { config } = context.settings();
  const [first] = [...config.providers.keys()].filter(isGateway);
  const built = first === undefined ? [] : [`${config.urls.webhook}/webhook/${first}`];
  const own = Object.values({ ...config.notifyUrls, ...config.refundNotifyUrls });
  const urls = [...new Set([...built, ...own])];
  const probed = await Promise.all(urls.map((url) => probe(url, config.production, call)));
  return [...probed, ...(await refused(context))];
}

/** Is it the webhook process that answers where gateways send their notices? */
async function probe(url: string, production: boolean, call: typeof fetch): Promise<Finding> {
  const bad = production ? fail : warn;
  const { host, pathname } = new URL(url);
  const params = { host, path: pathname };
  try {
    const { status } = await call(url, {
      method: 'POST',
      body: TOO_LARGE,
      headers: { 'content-type': 'application/octet-stream' },
      redirect: 'manual',
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    });
    if (status === 413) return ok('arrive', params);
    if (status === 421) return bad('go_to_bot', params);
    return status >= 300 && status < 400 ? bad('redirected', params) : bad('go_astray', { ...params, status });
  } catch {
    return bad('no_answer', params);
  }
}

interface Refused {
  provider: string;
  count: number;
  whys: string[];
}

/** Single forgeries come to every public address; many with one reason are a setting. */
const MANY = 5;

async function refused(context: Context): Promise<Finding[]> {
  if (context.settings().config.databaseUrl === null) return [];
  // A database that is away or older is told by its own check.
  const found = await withDatabase(context, readRefused).catch(() => []);
  return found.flatMap(({ provider, count, whys }) => {
    const params = { provider, count, why: whys[0] ?? '' };
    const explained = whys.map((why) => explainRefusal(provider, why)).find((text) => text !== undefined);
    return [
      count >= MANY ? warn('refused', params) : ok('refused', params),
      ...(explained ? [warn('explained', { provider, text: localised(explained, context.texts()) })] : []),
    ];
  });
}

function readRefused(db: Db): Promise<Refused[]> {
  return rows<Refused>(
    db,
    `select provider, count(*) as count, (array_agg(why order by refused_at desc))[1:100] as whys from refused_notices
      where refused_at > now() - interval '7 days' group by provider order by provider`,
  );
}
