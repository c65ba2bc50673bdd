import type { Db } from '@mingdan/db';
import { createLogger, type Money, pause, systemClock } from '@mingdan/kernel';
import type { OperationDeps, OperationSettings } from '@mingdan/operations';
import { createHouse } from '@mingdan/orders';
import { testVault } from '@mingdan/orders/testing';
import {
  type CreatedPayment,
  type CreatePayment,
  type GatewayPaymentState,
  GatewayRefused,
  GatewayUnreachable,
  type PaymentClient,
  type PaymentReference,
  type ProviderName,
  type RefundOrder,
} from '@mingdan/payments';
import { createClients } from '@mingdan/payments/clients';

/** A gateway in memory: slow, down, refusing or paid, as a test says. */
export class GatewayInMemory implements PaymentClient {
  readonly provider: ProviderName;
  readonly created: CreatePayment[] = [];
  readonly refunds: RefundOrder[] = [];
  readonly states = new Map<string, GatewayPaymentState['status']>();
  /** milliseconds that opening a payment takes */
  slow = 0;
  down = false;
  refuses = false;
  /** what a buyer is shown beside the page */
  shows: Partial<CreatedPayment> = {};

  constructor(provider: ProviderName) {
    this.provider = provider;
  }

  async createPayment(request: CreatePayment): Promise<CreatedPayment> {
    this.created.push(request);
    await pause(this.slow);
    this.#check();
    const providerPaymentId = `${this.provider}-${request.gatewayOrderId}`;
    return { providerPaymentId, paymentUrl: `https://${this.provider}.example/${providerPaymentId}`, ...this.shows };
  }

  async queryPayment({ gatewayOrderId, providerPaymentId }: PaymentReference): Promise<GatewayPaymentState> {
    this.#check();
    const status = this.states.get(gatewayOrderId) ?? 'pending';
    const amount = this.#asked(gatewayOrderId);
    return { status, providerStatus: status.toUpperCase(), providerPaymentId, amount, paidAt: null };
  }

  async closePayment({ gatewayOrderId }: PaymentReference): Promise<void> {
    this.#check();
    if (this.states.get(gatewayOrderId) !== 'paid') this.states.set(gatewayOrderId, 'closed');
  }

  async refund(refund: RefundOrder) {
    this.#check();
    this.refunds.push(refund);
    return { status: 'succeeded', providerRefundId: null, providerStatus: 'done' } as const;
  }

  #asked(gatewayOrderId: string): Money | null {
    return this.created.find((request) => request.gatewayOrderId === gatewayOrderId)?.amount ?? null;
  }

  #check(): void {
    if (this.down) throw new GatewayUnreachable('down', 'no answer', { hint: '' });
    if (this.refuses) throw new GatewayRefused('no', 'refused', { hint: '' });
  }
}

/** Every gateway by name, each offered; the ways to pay of the house work on the database. */
export function operationsWith(
  db: Db,
  gateways: readonly GatewayInMemory[] = [],
  settings: Partial<OperationSettings> = {},
): OperationDeps {
  const log = createLogger({ process: 'test', level: 'silent' });
  const house = createHouse(db);
  const houses = createClients(
    new Map<ProviderName, unknown>([
      ['points', {}],
      ['redpacket', {}],
      ['mock', { webhookSecret: 'mock-secret' }],
    ]),
    { clock: systemClock, log, house },
  );
  const clients = new Map<ProviderName, PaymentClient>([
    ...houses,
    ...gateways.map((gateway): [ProviderName, PaymentClient] => [gateway.provider, gateway]),
  ]);
  return {
    db,
    vault: testVault,
    clock: systemClock,
    log,
    clients,
    settings: {
      webhookUrl: 'https://pay.example',
      publicUrl: 'https://mingdan.example',
      offered: gateways.map(({ provider }) => provider),
      orderExpiryMinutes: 30,
      notifyUrls: {},
      refundNotifyUrls: {},
      chatStarsOnly: false,
      starsByRate: false,
      secretKeys: ['first-key-first-key-first-key-32'],
      operatorChatId: -100,
      operatorLanguage: 'zh-CN',
      maxOpenOrdersPerBuyer: 20,
      ...settings,
    },
  };
}
