import type { CliConfig } from '@mingdan/config';
import { type Db, row } from '@mingdan/db';
import { gatewayHealth } from '@mingdan/operations';
import { readMaintenance } from '@mingdan/orders';
import { providerCapabilities } from '@mingdan/payments/capabilities';
import type { Context } from '../context.ts';
import { withDatabase } from '../deps.ts';
import { dayText, timeText } from '../print.ts';
import { currencyOfRate, readRates } from '../site-rates.ts';
import { type Finding, findingsOf } from './finding.ts';

const { ok, warn, fail } = findingsOf('offer');

const OLD_RATE_MS = 30 * 86_400_000;

/** What buyers can choose from, and what stands in the way of it. */
export async function checkOffer(context: Context): Promise<Finding[]> {
  const { config } = context.settings();
  const inChat = chat(config);
  if (config.databaseUrl === null) return inChat;
  // A database that is away or older is told by its own check.
  const looked = await withDatabase(context, async (db) => [
    ...(await starPrices(db, config)),
    ...(await paused(db)),
    ...(await rates(context, db, config)),
  ]).catch(() => []);
  return [...inChat, ...looked];
}

/** Telegram's rule, said plainly: whether to follow it is the operator's decision, and theirs to know of. */
function chat({ chatStarsOnly, offered, production }: CliConfig): Finding[] {
  if (chatStarsOnly) return [ok('chat_stars_only')];
  if (offered.every((provider) => provider === 'stars')) return [];
  return [production ? warn('chat_takes_money') : ok('chat_takes_money')];
}

async function starPrices(db: Db, { chatStarsOnly, starsByRate }: CliConfig): Promise<Finding[]> {
  if (!chatStarsOnly || starsByRate) return [];
  const found = await row<{ without: number; all: number }>(
    db,
    `select count(*) filter (where price_stars is null) as without, count(*) as all from products where active and price_minor > 0`,
  );
  if (!found || found.without === 0) return [];
  const params = { without: found.without, all: found.all };
  return [found.without === found.all ? fail('no_star_prices', params) : warn('no_star_prices', params)];
}

async function paused(db: Db): Promise<Finding[]> {
  const [site, gateways] = await Promise.all([readMaintenance(db), gatewayHealth(db)]);
  return [
    ...(site.on ? [warn('maintenance')] : []),
    ...gateways.flatMap(({ provider, maintenance, openedAt, failures, lastError }) => [
      ...(maintenance ? [warn('gateway_maintenance', { provider })] : []),
      ...(openedAt === null
        ? []
        : [warn('gateway_out', { provider, failures, time: timeText(openedAt), cause: lastError ?? '' })]),
    ]),
  ];
}

/** Only the rates that something on offer is priced by. */
async function rates(context: Context, db: Db, { offered, starsByRate }: CliConfig): Promise<Finding[]> {
  const currencies = new Set<string>(
    offered
      .filter((provider) => provider !== 'stars' || starsByRate)
      .flatMap((provider) => providerCapabilities.get(provider)?.methods ?? [])
      .map(({ currency }) => currency),
  );
  const used = (await readRates(db)).filter(({ key }) => currencies.has(currencyOfRate[key]));
  return used.map(({ key, value, setAt }) => {
    if (setAt === null) return warn('rate_default', { key, value });
    const params = { key, value, day: dayText(setAt) };
    return context.clock.now().getTime() - setAt.getTime() > OLD_RATE_MS
      ? warn('rate_old', params)
      : ok('rate', params);
  });
}
