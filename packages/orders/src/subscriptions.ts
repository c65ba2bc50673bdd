import { changed, type Db, row, rows } from '@mingdan/db';
import { type Clock, type Money, orderNumber } from '@mingdan/kernel';
import { type NoticeToRecord, type RecordedNotice, recordNotice } from './record-notice.ts';

/** A membership that pays itself again every 30 days (migrations/0012). */
export interface Subscription {
  /** the first order of it */
  readonly orderId: number;
  readonly orderNo: string;
  readonly userId: number;
  readonly telegramId: number | null;
  readonly provider: string;
  /** by which the gateway knows it: its first payment */
  readonly paymentId: string;
  readonly amount: Money;
  /** `ending`: the gateway has still to be told that nothing more is wanted; `refused`: it does not take that, and a person has it */
  readonly state: 'active' | 'failed' | 'ending' | 'ended' | 'refused';
  readonly renewsAt: Date;
  /** how often the gateway itself refused to end it */
  readonly refusals: number;
}

const SUBSCRIPTION = `s.order_id as "orderId", (select order_no from orders where orders.id = s.order_id) as "orderNo", s.user_id as "userId",
  (select telegram_id from users where users.id = s.user_id) as "telegramId", s.provider, s.payment_id as "paymentId",
  jsonb_build_object('minor', s.amount_minor, 'currency', s.currency) as amount, s.state, s.renews_at as "renewsAt", s.refusals`;

/** It is over where nothing came for so long: Telegram does not try for ever. */
export const RUNS = `state in ('active', 'failed') and renews_at > now() - interval '7 days'`;

/** The one that will pay a user's membership again, the newest where there are more; also one that its gateway does not end. */
export async function runningSubscription(db: Db, userId: number): Promise<Subscription | undefined> {
  return row<Subscription>(
    db,
    `select ${SUBSCRIPTION} from subscriptions s where user_id = :userId and (${RUNS} or state = 'refused') order by order_id desc limit 1`,
    { userId },
  );
}

/** True where a subscription of it can be sold: a month's membership at its full price, for its buyer, who has none that runs. */
export async function isSubscribable(db: Db, orderId: number): Promise<boolean> {
  const found = await row(
    db,
    `select 1 from orders o join products p on p.id = o.product_id
      where o.id = :orderId and o.kind = 'membership' and coalesce(o.months, p.months) = 1 and not o.gift and o.discount_minor = 0 and o.coins_minor = 0
        and not exists (select 1 from subscriptions s where s.user_id = o.user_id and ${RUNS})`,
    { orderId },
  );
  return found !== undefined;
}

/** In the transaction that notes the end of the refund. @returns true where there was one to end */
export async function endSubscriptionOfRefund(tx: Db, refundId: string): Promise<boolean> {
  const ended = await row<{ ending: boolean }>(tx, 'select end_subscription_of_refund(:refundId) as ending', {
    refundId,
  });
  return ended?.ending ?? false;
}

/** Its user wants no more of them. @returns how many there were */
export async function endSubscriptionsOf(db: Db, userId: number): Promise<number> {
  return changed(
    db,
    `update subscriptions set state = 'ending', end_wanted = true, refusals = 0, due_at = now() where user_id = :userId and state in ('active', 'failed', 'refused')`,
    { userId },
  );
}

/** What the gateway says became of one. One that nobody wants any more does not come back by it. */
export async function noteSubscriptionState(
  db: Db,
  told: { provider: string; gatewayOrderId: string; state: 'active' | 'failed' | 'ended' },
): Promise<void> {
  await changed(
    db,
    `update subscriptions s set state = :state from payment_attempts a
      where a.provider = :provider and a.gateway_order_id = :gatewayOrderId and a.repeats and s.order_id = a.order_id
        and case :state when 'ended' then true when 'failed' then s.state = 'active' else not s.end_wanted end`,
    told,
  );
}

/** Those whose gateway has to be told that they end; nobody else gets them for `seconds`. */
export async function takeEndingSubscriptions(db: Db, limit: number, seconds: number): Promise<Subscription[]> {
  return rows<Subscription>(
    db,
    `with batch as materialized (
       select order_id as batch_id from subscriptions where state = 'ending' and due_at <= now() order by due_at for update skip locked limit :limit)
     update subscriptions s set due_at = now() + make_interval(secs => :seconds) from batch where s.order_id = batch_id
     returning ${SUBSCRIPTION}`,
    { limit, seconds },
  );
}

export async function subscriptionEnded(db: Db, orderId: number): Promise<void> {
  await changed(db, `update subscriptions set state = 'ended' where order_id = :orderId and state = 'ending'`, {
    orderId,
  });
}

/** Its gateway refused to end it. @returns true where that is enough, and a person has it from now on */
export async function subscriptionNotEnded(tx: Db, orderId: number, most: number): Promise<boolean> {
  const now = await row<{ state: string }>(
    tx,
    `update subscriptions set refusals = refusals + 1, state = case when refusals + 1 >= :most::integer then 'refused' else state end
      where order_id = :orderId and state = 'ending' returning state`,
    { orderId, most },
  );
  return now?.state === 'refused';
}

/** The order that a payment is booked for, as its gateway was asked about it. */
export async function bookedUnder(
  db: Db,
  payment: { provider: string; paymentId: string },
): Promise<string | undefined> {
  const booked = await row<{ gatewayOrderId: string | null }>(
    db,
    `select gateway_order_id as "gatewayOrderId" from payment_transactions where provider = :provider and provider_payment_id = :paymentId`,
    payment,
  );
  return booked?.gatewayOrderId ?? undefined;
}

interface Renewed {
  readonly id: number;
  readonly kind: string;
}

/**
 * A subscription was paid again: the notice names its first order, and pays a new one of the same kind, made here. However often it is
 * told there is one order for it: the first order's row is locked, and the order's confirmation id is the payment's.
 */
export async function recordRenewal(
  db: Db,
  clock: Clock,
  notice: NoticeToRecord & { readonly providerPaymentId: string },
): Promise<RecordedNotice> {
  const { provider, gatewayOrderId, providerPaymentId: paymentId } = notice;
  return db.transaction(async (tx) => {
    const first = await row<Renewed>(
      tx,
      `select o.id, o.kind from orders o join payment_attempts a on a.order_id = o.id
        where a.provider = :provider and a.gateway_order_id = :gatewayOrderId and a.repeats and o.kind = 'membership' for update of o`,
      { provider, gatewayOrderId },
    );
    // Nothing of ours is paid again by it: a person decides.
    if (!first) return recordNotice(tx, { ...notice, problem: 'subscription_renewal' });
    const earlier = await bookedUnder(tx, { provider, paymentId });
    const named = earlier ?? (await orderRenewal(tx, clock, { first, provider, gatewayOrderId, paymentId }));
    return recordNotice(tx, { ...notice, gatewayOrderId: named });
  });
}

/** The first order once more, for the money that the subscription takes, and its payment. @returns the new order's number */
async function orderRenewal(
  tx: Db,
  clock: Clock,
  renewal: { first: Renewed; provider: string; gatewayOrderId: string; paymentId: string },
): Promise<string> {
  const { first, provider, gatewayOrderId, paymentId } = renewal;
  const confirmationId = `renewal:${provider}:${paymentId}`;
  await row(
    tx,
    `insert into orders (order_no, kind, user_id, product_id, product_slug, product_names, quantity, amount_minor, currency, amount_stars, rates, language, bazi_source,
                         confirmation_id, promoter_id, expires_at, status_by, priority, months, renews)
     select :orderNo, kind, user_id, product_id, product_slug, product_names, quantity, amount_minor, currency, amount_stars, rates,
            coalesce((select language from users u where u.id = o.user_id), language), bazi_source, :confirmationId,
            (select promoter_id from users u where u.id = o.user_id), now() + interval '1 hour', 'renewal', priority, coalesce(months, 1), o.id
       from orders o where id = :id
     on conflict (confirmation_id) do nothing`,
    { orderNo: orderNumber('membership', clock.now()), id: first.id, confirmationId },
  );
  const made = await row<{ id: number; orderNo: string }>(
    tx,
    'select id, order_no as "orderNo" from orders where confirmation_id = :confirmationId',
    { confirmationId },
  );
  if (!made) throw new Error(`the renewal ${confirmationId} has no order`);
  await changed(
    tx,
    `insert into payment_attempts (order_id, provider, method, gateway_order_id, amount_minor, currency, repeats)
     select :id, provider, method, :orderNo, amount_minor, currency, true from payment_attempts where provider = :provider and gateway_order_id = :gatewayOrderId
     on conflict do nothing`,
    { ...made, provider, gatewayOrderId },
  );
  return made.orderNo;
}
