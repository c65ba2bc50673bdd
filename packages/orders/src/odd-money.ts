/**
 * What becomes of money that does not come the usual way: the whole table. `take_notice` (migrations/0006) gives the verdict, this list
 * says what follows, and docs/money.md is written from it. No mismatch flips an order by itself.
 */
export type OddMoneyAnswer = 'deliver' | 'wait' | 'refund';

export interface OddMoney {
  readonly verdict: string;
  /** `deliver`: the order goes on; `refund`: the money goes back by itself; `hold`: a person decides; `tell`: a person should know */
  readonly leadsTo: 'deliver' | 'refund' | 'hold' | 'tell';
  /** what a person may answer; the last word after 72 hours is `refund`, where the gateway can */
  readonly answers: readonly OddMoneyAnswer[];
}

const HELD = ['deliver', 'wait', 'refund'] as const;

export const oddMoney: readonly OddMoney[] = [
  { verdict: 'paid', leadsTo: 'deliver', answers: [] },
  { verdict: 'paid_late', leadsTo: 'deliver', answers: [] },
  { verdict: 'paid_after_cancel', leadsTo: 'deliver', answers: [] },
  { verdict: 'paid_after_failed_try', leadsTo: 'deliver', answers: [] },
  { verdict: 'second_payment', leadsTo: 'refund', answers: [] },
  { verdict: 'amount_mismatch', leadsTo: 'hold', answers: HELD },
  { verdict: 'currency_mismatch', leadsTo: 'hold', answers: HELD },
  { verdict: 'payment_id_mismatch', leadsTo: 'hold', answers: HELD },
  { verdict: 'other_provider', leadsTo: 'hold', answers: HELD },
  // The rest of an order whose coins went back when it ended, and are spent since.
  { verdict: 'coins_returned', leadsTo: 'hold', answers: HELD },
  // A subscription paid again whose first order is not known here; of one that is known each renewal is an order of its own.
  { verdict: 'subscription_renewal', leadsTo: 'hold', answers: ['wait', 'refund'] },
  { verdict: 'unknown_order', leadsTo: 'hold', answers: ['refund'] },
  { verdict: 'unreadable_amount', leadsTo: 'hold', answers: ['wait'] },
  { verdict: 'unknown_currency', leadsTo: 'hold', answers: ['wait'] },
  { verdict: 'amount_missing', leadsTo: 'hold', answers: ['wait'] },
  { verdict: 'payment_of_other_order', leadsTo: 'tell', answers: [] },
  { verdict: 'other_merchant', leadsTo: 'tell', answers: [] },
  { verdict: 'refunded_at_gateway', leadsTo: 'tell', answers: [] },
  { verdict: 'refund_conflict', leadsTo: 'tell', answers: [] },
  { verdict: 'unknown_refund', leadsTo: 'tell', answers: [] },
  { verdict: 'disputed', leadsTo: 'tell', answers: [] },
];

/** What a person may answer to a matter of this verdict. A verdict that is in no table is a problem of reading: nothing is known to give back. */
export function answersTo(verdict: string): readonly OddMoneyAnswer[] {
  return oddMoney.find((each) => each.verdict === verdict)?.answers ?? ['wait'];
}
