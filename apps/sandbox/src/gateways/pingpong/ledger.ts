import { type Currency, formatAmount, isCurrency, type Money, parseAmount, randomCode } from '@mingdan/kernel';
import { z } from 'zod';
import { waitUntil } from '../../calls.ts';

/** A refusal of the gateway. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Money that came in. A buyer who pays twice makes two of them. */
export interface Charge {
  readonly paymentId: string;
  readonly amount: Money;
  /** ISO 8601 */
  readonly at: string;
}

export interface Payment {
  readonly paymentId: string;
  readonly orderId: string;
  readonly amount: Money;
  readonly subject: string;
  readonly notifyUrl: string;
  readonly returnUrl: string;
  /** milliseconds since 1970 */
  readonly expiresAt: number;
  status: 'pending' | 'paid' | 'failed' | 'closed';
  readonly charges: Charge[];
  /** the buyer pays as soon as the payment is closed or has expired */
  payLate: boolean;
}

export interface Refund {
  readonly refundId: string;
  readonly orderId: string;
  readonly amount: Money;
  readonly reason: string;
  status: 'succeeded' | 'pending' | 'failed';
}

export const createInput = z.object({
  merchant_id: z.string(),
  order_id: z.string().min(1).max(64),
  amount: z.string(),
  currency: z.string(),
  subject: z.string().max(256).default(''),
  notify_url: z.url(),
  return_url: z.string().default(''),
  /** seconds */
  expires_in: z.number().int().positive().max(604_800).default(1_800),
});

export const refundInput = z.object({
  refund_id: z.string().min(1).max(64),
  order_id: z.string(),
  amount: z.string(),
  currency: z.string(),
  reason: z.string().default(''),
});

/** The gateway's books. */
export class Ledger {
  readonly payments = new Map<string, Payment>();
  readonly refunds = new Map<string, Refund>();
  readonly changes = new Set<() => void>();

  /** The same order_id again is the same payment, whatever else the request says now. */
  create(input: z.infer<typeof createInput>): Payment {
    const known = this.payments.get(input.order_id);
    if (known) return known;
    const payment: Payment = {
      paymentId: `PP${randomCode(16)}`,
      orderId: input.order_id,
      amount: money(input.amount, input.currency),
      subject: input.subject,
      notifyUrl: input.notify_url,
      returnUrl: input.return_url,
      expiresAt: Date.now() + input.expires_in * 1_000,
      status: 'pending',
      charges: [],
      payLate: false,
    };
    if (payment.amount.minor === 0) throw new Refused(422, 'bad_amount', 'the amount must be above zero');
    this.payments.set(payment.orderId, payment);
    this.changed();
    return payment;
  }

  /** @throws Refused 404 */
  get(orderId: string): Payment {
    const payment = this.payments.get(orderId);
    if (!payment) throw new Refused(404, 'order_not_found', `there is no payment for order ${orderId}`);
    return payment;
  }

  byPaymentId(paymentId: string): Payment | undefined {
    return [...this.payments.values()].find((payment) => payment.paymentId === paymentId);
  }

  /** @throws Refused 409 once it is paid */
  close(orderId: string): Payment {
    const payment = this.get(orderId);
    if (payment.status === 'paid')
      throw new Refused(409, 'already_paid', `order ${orderId} is paid and cannot be closed`);
    payment.status = 'closed';
    this.changed();
    return payment;
  }

  charge(payment: Payment, amount: Money): Charge {
    const first = payment.charges.length === 0;
    const paymentId = first ? payment.paymentId : `PP${randomCode(16)}`;
    const charge = { paymentId, amount, at: new Date().toISOString() };
    payment.charges.push(charge);
    payment.status = 'paid';
    payment.payLate = false;
    this.changed();
    return charge;
  }

  /** The same refund_id again is the same refund. @throws Refused 404, 409 */
  refund(input: z.infer<typeof refundInput>, status: Refund['status']): { refund: Refund; created: boolean } {
    const payment = this.get(input.order_id);
    const amount = money(input.amount, input.currency);
    const known = this.refunds.get(input.refund_id);
    if (known) {
      const same = known.orderId === payment.orderId && formatAmount(known.amount) === formatAmount(amount);
      if (!same) throw new Refused(409, 'refund_id_taken', `refund ${input.refund_id} is of another order or amount`);
      return { refund: known, created: false };
    }
    if (amount.currency !== payment.amount.currency)
      throw new Refused(409, 'currency_mismatch', 'the payment has another currency');
    const paid = sum(payment.charges.map((charge) => charge.amount.minor));
    const returned = sum(
      this.refundsOf(payment.orderId).map((refund) => (refund.status === 'failed' ? 0 : refund.amount.minor)),
    );
    if (amount.minor === 0 || returned + amount.minor > paid) {
      throw new Refused(409, 'amount_exceeds_paid', `of order ${payment.orderId} no more than was paid can go back`);
    }
    const refund: Refund = {
      refundId: input.refund_id,
      orderId: payment.orderId,
      amount,
      reason: input.reason,
      status,
    };
    this.refunds.set(refund.refundId, refund);
    this.changed();
    return { refund, created: true };
  }

  /** @throws Refused 404 */
  getRefund(refundId: string): Refund {
    const refund = this.refunds.get(refundId);
    if (!refund) throw new Refused(404, 'refund_not_found', `there is no refund ${refundId}`);
    return refund;
  }

  refundsOf(orderId: string): Refund[] {
    return [...this.refunds.values()].filter((refund) => refund.orderId === orderId);
  }

  /** Payments whose time is over become closed. @returns those whose buyer was waiting for that */
  expire(now: number): Payment[] {
    for (const payment of this.payments.values()) {
      const open = payment.status === 'pending' || payment.status === 'failed';
      if (open && payment.expiresAt <= now) payment.status = 'closed';
    }
    return [...this.payments.values()].filter((payment) => payment.payLate && payment.status === 'closed');
  }

  changed(): void {
    for (const look of [...this.changes]) look();
  }

  waitFor<T>(look: () => T | undefined, timeoutMs: number, complaint: () => string): Promise<T> {
    return waitUntil(this.changes, look, timeoutMs, complaint);
  }
}

function money(text: string, currency: string): Money {
  if (!isCurrency(currency)) throw new Refused(422, 'bad_currency', `${currency.slice(0, 10)} is no currency here`);
  try {
    return parseAmount(text, currency satisfies Currency);
  } catch {
    throw new Refused(422, 'bad_amount', `"${text.slice(0, 20)}" is no amount in ${currency}`);
  }
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
