import { MingdanError } from '@mingdan/kernel';
import { HttpError } from '../errors.ts';

/** What an operation refuses, as the caller of the API reads it. The details stay in the log. */
const ANSWERS: Readonly<Record<string, { status: number; message: string; field?: string }>> = {
  order_not_found: { status: 404, message: 'There is no order with this number' },
  order_not_payable: { status: 409, message: 'The order is paid, expired or ended: it cannot be paid now' },
  provider_not_offered: { status: 409, message: 'This way to pay is not offered now' },
  method_not_offered: { status: 422, message: 'This method is not known, or cannot take this order', field: 'method' },
  coins_not_usable: { status: 409, message: 'Coins cannot pay a part of this order now' },
  not_enough_coins: { status: 409, message: 'There are not enough coins' },
  gateway_timeout: {
    status: 504,
    message: 'The payment gateway does not answer; the order stays payable, try again or another way to pay',
  },
  gateway_refused: { status: 502, message: 'The payment gateway refused this payment' },
  amount_exceeds_payment: { status: 409, message: 'Less than this amount is left to give back', field: 'amount' },
  refund_id_taken: { status: 409, message: 'This refund id is of another order or amount', field: 'refundId' },
  bad_redpacket_code: { status: 422, message: 'A red-packet code has 4 to 64 characters in one line', field: 'code' },
  redpacket_code_used: { status: 409, message: 'This red-packet code was used for another order', field: 'code' },
  too_many_redpacket_codes: { status: 409, message: 'Too many codes were tried for this order' },
  maintenance: { status: 503, message: 'No new orders are taken right now' },
  too_many_open_orders: { status: 409, message: 'Too many unpaid orders are open' },
  sold_out: { status: 409, message: 'There are not that many left', field: 'quantity' },
  coupon_not_valid: { status: 409, message: 'This coupon does not hold for this order', field: 'coupon' },
  no_such_plan: { status: 409, message: 'No membership has this price, or the payment bought none', field: 'amount' },
  payment_not_paid: { status: 409, message: 'This payment is not paid yet', field: 'paymentId' },
  payment_taken: { status: 409, message: 'This payment was taken for another user or price', field: 'paymentId' },
  payment_refunded: { status: 409, message: 'The money of this payment went back', field: 'paymentId' },
  user_mismatch: { status: 403, message: 'This payment is of another user', field: 'userId' },
  amount_mismatch: { status: 409, message: 'This is not the amount of the payment', field: 'amount' },
};

/** Runs an operation; what it refuses becomes an answer with its code. */
export async function answering<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof MingdanError)) throw error;
    const known = Object.hasOwn(ANSWERS, error.code) ? ANSWERS[error.code] : undefined;
    if (!known) throw error;
    throw new HttpError(known.status, error.code, known.message, known.field);
  }
}
