import { moneyText } from '@mingdan/kernel';
import { findOrder, type Order, refundStatusOf } from '@mingdan/orders';
import type { Command } from 'commander';
import { type Answer, answering } from '../../answer.ts';
import { orderNumberArgument } from '../../arguments.ts';
import type { Context } from '../../context.ts';
import { withDatabase } from '../../deps.ts';
import { fields, localised, timeText, word } from '../../print.ts';
import type { Texts } from '../../texts.ts';
import { type Buyer, buyerOf } from './buyer.ts';
import { historyOf, type OrderHistory } from './history.ts';
import { notFound } from './not-found.ts';
import { orderJson } from './order-json.ts';

export function registerShow(orders: Command, context: Context): void {
  answering(orders, context, 'show <order_no>', 'One order: its state, money and history.', ([text = '']) => {
    const orderNo = orderNumberArgument(text);
    return withDatabase(context, async (db) => {
      const order = await findOrder(db, orderNo);
      if (!order) throw notFound(orderNo);
      const [history, refund, buyer] = await Promise.all([
        historyOf(db, order),
        refundStatusOf(db, order.id),
        buyerOf(db, order),
      ]);
      return answer(context.texts(), order, refund, history, buyer);
    });
  });
}

function answer(texts: Texts, order: Order, refund: string, history: OrderHistory, buyer: Buyer): Answer {
  return {
    json: { ...orderJson(order), ...buyer, refund_status: refund, ...history },
    lines: [
      ...summary(texts, order, refund, buyer),
      ...events(texts, history),
      ...money(texts, history),
      ...work(texts, history),
    ],
  };
}

function summary(texts: Texts, order: Order, refund: string, buyer: Buyer): string[] {
  const { t } = texts;
  const state = word(texts, 'status', order.status);
  return [
    order.orderNo,
    ...fields([
      [t('orders.state'), order.reason === null ? state : `${state} (${order.reason})`],
      [t('orders.product'), `${localised(order.productNames, texts)} (${order.productSlug})`],
      [t('orders.buyer'), buyer.telegram_id === null ? t('orders.by_mail') : `Telegram ${buyer.telegram_id}`],
      [t('orders.amount'), amount(order)],
      [t('orders.coupon'), buyer.coupon],
      [t('orders.gift_of'), buyer.gift_of],
      [t('orders.claimed_by'), buyer.claimed_by],
      [t('orders.renews'), buyer.renews],
      [t('orders.provider'), order.provider],
      [t('orders.delivery'), word(texts, 'delivery', order.delivery)],
      [t('orders.refund'), refund === 'none' ? null : word(texts, 'refund', refund)],
      [t('orders.created'), timeText(order.createdAt)],
      [t('orders.expires'), order.status === 'pending_payment' ? timeText(order.expiresAt) : null],
    ]),
  ];
}

/** With the coins that pay a part of it. */
function amount({ amount: price, coinsUsed }: Order): string {
  if (coinsUsed === 0) return moneyText(price);
  return `${moneyText(price)} (${moneyText({ minor: coinsUsed, currency: 'COIN' })})`;
}

function events(texts: Texts, { events }: OrderHistory): string[] {
  const lines = events.map(({ at, status, reason, actor }) => {
    const why = [reason, actor].filter((part) => part !== null).join(', ');
    return `  ${timeText(at)}  ${word(texts, 'status', status)}${why === '' ? '' : ` (${why})`}`;
  });
  return section(texts.t('orders.history'), lines);
}

function money(texts: Texts, { attempts, notices, payments, refunds }: OrderHistory): string[] {
  const { t } = texts;
  return [
    ...section(
      t('orders.attempts'),
      attempts.map((one) => `  ${one.method}  ${one.amount}  ${one.status}`),
    ),
    ...section(
      t('orders.notices'),
      notices.map(
        (one) => `  ${timeText(one.at)}  ${one.kind} → ${one.verdict}${one.repeats > 0 ? ` ×${one.repeats + 1}` : ''}`,
      ),
    ),
    ...section(
      t('orders.payments'),
      payments.map((one) => `  ${timeText(one.at)}  ${one.amount}  ${one.payment_id}`),
    ),
    ...section(
      t('orders.refunds'),
      refunds.flatMap((one) => [
        `  ${timeText(one.at)}  ${one.amount}  ${word(texts, 'refund', one.status)} (${one.reason})`,
        ...(one.last_error === null ? [] : [`    ${one.last_error}`]),
      ]),
    ),
  ];
}

function work(texts: Texts, { steps, messages }: OrderHistory): string[] {
  const { t } = texts;
  const lines = steps.map(
    ({ step, failures, finished_at }) =>
      `  ${finished_at === null ? '…' : '✓'} ${step}${failures > 0 ? `  ${t('orders.failures', { failures })}` : ''}`,
  );
  const counts = Object.entries(messages).map(([status, count]) => `${word(texts, 'message', status)} ${count}`);
  return [
    ...section(t('orders.steps'), lines),
    ...fields([[t('orders.messages'), counts.length === 0 ? null : counts.join(', ')]]),
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines];
}
