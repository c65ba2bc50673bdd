import { formatAmount, isCurrency, messageOf } from '@mingdan/kernel';
import { askOpenPayments, compareDay, type DayComparison, type OperationDeps } from '@mingdan/operations';
import type { ProviderName } from '@mingdan/payments/settings';
import { type Command, InvalidArgumentError } from 'commander';
import { type Answer, answering } from '../answer.ts';
import { sinceArgument } from '../arguments.ts';
import type { Context } from '../context.ts';
import { withOperations } from '../deps.ts';
import { dayText } from '../print.ts';

const DAY_MS = 86_400_000;
/** Each day is a question to each gateway, and gateways count questions. */
const MOST_DAYS = 92;

export function registerReconcile(program: Command, context: Context): void {
  const since = (text: string): Date => {
    const from = sinceArgument(text, context.clock.now());
    if (daysSince(context, from).length > MOST_DAYS) throw new InvalidArgumentError(`At most ${MOST_DAYS} days back.`);
    return from;
  };
  answering(
    program,
    context,
    'reconcile',
    'Ask the gateways about open payments, book what they say, and compare their days with ours.',
    (_, options) =>
      withOperations(context, (deps) =>
        reconcile(context, deps, options.since instanceof Date ? options.since : since('1d')),
      ),
  ).option('--since <time>', 'from then on: 7d, 12h, 2026-11-01 (default: 1d)', since);
}

interface Silent {
  provider: ProviderName;
  day: string;
  why: string;
}

async function reconcile(context: Context, deps: OperationDeps, since: Date): Promise<Answer> {
  const asked = await askOpenPayments(deps, since);
  const compared: DayComparison[] = [];
  const silent: Silent[] = [];
  for (const provider of deps.clients.keys()) {
    for (const day of daysSince(context, since)) {
      try {
        const result = await compareDay(deps, provider, day);
        if (result) compared.push(result);
      } catch (error) {
        silent.push({ provider, day, why: messageOf(error) });
        // The next day would be another time-out.
        break;
      }
    }
  }
  return answer(context, { since, asked, compared, silent });
}

/** The days of Asia/Shanghai, whole or begun. */
function daysSince({ clock }: Context, since: Date): string[] {
  const days = new Set<string>();
  const now = clock.now().getTime();
  for (let at = since.getTime(); at < now; at += DAY_MS) days.add(dayText(new Date(at)));
  return [...days.add(dayText(new Date(now)))];
}

interface Reconciled {
  since: Date;
  asked: number;
  compared: readonly DayComparison[];
  silent: readonly Silent[];
}

function answer(context: Context, { since, asked, compared, silent }: Reconciled): Answer {
  const { t } = context.texts();
  return {
    json: { since: since.toISOString(), asked, days: compared.map(toJson), unanswered: silent },
    lines: [
      t('reconcile.asked', { asked }),
      ...compared.filter(isWorthALine).flatMap((day) => linesOf(context, day)),
      ...(compared.some(isWorthALine) || silent.length > 0 ? [] : [t('reconcile.nothing')]),
      ...silent.map((one) => t('reconcile.silent', { ...one })),
    ],
    failed: silent.length > 0,
  };
}

function isWorthALine({ oursCount, theirsCount, differences }: DayComparison): boolean {
  return oursCount > 0 || theirsCount > 0 || differences.length > 0;
}

function toJson(day: DayComparison): object {
  const { oursCount, oursMinor, theirsCount, theirsMinor, differences, ...rest } = day;
  return {
    ...rest,
    ours: { count: oursCount, amount: amountText(day, oursMinor) },
    theirs: { count: theirsCount, amount: amountText(day, theirsMinor) },
    differences: differences.map((one) => ({
      what: one.what,
      gateway_order_id: one.gatewayOrderId,
      payment_id: one.providerPaymentId,
      ours: one.oursMinor === null ? null : amountText(day, one.oursMinor),
      theirs: one.theirsMinor === null ? null : amountText(day, one.theirsMinor),
    })),
  };
}

function amountText({ currency }: DayComparison, minor: number): string {
  return isCurrency(currency) ? formatAmount({ minor, currency }) : String(minor);
}

function linesOf(context: Context, day: DayComparison): string[] {
  const { t } = context.texts();
  const { provider, currency, oursCount, theirsCount, oursMinor, theirsMinor, differences } = day;
  const params = {
    day: day.day,
    provider,
    currency,
    oursCount,
    theirsCount,
    ours: amountText(day, oursMinor),
    theirs: amountText(day, theirsMinor),
  };
  return [
    `${differences.length === 0 ? '✓' : '✗'} ${t('reconcile.day', params)}`,
    ...differences.map(
      ({ what, gatewayOrderId, providerPaymentId }) =>
        `  ${t(`reconcile.${what}`)}: ${[gatewayOrderId, providerPaymentId].filter(Boolean).join('  ')}`,
    ),
  ];
}
