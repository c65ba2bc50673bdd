import { isPayable } from '@mingdan/operations';
import type { Order } from '@mingdan/orders';
import type { RenderedButton } from '../../texts.ts';
import type { Talk } from '../talk.ts';
import { isPaymentOnItsWay, statusText } from './order-text.ts';
import { ownOrder, sayOnItsWay } from './pay.ts';
import { payButtons, waysToPay } from './ways.ts';

/** A gateway is not asked about the same order more often than this. */
const COOLDOWN_MS = 15_000;

/** `check:<order_no>`, "where is my payment?": asks the gateway now, settles what it finds, and says it. */
export async function checkOrder(talk: Talk, orderNo: string): Promise<void> {
  const order = await ownOrder(talk, orderNo);
  if (!order) return;
  if (order.paidAt !== null) return talk.say(talk.t('check.paid_already', { status: statusText(talk, order) }));
  const wait = cooldownSeconds(talk, order.orderNo);
  if (wait > 0) {
    talk.toast = talk.t('check.too_soon', { seconds: wait });
    return;
  }
  const { operations, operationDeps, clock } = talk.services;
  const { found, order: now } = await operations.checkPayment(operationDeps, order.orderNo);
  talk.session.checks = { ...recent(talk), [order.orderNo]: clock.now().getTime() };
  if (found === 'processing') return sayOnItsWay(talk, now);
  await talk.say(talk.t(`check.${found}`), found === 'paid' ? [] : await nextSteps(talk, now, found));
}

/** What is on its way, or with the operators, is not to be paid once more. */
async function nextSteps(talk: Talk, order: Order, found: string): Promise<RenderedButton[][]> {
  const again = [talk.button('check', `check:${order.orderNo}`)];
  if (found === 'mismatch' || isPaymentOnItsWay(order) || !isPayable(order, talk.services.clock.now())) return [again];
  const head = `${talk.t('buttons.pay')} · `;
  return [again, ...payButtons(talk, order, await waysToPay(talk, order), head)];
}

function recent(talk: Talk): Record<string, number> {
  const now = talk.services.clock.now().getTime();
  return Object.fromEntries(Object.entries(talk.session.checks).filter(([, at]) => now - at < COOLDOWN_MS));
}

function cooldownSeconds(talk: Talk, orderNo: string): number {
  const at = recent(talk)[orderNo];
  if (at === undefined) return 0;
  return Math.ceil((COOLDOWN_MS - (talk.services.clock.now().getTime() - at)) / 1000);
}
