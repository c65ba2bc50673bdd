import type { OpenGateway } from './open.ts';
import type { Dispute, Payment, Refund } from './till/ledger.ts';
import type { Delivery } from './till/notices.ts';

/** What tests can see and do at one gateway. A payment is named by its order id, its own id or the id of a charge. */
export interface GatewayControl {
  payments(): Payment[];
  payment(id: string): Payment | undefined;
  /** The payment whose order id fits, now or later. */
  waitForPayment(orderId?: string | RegExp, timeoutMs?: number): Promise<Payment>;
  /**
   * What a buyer does on the payment page: one of the common actions (`pay`, `fail`, …) or one of the gateway's own.
   * @returns when the merchant was told once @throws Refused 404, 409
   */
  act(id: string, action: string): Promise<void>;
  refunds(): Refund[];
  waitForRefund(orderId: string, timeoutMs?: number): Promise<Refund>;
  settleRefund(refundId: string, status: 'succeeded' | 'failed'): Promise<void>;
  /** A refund made in the gateway's console. @param minor all that is left when left out */
  refundInConsole(id: string, minor?: number): Promise<Refund>;
  disputes(): Dispute[];
  dispute(id: string): Promise<Dispute>;
  settleDispute(disputeId: string, status: 'won' | 'lost'): Promise<void>;
  /** Every notice that was sent, lost or is still being tried. */
  notices(): readonly Delivery[];
  /** A signed notice of one's own making to the payment's address. @throws Error where the stand-in has no `ownNotice` */
  sendNotice(id: string, fields: Readonly<Record<string, unknown>>): Promise<void>;
}

const PATIENCE_MS = 10_000;

export function gatewayControl({ gateway, till, stand }: OpenGateway): GatewayControl {
  const { ledger, sender } = till;
  const fits = (orderId: string, wanted: string | RegExp) =>
    typeof wanted === 'string' ? orderId === wanted : wanted.test(orderId);
  return {
    payments: () => [...ledger.payments.values()],
    payment: (id) => ledger.find(id),
    waitForPayment: (wanted = /./, timeoutMs = PATIENCE_MS) =>
      ledger.waitFor(
        () => [...ledger.payments.values()].find((payment) => fits(payment.orderId, wanted)),
        timeoutMs,
        () => `no payment ${wanted} within ${timeoutMs} ms`,
      ),
    act: (id, action) => till.act(id, action),
    refunds: () => [...ledger.refunds.values()],
    waitForRefund: (wanted, timeoutMs = PATIENCE_MS) =>
      ledger.waitFor(
        () => [...ledger.refunds.values()].find(({ orderId }) => orderId === wanted),
        timeoutMs,
        () => `no refund of ${wanted} within ${timeoutMs} ms`,
      ),
    settleRefund: (refundId, status) => till.settleRefund(refundId, status),
    refundInConsole: (id, minor) => till.refundInConsole(id, minor),
    disputes: () => [...ledger.disputes.values()],
    dispute: (id) => till.dispute(id),
    settleDispute: (disputeId, status) => till.settleDispute(disputeId, status),
    notices: () => sender.deliveries,
    sendNotice: async (id, fields) => {
      if (!stand.ownNotice) throw new Error(`${gateway.name} has no ownNotice`);
      await sender.send(stand.ownNotice(ledger.get(id), fields));
    },
  };
}
