import { formatAmount, type Money } from '@mingdan/kernel';
import type { FaultBoard } from '../../faults.ts';
import { type Charge, type Ledger, type Payment, type Refund, Refused } from './ledger.ts';
import type { NoticeBody, NoticeSender } from './notices.ts';

/** What a buyer can do on the checkout page. */
export const buyerActions = ['pay', 'fail', 'pay-twice', 'pay-late', 'pay-wrong-amount'] as const;
export type BuyerAction = (typeof buyerActions)[number];

export interface Till {
  readonly ledger: Ledger;
  readonly notices: NoticeSender;
  readonly faults: FaultBoard;
}

/** @returns when the merchant has been told once. @throws Refused 404, 409 */
export async function act(till: Till, orderId: string, action: BuyerAction): Promise<void> {
  const payment = till.ledger.get(orderId);
  const closed = payment.status === 'closed';
  switch (action) {
    case 'pay':
      // A gateway takes no money for a closed payment; what comes late was on its way before.
      if (closed) throw new Refused(409, 'payment_closed', 'this payment is closed');
      if (payment.status === 'paid') return;
      return pay(till, payment, payment.amount);
    case 'fail':
      if (payment.status !== 'pending') throw new Refused(409, 'not_pending', `this payment is ${payment.status}`);
      payment.status = 'failed';
      till.ledger.changed();
      return tell(till, payment, failedNotice(payment));
    case 'pay-twice':
      if (closed) throw new Refused(409, 'payment_closed', 'this payment is closed');
      if (payment.status !== 'paid') await pay(till, payment, payment.amount);
      return pay(till, payment, payment.amount);
    case 'pay-late':
      if (payment.status === 'paid') throw new Refused(409, 'already_paid', 'this payment is paid');
      payment.payLate = true;
      till.ledger.changed();
      return payThoseWhoWaited(till);
    case 'pay-wrong-amount':
      if (payment.status === 'paid' || closed)
        throw new Refused(409, 'not_pending', `this payment is ${payment.status}`);
      return pay(till, payment, wrongAmount(payment.amount));
  }
}

/** Money of buyers who chose "pay late" arrives once their payment is closed or over. */
export async function payThoseWhoWaited(till: Till): Promise<void> {
  const late = till.ledger.expire(Date.now());
  await Promise.all(late.map((payment) => pay(till, payment, payment.amount)));
}

/** Tells how a refund ended. */
export async function tellRefund(till: Till, refund: Refund): Promise<void> {
  if (refund.status === 'pending') return;
  const payment = till.ledger.get(refund.orderId);
  await tell(till, payment, {
    refund_id: refund.refundId,
    order_id: refund.orderId,
    status: refund.status === 'succeeded' ? 'refunded' : 'refund_failed',
    amount: formatAmount(refund.amount),
    currency: refund.amount.currency,
  });
}

/** Ends a refund that was pending. @throws Refused 404, 409 */
export async function settleRefund(till: Till, refundId: string, status: 'succeeded' | 'failed'): Promise<void> {
  const refund = till.ledger.getRefund(refundId);
  if (refund.status !== 'pending') throw new Refused(409, 'not_pending', `refund ${refundId} is ${refund.status}`);
  refund.status = status;
  till.ledger.changed();
  await tellRefund(till, refund);
}

async function pay(till: Till, payment: Payment, amount: Money): Promise<void> {
  const charge = till.ledger.charge(payment, amount);
  await tell(till, payment, paidNotice(payment, charge));
  // The bank's refusal of a first try, told only now: a merchant must not believe it any more.
  if (till.faults.read().pingpong.notices.outOfOrder) await tell(till, payment, failedNotice(payment));
}

function tell(till: Till, payment: Payment, body: NoticeBody): Promise<void> {
  return till.notices.send(payment.notifyUrl, body);
}

function paidNotice(payment: Payment, charge: Charge): NoticeBody {
  return {
    order_id: payment.orderId,
    status: 'paid',
    payment_id: charge.paymentId,
    amount: formatAmount(charge.amount),
    currency: charge.amount.currency,
    paid_at: charge.at,
  };
}

function failedNotice(payment: Payment): NoticeBody {
  return {
    order_id: payment.orderId,
    status: 'failed',
    payment_id: payment.paymentId,
    amount: formatAmount(payment.amount),
    currency: payment.amount.currency,
    failure: 'declined by the bank',
  };
}

/** Half of it, as somebody pays who changed the amount on the way. */
function wrongAmount(amount: Money): Money {
  return { ...amount, minor: Math.max(1, Math.floor(amount.minor / 2)) };
}
