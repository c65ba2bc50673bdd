import type { Db } from '@mingdan/db';
import { createLogger, type Money, pause, systemClock } from '@mingdan/kernel';
import { testVault } from '@mingdan/orders/testing';
import {
  type CreatePayment,
  type GatewayPaymentState,
  GatewayRefused,
  GatewayUnreachable,
  type ListedPayment,
  OrderIdUsed,
  type PaymentClient,
} from '@mingdan/payments';
import type { OperationDeps } from '../src/index.ts';

/** A gateway in memory that can be told to be down, to be paid, or to answer for another amount. */
export class FakeGateway implements PaymentClient {
  readonly provider = 'pingpong' as const;
  readonly payments = new Map<
    string,
    { id: string; status: 'pending' | 'processing' | 'paid' | 'failed' | 'closed'; amount: Money; givenBack?: true }
  >();
  readonly refunds = new Map<string, Money>();
  /** ids that the gateway does not take (again) */
  readonly usedIds = new Set<string>();
  /** set where it has a list of what it took */
  listPayments?: () => Promise<readonly ListedPayment[]>;
  creates = 0;
  queries = 0;
  calls = 0;
  slowMs = 0;
  down = false;
  refuses = false;

  async createPayment(request: CreatePayment) {
    this.#check();
    if (this.slowMs > 0) await pause(this.slowMs);
    if (this.usedIds.has(request.gatewayOrderId)) throw new OrderIdUsed('used', 'this id was used', { hint: '' });
    this.creates += 1;
    const payment = this.payments.get(request.gatewayOrderId) ?? {
      id: `PAY-${request.gatewayOrderId}`,
      status: 'pending' as const,
      amount: request.amount,
    };
    this.payments.set(request.gatewayOrderId, payment);
    return { providerPaymentId: payment.id, paymentUrl: `https://pay.example/${payment.id}` };
  }

  async queryPayment({ gatewayOrderId }: { gatewayOrderId: string }): Promise<GatewayPaymentState> {
    this.#check();
    this.queries += 1;
    const payment = this.payments.get(gatewayOrderId);
    if (!payment)
      return {
        status: 'pending' as const,
        providerStatus: 'none',
        providerPaymentId: null,
        amount: null,
        paidAt: null,
      };
    return {
      status: payment.status,
      providerStatus: payment.status,
      providerPaymentId: payment.id,
      amount: payment.amount,
      paidAt: null,
      ...(payment.givenBack ? { givenBack: true } : {}),
    };
  }

  async closePayment({ gatewayOrderId }: { gatewayOrderId: string }) {
    this.#check();
    const payment = this.payments.get(gatewayOrderId);
    if (payment?.status === 'paid') throw new GatewayRefused('paid', 'it is paid', { hint: '' });
    if (payment) payment.status = 'closed';
  }

  async refund(refund: { refundId: string; amount: Money }) {
    this.#check();
    this.refunds.set(refund.refundId, refund.amount);
    return { status: 'succeeded' as const, providerRefundId: null, providerStatus: 'succeeded' };
  }

  payment(gatewayOrderId: string) {
    const payment = this.payments.get(gatewayOrderId);
    if (!payment) throw new Error('no such payment');
    return payment;
  }

  pay(gatewayOrderId: string, amount?: Money): void {
    const payment = this.payment(gatewayOrderId);
    payment.status = 'paid';
    if (amount) payment.amount = amount;
  }

  #check(): void {
    this.calls += 1;
    if (this.down) throw new GatewayUnreachable('down', 'no answer', { hint: '' });
    if (this.refuses) throw new GatewayRefused('no', 'refused', { hint: '' });
  }
}

export function operationDeps(db: Db, gateway: FakeGateway): OperationDeps {
  return {
    db,
    vault: testVault,
    clock: systemClock,
    log: createLogger({ process: 'test', level: 'silent' }),
    clients: new Map([['pingpong' as const, gateway]]),
    settings: {
      webhookUrl: 'https://pay.example',
      publicUrl: 'https://shop.example',
      offered: ['pingpong'],
      orderExpiryMinutes: 30,
      notifyUrls: {},
      refundNotifyUrls: {},
      chatStarsOnly: false,
      starsByRate: false,
      secretKeys: ['k'.repeat(32)],
      operatorChatId: -100,
      operatorLanguage: 'zh-CN',
      maxOpenOrdersPerBuyer: 20,
    },
  };
}
