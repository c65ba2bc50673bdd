import { moneyText } from '@mingdan/kernel';
import { takeRefundAsCoins } from '@mingdan/operations';
import type { Talk } from '../talk.ts';
import { ownOrder } from './pay.ts';

const REASONS = ['changed_mind', 'wrong_input', 'too_slow', 'not_satisfied'] as const;
/** the others are about what was written */
const OF_ANY_KIND: readonly string[] = ['changed_mind', 'too_slow'];
const LONGEST_REASON = 500;

/** `refund:<order_no>`: why? */
export async function askRefundReason(talk: Talk, orderNo: string): Promise<void> {
  const order = await ownOrder(talk, orderNo);
  if (!order) return;
  if (order.paidAt === null || order.amount.minor === 0) return talk.say(talk.t('refund.nothing_to_refund'));
  talk.session.waiting = { for: 'refund_reason', orderNo: order.orderNo };
  await talk.say(
    talk.t('refund.ask_reason', { orderNo: order.orderNo }),
    REASONS.filter((reason) => order.kind === 'report' || OF_ANY_KIND.includes(reason)).map((reason) => [
      talk.button(`refund.reason_${reason}`, `why:${reason}:${order.orderNo}`),
    ]),
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
  const { outcome, amount, coins } = await operations.askForRefund(operationDeps, {
    orderNo: order.orderNo,
    userId: talk.user.id,
    reason: reason.slice(0, LONGEST_REASON),
    by: 'buyer',
    offersPart: true,
  });
  const params = {
    amount: moneyText(amount ?? order.amount),
    left: coins?.left ?? 0,
    unspent: coins?.unspent ?? 0,
    held: coins?.held ?? 0,
  };
  if (outcome === 'part_offered') {
    const button = talk.button('refund_part', `refundpart:${order.orderNo}`, params);
    return talk.say(talk.t('refund.part_offered', params), [[button]]);
  }
  // What is on its way is said by the message about it, once.
  if (outcome === 'requested') {
    talk.toast = talk.t('refund.requested', params);
    return wakeOutbox();
  }
  const isSpent = outcome === 'with_operators' && coins !== undefined && coins.unspent < coins.left;
  await talk.say(talk.t(`refund.${isSpent ? 'coins_spent' : outcome}`, params));
  wakeOutbox();
}

/** `refundpart:<order_no>`: yes, for the coins that are not spent. How many those are is looked at anew. */
export async function acceptPart(talk: Talk, orderNo: string): Promise<void> {
  const order = await ownOrder(talk, orderNo);
  if (!order) return;
  const { operations, operationDeps, wakeOutbox } = talk.services;
  const reason = talk.t('refund.part_reason');
  const wish = { orderNo: order.orderNo, userId: talk.user.id, reason, by: 'buyer' } as const;
  const { outcome, amount } = await operations.askForRefund(operationDeps, wish);
  await talk.dropButtons();
  await talk.say(talk.t(`refund.${outcome}`, { amount: moneyText(amount ?? order.amount) }));
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
