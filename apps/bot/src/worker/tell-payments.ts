import { type Db, row } from '@mingdan/db';
import { alarm, amountText, paymentMessageEdits } from '@mingdan/fulfilment';
import { formatAmount, isCurrency } from '@mingdan/kernel';
import type { OperationDeps } from '@mingdan/operations';
import { ORDER_COLUMNS, type Order } from '@mingdan/orders';
import { enqueue } from '@mingdan/outbox';

/** The webhook process only flips orders; what a failed payment means is said here, once, and the dead button is taken away. */
export async function tellFailedPayments(deps: OperationDeps): Promise<void> {
  while (await deps.db.transaction((tx) => tellOneFailure(deps, tx)));
}

async function tellOneFailure(deps: OperationDeps, tx: Db): Promise<boolean> {
  const order = await row<Order>(
    tx,
    `update orders o set payment_failure_told_at = now()
      where id = (select id from orders where status = 'failed' and paid_at is null and payment_failure_told_at is null order by id for update skip locked limit 1)
      returning ${ORDER_COLUMNS}`,
  );
  if (!order) return false;
  await enqueue(tx, deps.vault, await paymentMessageEdits(tx, order, 'failed'));
  if (order.chatId !== null) {
    const params = { orderNo: order.orderNo, product: order.productNames, amount: amountText(order) };
    const message = { template: 'payment_failed', params } as const;
    await enqueue(tx, deps.vault, {
      chatId: order.chatId,
      userId: order.userId,
      orderId: order.id,
      dedupeKey: `payment_failed:${order.orderNo}`,
      message,
    });
  }
  deps.log.info({ order_no: order.orderNo, status: 'failed', reason: 'payment_failed' }, 'order moved');
  return true;
}

/** A second payment of a paid order goes back by itself; its buyer is told that it does. */
export async function tellSecondPayments(deps: OperationDeps): Promise<void> {
  while (await deps.db.transaction((tx) => tellOneSecond(deps, tx)));
}

async function tellOneSecond(deps: OperationDeps, tx: Db): Promise<boolean> {
  const found = await row<Order & { refundId: string }>(
    tx,
    `select ${ORDER_COLUMNS}, r.refund_id as "refundId" from refund_records r join orders o on o.id = r.order_id
      where r.reason = 'second_payment' and r.status in ('requested', 'pending')
        and not exists (select 1 from outbox where dedupe_key = 'second:' || r.refund_id) and exists (select 1 from users where id = o.user_id and telegram_id is not null)
      order by r.id limit 1`,
  );
  if (!found || found.chatId === null) return false;
  const params = { orderNo: found.orderNo, product: found.productNames, amount: amountText(found) };
  const message = { template: 'second_payment_refunding', params } as const;
  await enqueue(tx, deps.vault, {
    chatId: found.chatId,
    userId: found.userId,
    orderId: found.id,
    dedupeKey: `second:${found.refundId}`,
    message,
  });
  return true;
}

interface FlaggedNotice {
  id: number;
  provider: string;
  orderNo: string | null;
  flag: { verdict: string; amount_minor: number | null; currency: string | null; provider_payment_id: string | null };
  orderId: number | null;
}

/** Money that fits no order becomes an item of the operators' inbox and one alarm. */
export async function tellFlaggedNotices(deps: OperationDeps): Promise<void> {
  while (await deps.db.transaction((tx) => tellOneFlag(deps, tx)));
}

async function tellOneFlag(deps: OperationDeps, tx: Db): Promise<boolean> {
  const notice = await row<FlaggedNotice>(
    tx,
    `update payment_notifications n set flag_handled_at = now()
      where id = (select id from payment_notifications where flag is not null and flag_handled_at is null order by id for update skip locked limit 1)
      returning n.id, n.provider, n.order_no as "orderNo", n.flag, (select id from orders where orders.order_no = n.order_no) as "orderId"`,
  );
  if (!notice) return false;
  const { verdict, amount_minor: minor, currency } = notice.flag;
  const amount = minor !== null && isCurrency(currency) ? `${formatAmount({ minor, currency })} ${currency}` : '-';
  // The notice and the gateway's answer to a question tell of the same money: one matter.
  const key = `money:${notice.provider}:${notice.orderNo}:${notice.flag.provider_payment_id ?? ''}:${verdict}:${minor ?? ''}`;
  const item = await row<{ id: number }>(
    tx,
    `insert into inbox_items (kind, dedupe_key, order_id, details) values ('money_unmatched', :key, :orderId, :details::jsonb)
     on conflict (dedupe_key) do nothing returning id`,
    {
      key,
      orderId: notice.orderId,
      details: JSON.stringify({ provider: notice.provider, order_no: notice.orderNo, amount, ...notice.flag }),
    },
  );
  if (!item) return true;
  const params = { provider: notice.provider, orderNo: notice.orderNo ?? '-', verdict, amount, inboxId: item.id };
  await alarm(
    { vault: deps.vault, operatorChatId: deps.settings.operatorChatId },
    tx,
    key,
    { template: 'alarm_money_unmatched', params },
    notice.orderId,
  );
  deps.log.warn(
    { order_no: notice.orderNo, provider: notice.provider, verdict, inbox: item.id },
    'money that fits no order',
  );
  return true;
}
