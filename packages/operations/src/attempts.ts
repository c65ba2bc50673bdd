import { changed, type Db, row, rows } from '@mingdan/db';
import type { Money } from '@mingdan/kernel';
import type { Order } from '@mingdan/orders';
import type { CreatedPayment, ProviderName } from '@mingdan/payments';
import { providerCapabilities } from '@mingdan/payments/capabilities';
import { OperationRefused } from './errors.ts';

/** A payment of an order at a gateway, as asked of it. */
export interface Attempt {
  readonly id: number;
  readonly provider: ProviderName;
  readonly method: string;
  readonly gatewayOrderId: string;
  readonly providerPaymentId: string | null;
  readonly paymentUrl: string | null;
  readonly qrCode: string | null;
  readonly clientParams: Readonly<Record<string, string>> | null;
  readonly shownUntil: Date | null;
  readonly status: 'open' | 'closed';
  readonly amount: Money;
}

/** Of one row, and with no other table that has columns of these names. */
export const ATTEMPT_COLUMNS = `id, provider, method, gateway_order_id as "gatewayOrderId", provider_payment_id as "providerPaymentId", payment_url as "paymentUrl",
  qr_code as "qrCode", client_params as "clientParams", shown_until as "shownUntil", status,
  jsonb_build_object('minor', amount_minor, 'currency', currency) as amount`;

export function attemptsOf(db: Db, orderId: number): Promise<Attempt[]> {
  return rows<Attempt>(db, `select ${ATTEMPT_COLUMNS} from payment_attempts where order_id = :orderId order by id`, {
    orderId,
  });
}

/** How often two that open different methods at once may get in each other's way. */
const TRIES = 5;
/** Each is asked about for as long as the order may be paid, and an order number is known by one or two digits behind it. */
const MOST_ATTEMPTS = 20;

/**
 * The open attempt of an order by one method, written now where there is none. Unique keys stand behind it: whichever of several at
 * once comes second finds the row of the first. A further one of the same provider goes under `-2`, `-3`. None is written for an amount
 * that is no longer to be paid, because coins pay a part of it since the order was read.
 * @throws OperationRefused method_not_offered where so many were opened that no further one is
 */
export async function openAttempt(
  db: Db,
  order: Pick<Order, 'id' | 'orderNo' | 'coinsMinor'>,
  wanted: { provider: ProviderName; method: string; amount: Money; repeats?: boolean },
): Promise<Attempt> {
  const { provider, method, amount, repeats = false } = wanted;
  const [firstAsk = 2] = providerCapabilities.get(provider)?.askAfterMinutes ?? [];
  for (let tried = 0; tried < TRIES; tried += 1) {
    await changed(
      db,
      // the lock and use_coins (migrations/0011) wait for each other
      `with unchanged as materialized (select id from orders where id = :id and coins_minor = :coinsMinor for key share)
       insert into payment_attempts (order_id, provider, method, gateway_order_id, amount_minor, currency, coins_minor, repeats, ask_at)
       select :id, :provider, :method, :orderNo || case when earlier = 0 then '' else '-' || earlier + 1 end, :minor::bigint, :currency, :coinsMinor::bigint, :repeats::boolean,
              now() + make_interval(secs => 60 * :firstAsk::float8)
         from unchanged, (select count(*) as earlier from payment_attempts where order_id = :id and provider = :provider) before
        where earlier < ${MOST_ATTEMPTS}
       on conflict do nothing`,
      {
        id: order.id,
        provider,
        method,
        orderNo: order.orderNo,
        coinsMinor: order.coinsMinor,
        ...amount,
        repeats,
        firstAsk,
      },
    );
    const attempt = await row<Attempt>(
      db,
      `select ${ATTEMPT_COLUMNS} from payment_attempts where order_id = :id and provider = :provider and method = :method and status = 'open'`,
      { id: order.id, provider, method },
    );
    if (attempt) return attempt;
  }
  throw new OperationRefused('method_not_offered', `no further payment of ${order.orderNo} is opened at ${provider}`);
}

export async function findAttempt(db: Db, id: number): Promise<Attempt | undefined> {
  return row<Attempt>(db, `select ${ATTEMPT_COLUMNS} from payment_attempts where id = :id`, { id });
}

/** What the books name a payment by where its gateway named none (migrations/0005). */
export function unnamedPaymentId(gatewayOrderId: string): string {
  return `order:${gatewayOrderId}`;
}

/** The gateway's own id of a payment in the books; null where it named none. */
export function gatewaysOwnId(bookedId: string): string | null {
  return bookedId.startsWith(unnamedPaymentId('')) ? null : bookedId;
}

/** True: the caller alone asks the gateway for it now; the others wait for what comes of it. */
export async function beginOpening(db: Db, attemptId: number, seconds: number): Promise<boolean> {
  const mine = await changed(
    db,
    `update payment_attempts set opening_until = now() + make_interval(secs => :seconds)
      where id = :attemptId and status = 'open' and (opening_until is null or opening_until <= now())
        and (coalesce(payment_url, qr_code, client_params::text) is null or shown_until <= now())`,
    { attemptId, seconds },
  );
  return mine > 0;
}

export async function openingFailed(db: Db, attemptId: number): Promise<void> {
  await changed(db, 'update payment_attempts set opening_until = null where id = :attemptId', { attemptId });
}

/** What the gateway gave; a payment id that a notice brought meanwhile stays. */
export async function keepOpened(db: Db, attemptId: number, created: CreatedPayment): Promise<void> {
  await changed(
    db,
    `update payment_attempts set provider_payment_id = coalesce(provider_payment_id, :paymentId), payment_url = :paymentUrl, qr_code = :qrCode,
            client_params = :clientParams::jsonb, shown_until = :shownUntil::timestamptz, opening_until = null
      where id = :attemptId`,
    {
      attemptId,
      paymentId: created.providerPaymentId,
      paymentUrl: created.paymentUrl,
      qrCode: created.qrCode ?? null,
      clientParams: created.clientParams ? JSON.stringify(created.clientParams) : null,
      shownUntil: created.shownUntil ?? null,
    },
  );
}

export async function closeAttempt(db: Db, attemptId: number): Promise<void> {
  await changed(db, `update payment_attempts set status = 'closed', ask_at = null where id = :attemptId`, {
    attemptId,
  });
}

/** Something can be shown to the buyer by it now. */
export function isShowable(attempt: Attempt, now: Date): boolean {
  const { paymentUrl, qrCode, clientParams, shownUntil } = attempt;
  if (paymentUrl === null && qrCode === null && clientParams === null) return false;
  return shownUntil === null || shownUntil > now;
}

/** Its gateway takes no money for it any more, not even late. */
export function isOver(order: Pick<Order, 'expiresAt'>, attempt: Attempt, now: Date): boolean {
  const { lateHours = 0, shortestLifeMinutes = 0 } = providerCapabilities.get(attempt.provider) ?? {};
  const end = order.expiresAt.getTime() + shortestLifeMinutes * 60_000 + lateHours * 3_600_000;
  return now.getTime() > end;
}
