import { fulfillerKey } from '@mingdan/fulfilment';
import { type Order, refundStatusOf } from '@mingdan/orders';
import { localised } from '../../texts.ts';
import type { Talk } from '../talk.ts';

/** The state of an order in words. A cancelled order is an expired one by its state. */
export function statusText(talk: Talk, order: Order): string {
  if (order.status === 'expired' && order.reason === 'cancelled') return talk.t('statuses.cancelled');
  if (isPaymentOnItsWay(order)) return talk.t('statuses.processing');
  if (order.status === 'completed' && order.delivery === 'parked')
    return talk.t(order.gift ? 'statuses_of.gift.parked' : 'statuses.parked');
  const ofKind = `statuses_of.${fulfillerKey(order)}.${order.status}`;
  return talk.t(talk.services.texts.has(talk.language, ofKind) ? ofKind : `statuses.${order.status}`);
}

/** Seen and not final yet, or a red packet that waits for its operator: whoever pays again now pays twice. */
export function isPaymentOnItsWay(order: Order): boolean {
  return order.status === 'pending_payment' && order.paymentSeenAt !== null;
}

/** What every buyer reads before paying: coins are gone with the press on their button. */
export function refundRuleText(talk: Talk, order: Order): string {
  return talk.t(`refund_rules.${fulfillerKey(order)}`);
}

const shanghai = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Asia/Shanghai',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
});

/** `2026-11-21 14:30`, on China's clock. */
export function timeText(at: Date): string {
  return shanghai.format(at);
}

export async function detailsText(talk: Talk, order: Order, amount: string): Promise<string> {
  const refund = await refundStatusOf(talk.services.db, order.id);
  const lines = [
    talk.t('orders.details', {
      orderNo: order.orderNo,
      product: localised(order.productNames, talk.language),
      amount,
      status: statusText(talk, order),
      created: timeText(order.createdAt),
    }),
    order.status === 'failed' ? talk.t('orders.reason', { reason: reasonOf(talk, order) }) : '',
    refund === 'none' ? '' : talk.t('orders.refund', { status: talk.t(`refund_statuses.${refund}`) }),
  ];
  return lines.filter((line) => line !== '').join('\n');
}

function reasonOf(talk: Talk, order: Order): string {
  const key = `reasons.${order.reason ?? 'other'}`;
  if (talk.services.texts.has(talk.language, key)) return talk.t(key);
  return talk.t(order.paidAt === null ? 'reasons.payment_failed' : 'reasons.other');
}
