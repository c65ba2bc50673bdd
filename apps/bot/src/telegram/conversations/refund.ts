import { takeRefundAsCoins } from '@mingdan/operations';
import type { Talk } from '../talk.ts';
import { ownOrder } from './pay.ts';
import { amountText } from './ways.ts';

const REASONS = ['changed_mind', 'wrong_input', 'too_slow', 'not_satisfied'] as const;
const LONGEST_REASON = 500;

/** `refund:<order_no>`: why? */
export async function askRefundReason(talk: Talk, orderNo: string): Promise<void> {
  const order = await ownOrder(talk, orderNo);
  if (!order) return;
  if (order.paidAt === null || order.amount.minor === 0) return talk.say(talk.t('refund.nothing_to_refund'));
  talk.session.waiting = { for: 'refund_reason', orderNo: order.orderNo };
  await talk.say(
    talk.t('refund.ask_reason', { orderNo: order.orderNo }),
    REASONS.map((reason) => [talk.button(`refund.reason_${reason}`, `why:${reason}:${order.orderNo}`)]),
  );
}

/** `why:<reason>:<order_no>` */
export async function refundForReason(talk: Talk, reason: string, orderNo: string): Promise<void> {
  const known = REASONS.find((one) => one === reason);
  await refund(talk, orderNo, known ? talk.t(`refund.reason_${known}`) : reason);
}

/** Says the outcome, whatever it is. */
export async function refund(talk: Talk, orderNo: string, reason: string): Promise<void> {
  const order = await ownOrder(talk, orderNo);
  talk.session.waiting = null;
  if (!order) return;
  const { operations, operationDeps, wakeOutbox } = talk.services;
  const { outcome, amount } = await operations.askForRefund(operationDeps, {
    orderNo: order.orderNo,
    userId: talk.user.id,
    reason: reason.slice(0, LONGEST_REASON),
    by: 'buyer',
  });
  await talk.say(talk.t(`refund.${outcome}`, { amount: amountText(amount ?? order.amount) }));
  wakeOutbox();
}

/** `refundcoins:<refund_id>`: coins at once instead of money by hand; said by the outbox. */
export async function refundAsCoins(talk: Talk, refundId: string): Promise<void> {
  const { operationDeps, wakeOutbox } = talk.services;
  const coins = await takeRefundAsCoins(operationDeps, { refundId, userId: talk.user.id });
  if (coins === undefined) {
    talk.toast = talk.t('refund.coins_done');
    return;
  }
  await talk.dropButtons();
  wakeOutbox();
}
