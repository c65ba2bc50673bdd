import type { Call, CallFilter } from './calls.ts';
import type { FaultPatch, FaultSettings } from './faults.ts';
import { act, type BuyerAction, settleRefund } from './gateways/pingpong/buyer.ts';
import type { Payment, Refund } from './gateways/pingpong/ledger.ts';
import type { Delivery, NoticeBody } from './gateways/pingpong/notices.ts';
import type { NewPerson } from './options.ts';
import type { Parts } from './parts.ts';
import { type TelegramControl, telegramControl } from './telegram/control.ts';

export interface PingPongControl {
  payments(): Payment[];
  payment(orderId: string): Payment | undefined;
  /** The payment whose order number fits, now or later. */
  waitForPayment(orderId?: string | RegExp, timeoutMs?: number): Promise<Payment>;
  /** What a buyer does on the checkout page. @returns when the merchant was told once */
  act(orderId: string, action: BuyerAction): Promise<void>;
  refunds(): Refund[];
  waitForRefund(orderId: string, timeoutMs?: number): Promise<Refund>;
  settleRefund(refundId: string, status: 'succeeded' | 'failed'): Promise<void>;
  /** Every notice that was sent, lost or is still being tried. */
  notices(): readonly Delivery[];
  /** A signed notice of one's own making to the order's notify_url. */
  sendNotice(orderId: string, body: Partial<NoticeBody>): Promise<void>;
}

/** What tests can see and do. */
export interface SandboxControl {
  readonly faults: { read(): FaultSettings; set(patch: FaultPatch): FaultSettings; reset(): void };
  /** calls of all services, oldest first */
  calls(filter?: CallFilter): Call[];
  /** The first finished call that fits, now or later. */
  waitForCall(filter: CallFilter, timeoutMs?: number): Promise<Call>;
  readonly telegram: TelegramControl;
  readonly pingpong: PingPongControl;
}

export type { NewPerson };

const PATIENCE_MS = 10_000;

export function makeControl({ calls, faults, bot, till }: Parts): SandboxControl {
  return {
    faults: {
      read: () => faults.read(),
      set: (patch) => faults.set(patch),
      reset: () => faults.reset(),
    },
    calls: (filter) => calls.list(filter),
    waitForCall: (filter, timeoutMs) => calls.waitFor(filter, timeoutMs),
    telegram: telegramControl(bot),
    pingpong: pingpongControl(till),
  };
}

function pingpongControl(till: Parts['till']): PingPongControl {
  const { ledger, notices } = till;
  const fits = (orderId: string, wanted: string | RegExp) =>
    typeof wanted === 'string' ? orderId === wanted : wanted.test(orderId);
  return {
    payments: () => [...ledger.payments.values()],
    payment: (orderId) => ledger.payments.get(orderId),
    waitForPayment: (wanted = /./, timeoutMs = PATIENCE_MS) =>
      ledger.waitFor(
        () => [...ledger.payments.values()].find((payment) => fits(payment.orderId, wanted)),
        timeoutMs,
        () => `no payment ${wanted} within ${timeoutMs} ms`,
      ),
    act: (orderId, action) => act(till, orderId, action),
    refunds: () => [...ledger.refunds.values()],
    waitForRefund: (orderId, timeoutMs = PATIENCE_MS) =>
      ledger.waitFor(
        () => ledger.refundsOf(orderId)[0],
        timeoutMs,
        () => `no refund of ${orderId} within ${timeoutMs} ms`,
      ),
    settleRefund: (refundId, status) => settleRefund(till, refundId, status),
    notices: () => notices.deliveries,
    sendNotice: (orderId, body) =>
      notices.send(ledger.get(orderId).notifyUrl, { order_id: orderId, status: 'paid', ...body }),
  };
}
