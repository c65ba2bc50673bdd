import { isPayable } from '@mingdan/operations';
import { type Order, ordersOfUser, refundStatusOf } from '@mingdan/orders';
import { localised, type RenderedButton } from '../../texts.ts';
import { fitsButton } from '../keyboard.ts';
import type { Talk } from '../talk.ts';
import { detailsText, statusText, timeText } from './order-text.ts';
import { minutesLeft, ownOrder } from './pay.ts';
import { amountText, chatOffers, wayButtons } from './ways.ts';

const LISTED = 10;

/** `/orders` */
export async function listOrders(talk: Talk): Promise<void> {
  const orders = await ordersOfUser(talk.services.db, talk.user.id, LISTED);
  if (orders.length === 0) return talk.say(talk.t('orders.none'));
  await talk.say(
    talk.t('orders.title'),
    orders.map((order) => [listButton(talk, order)]),
  );
}

function listButton(talk: Talk, order: Order): RenderedButton {
  return talk.button('orders.button', `order:${order.orderNo}`, {
    product: localised(order.productNames, talk.language),
    status: statusText(talk, order),
    date: timeText(order.createdAt).slice(5),
  });
}

/** `order:<order_no>` */
export async function showOrder(talk: Talk, orderNo: string): Promise<void> {
  const order = await ownOrder(talk, orderNo);
  if (order) await sayOrder(talk, order);
}

/** An order with everything that can be done with it now. */
export async function sayOrder(talk: Talk, order: Order, head = ''): Promise<void> {
  const { operations, operationDeps, clock } = talk.services;
  const link = operations.orderLink(operationDeps.settings, order.orderNo);
  const asButton = fitsButton(link);
  const text = [
    head,
    await detailsText(talk, order, amountText(order.amount)),
    isPayable(order, clock.now()) ? talk.t('orders.expires', { minutes: minutesLeft(talk, order) }) : '',
    asButton ? '' : talk.t('orders.link', { link }),
  ];
  await talk.say(text.filter((line) => line !== '').join('\n\n'), [
    ...(await actions(talk, order)),
    ...(asButton ? [[{ text: talk.t('buttons.open_order'), url: link }]] : []),
  ]);
}

async function actions(talk: Talk, order: Order): Promise<RenderedButton[][]> {
  const { orderNo } = order;
  const paid = order.paidAt !== null;
  const costs = order.amount.minor > 0;
  const lines: RenderedButton[][] = [];
  if (isPayable(order, talk.services.clock.now())) {
    lines.push(...wayButtons(talk, order, await chatOffers(talk, order), `${talk.t('buttons.pay')} · `));
  }
  if (!paid && costs) lines.push([talk.button('check', `check:${orderNo}`)]);
  if (order.status === 'pending_payment') lines.push([talk.button('cancel_order', `cancelorder:${orderNo}`)]);
  if (order.status === 'completed') lines.push([talk.button('resend', `resend:${orderNo}`)]);
  if (paid && costs && order.status !== 'failed' && (await refundStatusOf(talk.services.db, order.id)) === 'none') {
    lines.push([talk.button('refund', `refund:${orderNo}`)]);
  }
  return lines;
}

/** `resend:<order_no>` */
export async function resend(talk: Talk, orderNo: string): Promise<void> {
  const order = await ownOrder(talk, orderNo);
  if (!order) return;
  const { operations, operationDeps, wakeOutbox } = talk.services;
  const outcome = await operations.resendReport(operationDeps, order.orderNo);
  await talk.say(talk.t(outcome === 'queued' ? 'orders.resend_queued' : 'orders.resend_not_ready'));
  wakeOutbox();
}

/** `cancelorder:<order_no>` */
export async function cancelUnpaid(talk: Talk, orderNo: string): Promise<void> {
  const order = await ownOrder(talk, orderNo);
  if (!order) return;
  const { operations, operationDeps, wakeOutbox } = talk.services;
  const outcome = await operations.cancelOrder(operationDeps, { orderNo: order.orderNo, userId: talk.user.id });
  const key = {
    cancelled: 'cancelled',
    not_cancellable: 'not_cancellable',
    processing: 'not_cancellable',
    paid: 'cancel_but_paid',
  }[outcome];
  await talk.say(talk.t(`orders.${key}`));
  wakeOutbox();
}
