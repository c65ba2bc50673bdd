import { changed, rows } from '@mingdan/db';
import { type Currency, messageOf, moneyText, splitGatewayOrderId } from '@mingdan/kernel';
import { IS_COIN_PART } from '@mingdan/orders';
import type { ListedPayment, PaymentClient, ProviderName } from '@mingdan/payments';
import { providerCapabilities } from '@mingdan/payments/capabilities';
import { unnamedPaymentId } from './attempts.ts';
import { bookMissing } from './book-listed.ts';
import type { OperationDeps } from './contract.ts';
import { tellOperators } from './tell-operators.ts';

/** One day of one gateway: what it says came in, beside what we have. */
export interface DayComparison {
  readonly provider: ProviderName;
  /** of Asia/Shanghai, 2026-11-21 */
  readonly day: string;
  readonly currency: string;
  readonly oursCount: number;
  readonly oursMinor: number;
  readonly theirsCount: number;
  readonly theirsMinor: number;
  readonly differences: readonly Difference[];
  readonly by: 'list' | 'query';
}

export interface Difference {
  /** `missing_here`: they have it, we did not (it is booked now); `missing_there`: we have it, they do not */
  readonly what: 'missing_here' | 'missing_there' | 'amount' | 'refunded';
  readonly gatewayOrderId: string | null;
  readonly providerPaymentId: string;
  readonly oursMinor: number | null;
  readonly theirsMinor: number | null;
}

interface Booked {
  readonly gatewayOrderId: string | null;
  readonly providerPaymentId: string;
  readonly minor: number;
  readonly refundedMinor: number;
  readonly currency: Currency;
  readonly at: Date;
}

const HOUR_MS = 3_600_000;
/** Theirs and ours are some seconds apart: what one of the two has near midnight is looked for on the other side of it too. */
const MARGIN_MS = HOUR_MS;
const ASKED_AT_ONCE = 3;

const shanghaiDay = new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Shanghai' });

/** The day before, as Shanghai counts. */
export function yesterdayInShanghai(now: Date): string {
  return shanghaiDay.format(new Date(now.getTime() - 24 * HOUR_MS));
}

/** Compares the day before with every gateway that was not compared yet. One that does not answer is tried again next time. */
export async function compareYesterday(deps: OperationDeps): Promise<void> {
  const day = yesterdayInShanghai(deps.clock.now());
  const done = await rows<{ provider: string }>(
    deps.db,
    'select provider from reconciliations where day = :day::date',
    { day },
  );
  for (const client of deps.clients.values()) {
    if (done.some(({ provider }) => provider === client.provider)) continue;
    await compareDay(deps, client.provider, day).catch((error: unknown) =>
      deps.log.warn({ provider: client.provider, day, cause: messageOf(error) }, 'a day could not be compared'),
    );
  }
}

/**
 * Their day beside ours, kept with its differences; money that they have and we did not is booked on the way, as a lost notice.
 * @throws GatewayUnreachable | GatewayRefused
 */
export async function compareDay(
  deps: OperationDeps,
  provider: ProviderName,
  day: string,
): Promise<DayComparison | null> {
  const client = deps.clients.get(provider);
  const known = providerCapabilities.get(provider);
  if (!client || !known?.query) return null;
  const from = new Date(`${day}T00:00:00+08:00`);
  const to = new Date(from.getTime() + 24 * HOUR_MS);
  const list = client.listPayments?.bind(client);
  const theirs = list
    ? await list(new Date(from.getTime() - MARGIN_MS), new Date(to.getTime() + MARGIN_MS))
    : await askForEach(deps, client, from, to);
  const ours = await bookedOf(deps, provider, new Date(from.getTime() - MARGIN_MS), new Date(to.getTime() + MARGIN_MS));
  const currency = known.methods[0]?.currency ?? 'CNY';
  const found = compare(ours, theirs.filter(isOurs), from, to);
  const result: DayComparison = { provider, day, currency, ...found, by: list ? 'list' : 'query' };
  await bookMissing(deps, provider, theirs, found.differences);
  await keep(deps, result);
  return result;
}

/** An account may serve other shops too. */
function isOurs(payment: ListedPayment): boolean {
  return payment.gatewayOrderId !== null && splitGatewayOrderId(payment.gatewayOrderId) !== null;
}

function compare(ours: readonly Booked[], theirs: readonly ListedPayment[], from: Date, to: Date) {
  const mine = new Map(ours.map((payment) => [payment.providerPaymentId, payment]));
  const theirOwn = new Map(theirs.map((payment) => [payment.providerPaymentId, payment]));
  const isOfDay = (at: Date): boolean => at >= from && at < to;
  const theirsOfDay = theirs.filter(({ paidAt }) => isOfDay(paidAt));
  // What both have belongs to the day on which they say that it was paid.
  const oursOfDay = ours.filter(({ providerPaymentId, at }) => isOfDay(theirOwn.get(providerPaymentId)?.paidAt ?? at));
  const differences = [
    ...theirsOfDay.flatMap((payment) => differenceOf(payment, mine.get(payment.providerPaymentId))),
    ...oursOfDay
      .filter(({ providerPaymentId }) => !theirOwn.has(providerPaymentId))
      .map((payment) => difference('missing_there', payment, payment.minor, null)),
  ];
  return {
    oursCount: oursOfDay.length,
    oursMinor: oursOfDay.reduce((sum, { minor }) => sum + minor, 0),
    theirsCount: theirsOfDay.length,
    theirsMinor: theirsOfDay.reduce((sum, { amount }) => sum + amount.minor, 0),
    differences,
  };
}

function differenceOf(payment: ListedPayment, mine: Booked | undefined): Difference[] {
  if (!mine) return [difference('missing_here', payment, null, payment.amount.minor)];
  if (mine.minor !== payment.amount.minor) return [difference('amount', payment, mine.minor, payment.amount.minor)];
  if (payment.refundedMinor !== null && payment.refundedMinor !== mine.refundedMinor)
    return [difference('refunded', payment, mine.refundedMinor, payment.refundedMinor)];
  return [];
}

function difference(
  what: Difference['what'],
  { gatewayOrderId, providerPaymentId }: Pick<Booked, 'gatewayOrderId' | 'providerPaymentId'>,
  oursMinor: number | null,
  theirsMinor: number | null,
): Difference {
  return { what, gatewayOrderId, providerPaymentId, oursMinor, theirsMinor };
}

async function bookedOf(deps: OperationDeps, provider: ProviderName, from: Date, to: Date): Promise<Booked[]> {
  return rows<Booked>(
    deps.db,
    `select coalesce(t.gateway_order_id, a.gateway_order_id) as "gatewayOrderId", t.provider_payment_id as "providerPaymentId",
            t.amount_minor as minor, t.refunded_minor as "refundedMinor", t.currency, t.created_at as at
       from payment_transactions t left join payment_attempts a on a.id = t.attempt_id
      where t.provider = :provider and t.created_at >= :from and t.created_at < :to
        -- coins that pay a part of an order are booked by the rest of its money, and stand in no attempt that could be asked about
        and not ${IS_COIN_PART}
     -- money that fits no order is here too, and somebody decides about it already
     union all
     select gateway_order_id, payment_key, amount_minor, 0, currency, created_at from held_payments
      where provider = :provider and status = 'held' and amount_minor is not null and created_at >= :from and created_at < :to`,
    { provider, from, to },
  );
}

/** A gateway without a list is asked for each payment that may have been paid that day. */
async function askForEach(deps: OperationDeps, client: PaymentClient, from: Date, to: Date): Promise<ListedPayment[]> {
  const attempts = await rows<{
    gatewayOrderId: string;
    paymentId: string | null;
    bookedAt: Date | null;
    bookedId: string | null;
  }>(
    deps.db,
    `select a.gateway_order_id as "gatewayOrderId", a.provider_payment_id as "paymentId", t.created_at as "bookedAt", t.provider_payment_id as "bookedId"
       from payment_attempts a left join payment_transactions t on t.attempt_id = a.id
      where a.provider = :provider and a.created_at >= :from::timestamptz - interval '1 day' and a.created_at < :to`,
    { provider: client.provider, from, to },
  );
  const found: ListedPayment[] = [];
  const waiting = [...attempts];
  const askOneByOne = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const state = await client.queryPayment({
        gatewayOrderId: next.gatewayOrderId,
        providerPaymentId: next.paymentId,
      });
      if (state.status !== 'paid' || state.amount === null) continue;
      found.push({
        gatewayOrderId: next.gatewayOrderId,
        providerPaymentId: next.bookedId ?? state.providerPaymentId ?? unnamedPaymentId(next.gatewayOrderId),
        amount: state.amount,
        // Of one that we have not, what went back counts as all of it.
        refundedMinor: state.givenBack && next.bookedId === null ? state.amount.minor : null,
        paidAt: state.paidAt ?? next.bookedAt ?? from,
      });
    }
  };
  await Promise.all(Array.from({ length: ASKED_AT_ONCE }, askOneByOne));
  return found;
}

async function keep(deps: OperationDeps, result: DayComparison): Promise<void> {
  const { provider, day, currency, oursCount, oursMinor, theirsCount, theirsMinor, differences, by } = result;
  await deps.db.transaction(async (tx) => {
    await changed(
      tx,
      `insert into reconciliations (provider, day, currency, ours_count, ours_minor, theirs_count, theirs_minor, differences, by)
       values (:provider, :day::date, :currency, :oursCount, :oursMinor, :theirsCount, :theirsMinor, :differences::jsonb, :by)
       on conflict (provider, day, currency) do update
         set ours_count = excluded.ours_count, ours_minor = excluded.ours_minor, theirs_count = excluded.theirs_count,
             theirs_minor = excluded.theirs_minor, differences = excluded.differences, by = excluded.by, checked_at = now()`,
      {
        provider,
        day,
        currency,
        oursCount,
        oursMinor,
        theirsCount,
        theirsMinor,
        differences: JSON.stringify(differences),
        by,
      },
    );
    if (differences.length === 0) return;
    const text = (minor: number): string => moneyText({ minor, currency: currency as Currency });
    const params = { provider, day, ours: text(oursMinor), theirs: text(theirsMinor), differences: differences.length };
    await tellOperators(deps, tx, `day:${provider}:${day}`, { template: 'alarm_days_differ', params });
  });
  deps.log.info(
    { provider, day, ours_minor: oursMinor, theirs_minor: theirsMinor, differences: differences.length },
    'day compared',
  );
}

/** The last comparison of each day since then. */
export async function comparisonsSince(
  deps: Pick<OperationDeps, 'db'>,
  since: Date,
): Promise<(DayComparison & { checkedAt: Date })[]> {
  return rows(
    deps.db,
    `select provider, day::text as day, currency, ours_count as "oursCount", ours_minor as "oursMinor", theirs_count as "theirsCount",
            theirs_minor as "theirsMinor", differences, by, checked_at as "checkedAt"
       from reconciliations where day >= (:since::timestamptz at time zone 'Asia/Shanghai')::date order by day, provider`,
    { since },
  );
}
