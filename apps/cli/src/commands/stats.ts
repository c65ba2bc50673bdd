import { type Stats, stats } from '@mingdan/operations';
import type { Command } from 'commander';
import { type Answer, answering } from '../answer.ts';
import { sinceArgument } from '../arguments.ts';
import type { Context } from '../context.ts';
import { withDatabase } from '../deps.ts';
import { fields, timeText, word } from '../print.ts';
import type { Texts } from '../texts.ts';

export function registerStats(program: Command, context: Context): void {
  answering(program, context, 'stats', 'Orders, money, speed and what waits, at a glance.', async (_, options) => {
    const since = options.since instanceof Date ? options.since : sinceArgument('30d', context.clock.now());
    const found = await withDatabase(context, (db) => stats(db, since));
    return answer(context, since, found);
  }).option('--since <time>', 'orders and money from then on: 30d, 12h, 2026-11-01 (default: 30d)', (text) =>
    sinceArgument(text, context.clock.now()),
  );
}

function answer(context: Context, since: Date, found: Stats): Answer {
  const texts = context.texts();
  return { json: { since: since.toISOString(), ...found }, lines: linesOf(texts, since, found) };
}

function linesOf(texts: Texts, since: Date, found: Stats): string[] {
  const { t } = texts;
  const seconds = (value: number | null) => (value === null ? null : `${Math.round(value)} s`);
  const orders = Object.entries(found.orders).map(([status, count]) => `  ${word(texts, 'status', status)}: ${count}`);
  const money = found.revenue.map((one) => `  ${t('stats.money', one)}`);
  return [
    t('stats.since', { time: timeText(since) }),
    `${t('stats.orders')}${orders.length === 0 ? ' 0' : ''}`,
    ...orders,
    `${t('stats.revenue')}${money.length === 0 ? ' 0' : ''}`,
    ...money,
    ...fields([
      [t('stats.p50'), seconds(found.fulfilmentSeconds.p50)],
      [t('stats.p95'), seconds(found.fulfilmentSeconds.p95)],
      [t('stats.model'), t('stats.model_value', found.model)],
      [t('stats.outbox'), t('stats.outbox_value', found.outbox)],
      [t('stats.inbox'), found.inboxOpen],
      [t('stats.oldest_paid'), seconds(found.oldestPaidSeconds)],
      [t('stats.paused'), found.pausedSince === null ? null : timeText(new Date(found.pausedSince))],
    ]),
  ];
}
