import type { OrderKind } from '@mingdan/kernel';

/** What a buyer's wish for the money back leads to, by product kind. Operators may always refund. */
export interface RefundRule {
  /** before anything was delivered */
  readonly undelivered: 'at_once' | 'operators';
  readonly delivered: 'at_once' | 'operators';
}

export const refundRules: Readonly<Record<OrderKind, RefundRule>> = {
  report: { undelivered: 'at_once', delivered: 'operators' },
  membership: { undelivered: 'at_once', delivered: 'operators' },
  coins: { undelivered: 'at_once', delivered: 'operators' },
  goods: { undelivered: 'at_once', delivered: 'operators' },
};
