import type { OrderKind } from '@mingdan/kernel';

/** What a buyer's wish for the money back leads to by itself. What no rule grants goes to the operators, who may always refund. */
export interface RefundRule {
  /** percent of the price that goes back by itself while nothing was delivered; 0: operators decide */
  readonly undelivered: number;
  /** the same after delivery */
  readonly delivered: number;
  /** days after the payment in which the rule for what was delivered holds */
  readonly deliveredDays: number;
}

/** By product kind. Buyers read them before they pay, by `refund_rules.<kind>` of the chat's texts and `refundRules.<kind>` of the pages'. */
export const refundRules: Readonly<Record<OrderKind, RefundRule>> = {
  report: { undelivered: 100, delivered: 0, deliveredDays: 0 },
  membership: { undelivered: 100, delivered: 0, deliveredDays: 0 },
  // of what is not spent, see operations/refund-of-coins.ts
  coins: { undelivered: 100, delivered: 100, deliveredDays: 7 },
  goods: { undelivered: 100, delivered: 0, deliveredDays: 0 },
};

const DAY_MS = 86_400_000;

/** The percent of the price that a rule grants; 0 where operators decide. */
export function grantedPercent(rule: RefundRule, order: { undelivered: boolean; paidAt: Date }, now: Date): number {
  if (order.undelivered) return rule.undelivered;
  return now.getTime() - order.paidAt.getTime() <= rule.deliveredDays * DAY_MS ? rule.delivered : 0;
}
