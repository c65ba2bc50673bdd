import { MingdanError } from '@mingdan/kernel';

export type OperationErrorCode =
  | 'order_not_found'
  | 'order_not_payable'
  | 'provider_not_offered'
  | 'method_not_offered'
  | 'not_enough_coins'
  | 'coins_not_usable'
  | 'amount_exceeds_payment'
  | 'refund_id_taken'
  | 'held_not_decidable'
  | 'gateway_timeout'
  | 'gateway_refused'
  | 'no_such_matter'
  | 'no_buyer'
  | 'refund_not_open'
  | 'not_by_hand'
  | 'sold_out';

const hints: Record<OperationErrorCode, string> = {
  order_not_found: 'Check the order number (mingdan orders list)',
  order_not_payable: 'It is paid, expired or ended: mingdan orders show tells',
  provider_not_offered: 'Set the keys of this provider, or offer another one',
  method_not_offered: 'docs/payments.md lists what each method takes',
  not_enough_coins: 'The buyer tops up, or pays another way',
  coins_not_usable: 'Money for it is on its way, or they would pay all of it or nothing; it stays payable without them',
  amount_exceeds_payment: 'mingdan orders show tells what is left of the payment',
  refund_id_taken: 'Use another refund id for another order or amount',
  held_not_decidable: 'mingdan inbox show tells what can be answered',
  gateway_timeout: 'The gateway does not answer; the order stays payable, try again',
  no_such_matter: 'See: mingdan inbox list --all',
  refund_not_open: 'It is under way or done: mingdan orders show tells',
  not_by_hand: 'mingdan orders show tells how far it is; codes are handed out by themselves',
  sold_out: 'mingdan stock set puts more in; or give the money back: mingdan orders refund',
  no_buyer: 'Resolve it with a note alone',
  gateway_refused: 'The gateway said no: compare its settings with mingdan doctor',
};

export class OperationRefused extends MingdanError {
  constructor(code: OperationErrorCode, message: string, cause?: unknown) {
    super(code, message, { hint: hints[code], cause });
  }
}
