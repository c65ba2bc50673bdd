import type { Money } from '@mingdan/kernel';
import { waitUntil } from '../../wait.ts';

/** A refusal of the gateway. `status` is HTTP's, as far as the gateway's protocol uses it. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** What a protocol wants to remember beside the common fields: kept over a restart, shown nowhere. */
export type Details = Record<string, string>;

/** Money that came in. A buyer who pays twice makes two of them. */
export interface Charge {
  /** as notices and queries name it: trade_no, transaction_id, payment_intent */
  readonly paymentId: string;
  readonly amount: Money;
  /** ISO 8601 */
  readonly at: string;
}

export type PaymentStatus = 'pending' | 'processing' | 'paid' | 'failed' | 'closed';

export interface Payment {
  /** names it in this gateway and in the address of its page */
  readonly paymentId: string;
  /** the merchant's */
  readonly orderId: string;
  readonly amount: Money;
  readonly subject: string;
  readonly notifyUrl: string;
  readonly returnUrl: string;
  /** ISO 8601 */
  readonly createdAt: string;
  /** ISO 8601, when a buyer first saw its page or did something; null until then. Some gateways know no trade before. */
  openedAt: string | null;
  /** milliseconds since 1970 */
  readonly expiresAt: number;
  /** `processing`: money is seen but not final. Money that went back leaves it `paid`. */
  status: PaymentStatus;
  readonly charges: Charge[];
  /** the buyer pays as soon as the payment is closed or has expired */
  payLate: boolean;
  /** texts by which the page /scan finds it: what a QR code holds, a prepay id */
  readonly codes: string[];
  readonly details: Details;
}

export type NewPayment = Pick<Payment, 'orderId' | 'amount' | 'notifyUrl' | 'expiresAt'> &
  Partial<Pick<Payment, 'paymentId' | 'subject' | 'returnUrl' | 'codes' | 'details'>>;

export interface Refund {
  /** the merchant's id; of a refund made in the console the gateway's own */
  readonly refundId: string;
  readonly gatewayRefundId: string;
  readonly paymentId: string;
  readonly orderId: string;
  /** of which charge; the first where the merchant named none */
  readonly chargeId: string;
  readonly amount: Money;
  readonly reason: string;
  /** where its result is told, where that is not the payment's own address */
  readonly notifyUrl: string;
  readonly madeIn: 'api' | 'console';
  /** ISO 8601 */
  readonly at: string;
  status: 'succeeded' | 'pending' | 'failed';
  readonly details: Details;
}

export type NewRefund = Pick<Refund, 'amount'> &
  Partial<Pick<Refund, 'refundId' | 'reason' | 'notifyUrl' | 'chargeId' | 'details' | 'madeIn'>>;

/** A buyer who takes the money back by force of the bank. */
export interface Dispute {
  readonly disputeId: string;
  readonly paymentId: string;
  readonly orderId: string;
  readonly chargeId: string;
  readonly amount: Money;
  /** ISO 8601 */
  readonly at: string;
  status: 'open' | 'won' | 'lost';
}

/** How a gateway makes its ids. */
export interface IdMaker {
  payment(): string;
  /** `first`: many gateways give the first charge the payment's own id */
  charge(payment: Payment, first: boolean): string;
  refund(): string;
  dispute(): string;
}

/** The books of one gateway. */
export class Ledger {
  readonly payments = new Map<string, Payment>();
  readonly refunds = new Map<string, Refund>();
  readonly disputes = new Map<string, Dispute>();
  readonly changes = new Set<() => void>();
  private readonly ids: IdMaker;

  constructor(ids: IdMaker) {
    this.ids = ids;
  }

  /** Always a new one: what a repeated order id means is the protocol's affair. @throws Refused 422 */
  create(wanted: NewPayment): Payment {
    if (wanted.amount.minor <= 0) throw new Refused(422, 'bad_amount', 'the amount must be above zero');
    const payment: Payment = {
      paymentId: this.ids.payment(),
      subject: '',
      returnUrl: '',
      codes: [],
      details: {},
      ...wanted,
      createdAt: new Date().toISOString(),
      openedAt: null,
      status: 'pending',
      charges: [],
      payLate: false,
    };
    this.payments.set(payment.paymentId, payment);
    this.changed();
    return payment;
  }

  /** By the gateway's id of the payment or of a charge, else the newest of that order id. */
  find(id: string): Payment | undefined {
    const all = [...this.payments.values()];
    return (
      this.payments.get(id) ??
      all.find(({ charges }) => charges.some(({ paymentId }) => paymentId === id)) ??
      all.findLast(({ orderId }) => orderId === id)
    );
  }

  /** @throws Refused 404 */
  get(id: string): Payment {
    const payment = this.find(id);
    if (!payment) throw new Refused(404, 'order_not_found', `there is no payment for order ${id}`);
    return payment;
  }

  open(payment: Payment): void {
    if (payment.openedAt !== null) return;
    payment.openedAt = new Date().toISOString();
    this.changed();
  }

  byCode(code: string): Payment | undefined {
    return [...this.payments.values()].findLast(({ codes }) => codes.includes(code));
  }

  /** Closing again is no fault. @throws Refused 409 once it is paid */
  close(payment: Payment): void {
    if (payment.status === 'paid')
      throw new Refused(409, 'already_paid', `order ${payment.orderId} is paid and cannot be closed`);
    payment.status = 'closed';
    this.changed();
  }

  /** Money came in. @param status `processing` where it is not the whole or not final */
  charge(payment: Payment, amount: Money, status: 'paid' | 'processing' = 'paid'): Charge {
    const paymentId = this.ids.charge(payment, payment.charges.length === 0);
    const charge = { paymentId, amount, at: new Date().toISOString() };
    payment.charges.push(charge);
    payment.status = status;
    payment.payLate = false;
    this.changed();
    return charge;
  }

  /** Never more than came in. Not looked at: whether the refund id is known, see `Till.refund`. @throws Refused 409 */
  refund(payment: Payment, wanted: NewRefund, status: Refund['status']): Refund {
    const { amount } = wanted;
    const charges = payment.charges.filter(
      ({ paymentId }) => wanted.chargeId === undefined || paymentId === wanted.chargeId,
    );
    const [first] = charges;
    if (first && amount.currency !== first.amount.currency)
      throw new Refused(409, 'currency_mismatch', 'the payment has another currency');
    const left = sum(charges.map((charge) => charge.amount.minor)) - this.refundedMinor(payment, wanted.chargeId);
    if (!first || amount.minor <= 0 || amount.minor > left)
      throw new Refused(409, 'amount_exceeds_paid', `of order ${payment.orderId} no more than was paid can go back`);
    const gatewayRefundId = this.ids.refund();
    const refund: Refund = {
      refundId: gatewayRefundId,
      reason: '',
      notifyUrl: payment.notifyUrl,
      madeIn: 'api',
      chargeId: first.paymentId,
      details: {},
      ...wanted,
      gatewayRefundId,
      paymentId: payment.paymentId,
      orderId: payment.orderId,
      at: new Date().toISOString(),
      status,
    };
    this.refunds.set(refund.refundId, refund);
    this.changed();
    return refund;
  }

  /** By the merchant's id or the gateway's. @throws Refused 404 */
  getRefund(id: string): Refund {
    const refund = this.refunds.get(id) ?? [...this.refunds.values()].find((known) => known.gatewayRefundId === id);
    if (!refund) throw new Refused(404, 'refund_not_found', `there is no refund ${id}`);
    return refund;
  }

  refundsOf(payment: Payment): Refund[] {
    return [...this.refunds.values()].filter(({ paymentId }) => paymentId === payment.paymentId);
  }

  /** All that came in, in minor units of the currency that was asked for. */
  receivedMinor({ charges, amount }: Payment): number {
    return sum(charges.map((charge) => (charge.amount.currency === amount.currency ? charge.amount.minor : 0)));
  }

  /** What has gone back or is on its way. @param chargeId of this charge alone */
  refundedMinor(payment: Payment, chargeId?: string): number {
    const counted = this.refundsOf(payment).filter(
      (refund) => refund.status !== 'failed' && (chargeId === undefined || refund.chargeId === chargeId),
    );
    return sum(counted.map(({ amount }) => amount.minor));
  }

  /** Of the last charge, whole. @throws Refused 409 where nothing came in */
  dispute(payment: Payment): Dispute {
    const charge = payment.charges.at(-1);
    if (!charge) throw new Refused(409, 'not_paid', 'there is nothing to dispute');
    const dispute: Dispute = {
      disputeId: this.ids.dispute(),
      paymentId: payment.paymentId,
      orderId: payment.orderId,
      chargeId: charge.paymentId,
      amount: charge.amount,
      at: new Date().toISOString(),
      status: 'open',
    };
    this.disputes.set(dispute.disputeId, dispute);
    this.changed();
    return dispute;
  }

  /** Payments whose time is over become closed. @returns those that closed now */
  expire(now: number): Payment[] {
    const over = [...this.payments.values()].filter(
      ({ status, expiresAt }) => (status === 'pending' || status === 'failed') && expiresAt <= now,
    );
    for (const payment of over) payment.status = 'closed';
    if (over.length > 0) this.changed();
    return over;
  }

  changed(): void {
    for (const look of [...this.changes]) look();
  }

  waitFor<T>(look: () => T | undefined, timeoutMs: number, complaint: () => string): Promise<T> {
    return waitUntil(this.changes, look, timeoutMs, complaint);
  }
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
