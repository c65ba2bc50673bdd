import { type Db, row } from '@mingdan/db';
import { type SaidToBuyer, tellBuyer } from '@mingdan/fulfilment';
import { type Localised, type Money, moneyText } from '@mingdan/kernel';
import { afterRefund, type OperationDeps, openMatter, tellOperators } from '@mingdan/operations';
import type { RefundRecord } from '@mingdan/orders';
import { providerNames } from '@mingdan/payments';
import { providerCapabilities } from '@mingdan/payments/capabilities';
import { tellOperatorsOfRefund } from './tell-operators.ts';

interface SettledRefund {
  id: number;
  refundId: string;
  status: 'succeeded' | 'failed' | 'manual';
  toldAt: Date;
  /** null: money that belonged to no order */
  orderId: number | null;
  orderNo: string | null;
  provider: string | null;
  lastError: string | null;
  reason: string;
  amount: Money;
  product: Localised | null;
  userId: number | null;
  chatId: number | null;
  email: Buffer | null;
  language: string | null;
}

/** Tells buyers that their money is on its way back, and operators of refunds that did not go through; each once. */
export async function tellSettledRefunds(deps: OperationDeps): Promise<void> {
  while (await tellOne(deps));
}

async function tellOne(deps: OperationDeps): Promise<boolean> {
  return deps.db.transaction(async (tx) => {
    const refund = await row<SettledRefund>(
      tx,
      `with told as (
         update refund_records set told_at = now()
          where id = (select id from refund_records where status in ('succeeded', 'failed', 'manual') and told_at is null order by id for update skip locked limit 1)
         returning *)
       select r.id, r.refund_id as "refundId", r.status, r.told_at as "toldAt", r.order_id as "orderId", o.order_no as "orderNo", r.provider, r.last_error as "lastError", r.reason,
              jsonb_build_object('minor', r.amount_minor, 'currency', r.currency) as amount, o.product_names as product, o.user_id as "userId",
              (select telegram_id from users where id = o.user_id) as "chatId", o.email, o.language
         from told r left join orders o on o.id = r.order_id`,
    );
    if (!refund) return false;
    const amount = moneyText(refund.amount);
    // A refund that is asked for again and fails again is a new matter.
    if (refund.status !== 'succeeded')
      await openInboxItem(
        deps,
        tx,
        refund,
        amount,
        `refund_${refund.status}:${refund.refundId}:${refund.toldAt.getTime()}`,
      );
    await tellItsBuyer(deps, tx, refund, amount);
    const { orderId, refundId, reason } = refund;
    if (refund.status === 'succeeded' && orderId !== null)
      await tellOperatorsOfRefund(deps, tx, { orderId, refundId, refund: refund.amount, reason });
    await afterRefund(deps, tx, refund);
    deps.log.info({ order_no: refund.orderNo, refund_id: refund.refundId, status: refund.status }, 'refund settled');
    return true;
  });
}

async function tellItsBuyer(deps: OperationDeps, tx: Db, refund: SettledRefund, amount: string): Promise<void> {
  const { orderNo, product, orderId, language } = refund;
  if (orderNo === null || product === null || orderId === null || language === null) return;
  const message = messageOf(deps, refund, { orderNo, product, amount });
  const dedupeKey = `refund:${refund.refundId}:${refund.status}`;
  await tellBuyer(tx, deps.vault, { ...refund, id: orderId, language }, { dedupeKey, message });
}

function messageOf(
  deps: OperationDeps,
  refund: SettledRefund,
  params: { orderNo: string; product: Localised; amount: string },
): SaidToBuyer['message'] {
  if (refund.status === 'succeeded') return { template: 'refund_succeeded', params };
  const known = providerNames.find((name) => name === refund.provider);
  const gateway = known && providerCapabilities.get(known);
  if (refund.status !== 'manual' || gateway?.refund !== 'manual') return { template: 'refund_with_operators', params };
  // Nobody need wait for a person where coins do as well.
  const callbackData = `refundcoins:${refund.refundId}`;
  const coins =
    deps.settings.offered.includes('points') && refund.userId !== null && callbackData.length <= LONGEST_DATA;
  return {
    template: 'refund_by_hand',
    params: { ...params, provider: gateway.names },
    ...(coins ? { buttons: [[{ label: 'take_coins', callbackData }]] } : {}),
  };
}

/** Bytes that Telegram takes behind a button. */
const LONGEST_DATA = 64;

type Troubled = Pick<SettledRefund, 'refundId' | 'orderId' | 'orderNo' | 'provider' | 'lastError'>;

/** A matter for people, and one alarm about it. */
async function openInboxItem(
  deps: OperationDeps,
  tx: Db,
  refund: Troubled,
  amount: string,
  key: string,
): Promise<void> {
  const { refundId, orderId, orderNo, provider, lastError } = refund;
  const details = { refund_id: refundId, amount, provider, cause: lastError };
  const inboxId = await openMatter(tx, { kind: 'refund_refused', key, orderId, details });
  if (inboxId === undefined) return;
  const params = {
    orderNo: orderNo ?? '-',
    refundId,
    amount,
    provider: provider ?? '-',
    cause: lastError ?? '-',
    inboxId,
  };
  await tellOperators(deps, tx, key, { template: 'alarm_refund_refused', params }, orderId);
}

/** A refund that is tried again and again without an end: people should know, while it is tried on. */
export async function tellStuckRefund(deps: OperationDeps, refund: RefundRecord, error: string | null): Promise<void> {
  const amount = moneyText(refund.amount);
  await deps.db.transaction((tx) =>
    openInboxItem(deps, tx, { ...refund, lastError: error }, amount, `refund_stuck:${refund.refundId}`),
  );
}
