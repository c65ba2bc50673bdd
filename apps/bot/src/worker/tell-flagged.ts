import { type Db, row } from '@mingdan/db';
import { amountText, tellBuyer } from '@mingdan/fulfilment';
import { isCurrency, moneyText } from '@mingdan/kernel';
import { type OperationDeps, openMatter, tellOperators } from '@mingdan/operations';
import { answersTo, findOrder, oddMoney } from '@mingdan/orders';

interface FlaggedNotice {
  id: number;
  provider: string;
  orderNo: string | null;
  refundId: string | null;
  flag: { verdict: string; amount_minor: number | null; currency: string | null; provider_payment_id: string | null };
  orderId: number | null;
  ourOrderNo: string | null;
  heldId: number | null;
}

/** What a notice said and fits nothing becomes a matter of the operators' inbox and one alarm; money that is held names its answers. */
export async function tellFlaggedNotices(deps: OperationDeps): Promise<void> {
  while (await deps.db.transaction((tx) => tellOneFlag(deps, tx)));
}

async function tellOneFlag(deps: OperationDeps, tx: Db): Promise<boolean> {
  const notice = await row<FlaggedNotice>(
    tx,
    `with taken as (
       update payment_notifications n set flag_handled_at = now()
        where id = (select id from payment_notifications where flag is not null and flag_handled_at is null order by id for update skip locked limit 1)
        returning n.*)
     select n.id, n.provider, n.order_no as "orderNo", n.refund_id as "refundId", n.flag, coalesce(h.order_id, o.id) as "orderId", o.order_no as "ourOrderNo", h.id as "heldId"
       from taken n
       left join held_payments h on n.kind = 'paid' and h.provider = n.provider and h.status = 'held'
            and h.payment_key = coalesce(n.flag ->> 'provider_payment_id', 'order:' || n.order_no)
       left join orders o on o.order_no = regexp_replace(n.order_no, '-\\d{1,2}$', '')`,
  );
  if (!notice) return false;
  const { verdict, amount_minor: minor, currency } = notice.flag;
  const amount = minor !== null && isCurrency(currency) ? moneyText({ minor, currency }) : '-';
  const key = keyOf(notice);
  const details = {
    provider: notice.provider,
    order_no: notice.orderNo,
    amount,
    ...notice.flag,
    ...(notice.heldId === null ? {} : { held_id: notice.heldId, answers: answersTo(verdict) }),
  };
  const inboxId = await openMatter(tx, { kind: kindOf(verdict), key, orderId: notice.orderId, details });
  if (inboxId === undefined) return true;
  const params = { provider: notice.provider, orderNo: notice.orderNo ?? '-', verdict, amount, inboxId };
  await tellOperators(deps, tx, key, { template: 'alarm_money_unmatched', params }, notice.orderId);
  if (notice.heldId !== null) await tellWhoPaid(deps, tx, notice, amount);
  deps.log.warn(
    { order_no: notice.orderNo, provider: notice.provider, verdict, inbox: inboxId },
    'money that fits no order',
  );
  return true;
}

/** The notice and the gateway's answer to a question tell of the same money: one matter. Two refunds of the same sum are two. */
function keyOf(notice: FlaggedNotice): string {
  if (notice.heldId !== null) return `held:${notice.heldId}`;
  const { verdict, amount_minor: minor, provider_payment_id: paymentId } = notice.flag;
  const about = [notice.provider, notice.orderNo, paymentId ?? '', verdict, minor ?? ''].join(':');
  return notice.refundId === null ? `money:${about}` : `money:${about}:${notice.refundId}`;
}

function kindOf(verdict: string): string {
  if (verdict === 'disputed') return 'disputed';
  return oddMoney.find((each) => each.verdict === verdict)?.leadsTo === 'tell' ? 'money_odd' : 'money_unmatched';
}

/** Their money is here and not lost: they read so at once, and what can become of it. */
async function tellWhoPaid(deps: OperationDeps, tx: Db, notice: FlaggedNotice, came: string): Promise<void> {
  const order = notice.ourOrderNo === null ? undefined : await findOrder(tx, notice.ourOrderNo);
  if (!order) return;
  const params = { orderNo: order.orderNo, product: order.productNames, amount: amountText(order), came };
  const message = { template: 'payment_unmatched', params } as const;
  await tellBuyer(tx, deps.vault, order, { dedupeKey: `unmatched:${notice.heldId}`, message });
}
