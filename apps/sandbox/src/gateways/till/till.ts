import { type Currency, decimalsOf, type Logger, type Money } from '@mingdan/kernel';
import type { Stand, TillEvent } from '../contract.ts';
import { type BuyerAction, buyerActions } from './actions.ts';
import type { GatewayFaults } from './faults.ts';
import {
  type Charge,
  type Dispute,
  type Ledger,
  type NewRefund,
  type Payment,
  type Refund,
  Refused,
} from './ledger.ts';
import type { NoticeSender } from './notices.ts';

export interface TillOptions {
  readonly ledger: Ledger;
  readonly sender: NoticeSender;
  /** how the panel's switches of this gateway stand */
  readonly faults: () => GatewayFaults;
  readonly refundMs: number;
  /** the protocol; asked when something is told, since it is opened after the till */
  readonly stand: () => Stand;
  readonly log: Logger;
}

/** Books, buyers and notices of one gateway: what happens is booked first, and then told. */
export class Till {
  readonly ledger: Ledger;
  readonly sender: NoticeSender;
  private readonly options: TillOptions;
  private readonly timers = new Set<NodeJS.Timeout>();

  constructor(options: TillOptions) {
    this.options = options;
    this.ledger = options.ledger;
    this.sender = options.sender;
  }

  /** Sends what the gateway says of an event. @returns when the merchant has been told once */
  async tell(event: TillEvent): Promise<void> {
    for (const notice of this.options.stand().notices(event)) {
      // A merchant that gave no address is not told.
      if (notice.url !== '') await this.sender.send(notice);
    }
  }

  /** For what an API call has caused: its answer does not wait for the merchant's own page. */
  tellAside(event: TillEvent): void {
    this.aside(this.tell(event));
  }

  /** Money comes in. @param amount of the payment when left out @returns when the merchant has been told once */
  async pay(payment: Payment, amount: Money = payment.amount): Promise<Charge> {
    const charge = this.ledger.charge(payment, amount);
    await this.tell({ kind: 'paid', payment, charge });
    // The bank's refusal of a first try, told only now: a merchant must not believe it any more.
    if (this.options.faults().notices.outOfOrder) await this.tell({ kind: 'failed', payment });
    return charge;
  }

  async fail(payment: Payment): Promise<void> {
    payment.status = 'failed';
    this.ledger.changed();
    await this.tell({ kind: 'failed', payment });
  }

  /** Something is seen, but not final. @param amount what has come in; nothing is booked when left out */
  async see(payment: Payment, amount?: Money): Promise<void> {
    if (amount) this.ledger.charge(payment, amount, 'processing');
    payment.status = 'processing';
    this.ledger.changed();
    await this.tell({ kind: 'processing', payment });
  }

  /** What was seen is final now; what is missing of the amount comes in. */
  async finish(payment: Payment): Promise<void> {
    const missing = payment.amount.minor - this.ledger.receivedMinor(payment);
    const charge = payment.charges.at(-1);
    if (!charge || missing > 0) {
      await this.pay(payment, { ...payment.amount, minor: missing });
      return;
    }
    payment.status = 'paid';
    this.ledger.changed();
    await this.tell({ kind: 'paid', payment, charge });
  }

  /** The gateway ends it, whatever has come in. */
  async end(payment: Payment): Promise<void> {
    payment.status = 'closed';
    this.ledger.changed();
    await this.tell({ kind: 'closed', payment });
  }

  /** The merchant closes it. Told in the background. @throws Refused 409 `already_paid` */
  close(payment: Payment): void {
    const before = payment.status;
    this.ledger.close(payment);
    if (before !== 'closed') this.tellAside({ kind: 'closed', payment });
  }

  /**
   * The merchant asks for a refund; the same refund id again is the same refund. It ends as the panel says; told in the background.
   * @throws Refused 409 `refund_id_taken` | `currency_mismatch` | `amount_exceeds_paid`
   */
  refund(payment: Payment, wanted: NewRefund): { refund: Refund; created: boolean } {
    const known = wanted.refundId === undefined ? undefined : this.ledger.refunds.get(wanted.refundId);
    if (known) {
      const { amount } = wanted;
      const same =
        known.paymentId === payment.paymentId &&
        known.amount.minor === amount.minor &&
        known.amount.currency === amount.currency;
      if (!same) throw new Refused(409, 'refund_id_taken', `refund ${known.refundId} is of another order or amount`);
      return { refund: known, created: false };
    }
    const mode = this.options.faults().refunds;
    const wait = this.options.refundMs > 0 || mode === 'stay_pending';
    const refund = this.ledger.refund(payment, wanted, wait ? 'pending' : mode === 'fail' ? 'failed' : 'succeeded');
    this.tellAside({ kind: 'refund', payment, refund });
    if (wait && mode !== 'stay_pending') this.settleLater(refund, mode === 'fail' ? 'failed' : 'succeeded');
    return { refund, created: true };
  }

  /** Ends a refund that was pending. @throws Refused 404, 409 */
  async settleRefund(refundId: string, status: 'succeeded' | 'failed'): Promise<void> {
    const refund = this.ledger.getRefund(refundId);
    if (refund.status !== 'pending') throw new Refused(409, 'not_pending', `refund ${refundId} is ${refund.status}`);
    refund.status = status;
    this.ledger.changed();
    await this.tell({ kind: 'refund', payment: this.ledger.get(refund.paymentId), refund });
  }

  /** Somebody refunds in the gateway's own console. @param minor all that is left when left out @throws Refused 404, 409 */
  async refundInConsole(id: string, minor?: number): Promise<Refund> {
    const payment = this.ledger.get(id);
    const charge = payment.charges.find(({ paymentId }) => paymentId === id) ?? payment.charges.at(-1);
    if (!charge) throw new Refused(409, 'not_paid', 'there is nothing to give back');
    const left = charge.amount.minor - this.ledger.refundedMinor(payment, charge.paymentId);
    const amount = { ...charge.amount, minor: minor ?? left };
    const wanted: NewRefund = { amount, chargeId: charge.paymentId, madeIn: 'console', reason: 'made in the console' };
    const refund = this.ledger.refund(payment, wanted, 'succeeded');
    await this.tell({ kind: 'refund', payment, refund });
    return refund;
  }

  /** The buyer's bank takes the last charge back. @throws Refused 404, 409 */
  async dispute(id: string): Promise<Dispute> {
    const payment = this.ledger.get(id);
    const dispute = this.ledger.dispute(payment);
    await this.tell({ kind: 'dispute', payment, dispute });
    return dispute;
  }

  /** @throws Refused 404, 409 */
  async settleDispute(disputeId: string, status: 'won' | 'lost'): Promise<void> {
    const dispute = this.ledger.disputes.get(disputeId);
    if (!dispute) throw new Refused(404, 'dispute_not_found', `there is no dispute ${disputeId}`);
    if (dispute.status !== 'open') throw new Refused(409, 'not_open', `dispute ${disputeId} is ${dispute.status}`);
    dispute.status = status;
    this.ledger.changed();
    await this.tell({ kind: 'dispute', payment: this.ledger.get(dispute.paymentId), dispute });
  }

  /** What a buyer does, by name. @returns when the merchant has been told once @throws Refused 404, 409 */
  async act(id: string, name: string): Promise<void> {
    const payment = this.ledger.get(id);
    this.ledger.open(payment);
    const common = buyerActions.find((known) => known === name);
    if (common) return this.actCommonly(payment, common);
    const extra = this.options.stand().actions?.find((known) => known.name === name);
    if (!extra) throw new Refused(404, 'no_such_action', 'there is no such action');
    if (!extra.fits(payment)) throw new Refused(409, 'not_now', `this payment is ${payment.status}`);
    await extra.run(payment);
  }

  /** Payments whose time is over close, and money of those who waited for that arrives. */
  async sweep(now: number): Promise<void> {
    const closed = this.ledger.expire(now);
    await Promise.all(closed.map((payment) => this.tell({ kind: 'closed', payment })));
    await this.payThoseWhoWaited();
  }

  stop(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.sender.close();
  }

  private aside(work: Promise<void>): void {
    work.catch((error) =>
      this.options.log.error({ err: error }, 'what the gateway wanted to tell could not be written'),
    );
  }

  private async actCommonly(payment: Payment, action: BuyerAction): Promise<void> {
    const { status } = payment;
    if (action === 'pay' && status === 'paid') return;
    if (action === 'pay' && status === 'processing') return this.finish(payment);
    if (action === 'pay-late') {
      if (status === 'paid') throw new Refused(409, 'already_paid', 'this payment is paid');
      payment.payLate = true;
      this.ledger.changed();
      return this.payThoseWhoWaited();
    }
    // A gateway takes no money for a closed payment; what comes late was on its way before.
    if (status === 'closed') throw new Refused(409, 'payment_closed', 'this payment is closed');
    if (action === 'fail') {
      if (status !== 'pending' && status !== 'processing')
        throw new Refused(409, 'not_pending', `this payment is ${status}`);
      return this.fail(payment);
    }
    if (action === 'end') {
      if (status === 'paid') throw new Refused(409, 'already_paid', 'this payment is paid');
      return this.end(payment);
    }
    if (action === 'pay-twice') {
      if (status !== 'paid') await this.pay(payment);
      await this.pay(payment);
      return;
    }
    if (status === 'paid') throw new Refused(409, 'not_pending', 'this payment is paid');
    await this.pay(payment, amountOf(payment, action));
  }

  /** Money of buyers who chose "pay late" arrives once their payment is closed or over. */
  private async payThoseWhoWaited(): Promise<void> {
    const late = [...this.ledger.payments.values()].filter(({ payLate, status }) => payLate && status === 'closed');
    await Promise.all(late.map((payment) => this.pay(payment)));
  }

  private settleLater(refund: Refund, status: 'succeeded' | 'failed'): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      // Somebody may have settled it on the panel meanwhile.
      if (refund.status === 'pending') this.aside(this.settleRefund(refund.refundId, status));
    }, this.options.refundMs);
    this.timers.add(timer.unref());
  }
}

/** What comes in where the buyer does not pay what was asked: half, half as much again, or the same figure of other money. */
function amountOf({ amount }: Payment, action: BuyerAction): Money {
  const half = Math.max(1, Math.floor(amount.minor / 2));
  if (action === 'pay-wrong-amount') return { ...amount, minor: half };
  if (action === 'pay-too-much') return { ...amount, minor: amount.minor + half };
  return action === 'pay-other-currency' ? inOtherMoney(amount) : amount;
}

function inOtherMoney({ minor, currency }: Money): Money {
  const other: Currency = currency === 'HKD' ? 'USD' : 'HKD';
  const scale = 10 ** (decimalsOf(currency) - decimalsOf(other));
  return { minor: Math.max(1, Math.floor(minor / scale)), currency: other };
}
