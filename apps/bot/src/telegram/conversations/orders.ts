import { amountText } from '@mingdan/fulfilment';
import { isPayable } from '@mingdan/operations';
import { findProductById, hasHeldMoney, isGiftOpen, type Order, orderPage, refundStatusOf } from '@mingdan/orders';
import { localised, type RenderedButton } from '../../texts.ts';
import { fitsButton } from '../keyboard.ts';
import type { Talk } from '../talk.ts';
import { detailsText, isPaymentOnItsWay, refundRuleText, statusText, timeText } from './order-text.ts';
import { minutesLeft, ownOrder } from './pay.ts';
import { payButtons, waysToPay } from './ways.ts';

const LISTED = 10;

/** `/orders` */
export async function listOrders(talk: Talk): Promise<void> {
  if (!(await sayPage(talk, talk.t('orders.title')))) await talk.say(talk.t('orders.none'));
}

/** `orders:<order_no>`: those before the last one of a page. */
export async function listOlderOrders(talk: Talk, before: string): Promise<void> {
  if (!(await sayPage(talk, talk.t('orders.older_title'), before))) await talk.say(talk.t('orders.no_older'));
}

/** @returns whether there is any */
async function sayPage(talk: Talk, title: string, before?: string): Promise<boolean> {
  const { entries: orders, next } = await orderPage(talk.services.db, talk.user.id, { limit: LISTED, before });
  if (orders.length === 0) return false;
  const older = next === undefined ? [] : [[talk.button('orders.older', `orders:${next}`)]];
  await talk.say(title, [...orders.map((order) => [listButton(talk, order)]), ...older]);
  return true;
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
  const held = order.paidAt === null && (await hasHeldMoney(talk.services.db, order.id));
  const payable = isPayable(order, clock.now()) && !isPaymentOnItsWay(order) && !held;
  const text = [
    head,
    await detailsText(talk, order, amountText({ ...order, paidWith: null })),
    held ? talk.t('orders.held') : '',
    payable ? `${talk.t('orders.expires', { minutes: minutesLeft(talk, order) })}\n${refundRuleText(talk, order)}` : '',
    asButton ? '' : talk.t('orders.link', { link }),
  ];
  await talk.say(text.filter((line) => line !== '').join('\n\n'), [
    ...(await actions(talk, order, payable)),
    ...(asButton ? [[{ text: talk.t('buttons.open_order'), url: link }]] : []),
  ]);
}

async function actions(talk: Talk, order: Order, payable: boolean): Promise<RenderedButton[][]> {
  const { orderNo } = order;
  const paid = order.paidAt !== null;
  const costs = order.amount.minor > 0;
  const lines: RenderedButton[][] = [];
  if (payable) lines.push(...payButtons(talk, order, await waysToPay(talk, order), `${talk.t('buttons.pay')} · `));
  if (!paid && costs) lines.push([talk.button('check', `check:${orderNo}`)]);
  if (order.status === 'pending_payment' && !isPaymentOnItsWay(order))
    lines.push([talk.button('cancel_order', `cancelorder:${orderNo}`)]);
  if (order.gift && (await isGiftOpen(talk.services.db, order.id)))
    lines.push([talk.button('gift_link', `giftlink:${orderNo}`)]);
  if (order.status === 'completed' && !order.gift && (await isReadAgain(talk, order)))
    lines.push([talk.button(order.kind === 'report' ? 'resend' : 'resend_codes', `resend:${orderNo}`)]);
  if (paid && costs && order.status !== 'failed' && (await refundStatusOf(talk.services.db, order.id)) === 'none') {
    lines.push([talk.button('refund', `refund:${orderNo}`)]);
  }
  return lines;
}

/** Reports and codes can be sent again; coins, memberships and what a person delivered cannot. */
async function isReadAgain(talk: Talk, order: Order): Promise<boolean> {
  if (order.kind !== 'goods' || order.productId === null) return order.kind === 'report';
  return (await findProductById(talk.services.db, order.productId))?.handedOutBy === 'codes';
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
    processing: 'cancel_but_processing',
    paid: 'cancel_but_paid',
  }[outcome];
  await talk.say(talk.t(`orders.${key}`));
  wakeOutbox();
}
