import { type Clock, type Logger, MingdanError, type Money } from '@mingdan/kernel';
import type { z } from 'zod';
import { type ProviderName, providerNames } from './registry.ts';

export { type ProviderName, providerNames };

// ---- door 1: what the webhook process needs ---------------------------------------------------------------------------

/** A notice as it came in: header names in lower case, the body as the bytes that were signed. */
export interface RawNotice {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export type NoticeKind = 'paid' | 'failed' | 'expired' | 'pending' | 'refunded' | 'refund_failed';

/** A verified notice in our words. What the gateway left out is null, never guessed. */
export interface PaymentNotice {
  readonly provider: ProviderName;
  /** the same for every repeat of the same event */
  readonly eventId: string;
  readonly kind: NoticeKind;
  /** the merchant order id as the gateway has it: our order number, perhaps with `-2` */
  readonly gatewayOrderId: string;
  readonly providerPaymentId: string | null;
  /** our own refund id, in refund notices */
  readonly refundId: string | null;
  readonly amount: Money | null;
  /** false: signed for another merchant or app than ours. Kept and flagged, never booked. */
  readonly merchantMatches: boolean;
  /**
   * What in it could not be understood (`unreadable_amount`, `unknown_currency`, …), else null. Such a notice is acknowledged, kept and
   * flagged, never booked: an `amount` of null alone means that the gateway named none.
   */
  readonly problem: string | null;
  readonly occurredAt: Date | null;
}

export interface Acknowledgement {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Pure: public keys or shared notice secrets only, no I/O, no clock of its own. */
export interface NoticeVerifier {
  readonly provider: ProviderName;
  /** @throws ForgedNotice (401) or UnreadableNotice (400); nothing else for any input */
  verify(notice: RawNotice, now: Date): PaymentNotice;
  /** the gateway's own success answer */
  readonly acknowledgement: Acknowledgement;
}

/** The signature is missing or wrong. `message` says why in plain words, for the record of refused notices. */
export class ForgedNotice extends MingdanError {
  constructor(message: string) {
    super('forged_notice', message, {
      hint: 'If the gateway really sent this, compare its notice secret with the one set here (mingdan doctor)',
    });
  }
}

/** The signature holds but the body cannot be read. */
export class UnreadableNotice extends MingdanError {
  constructor(message: string) {
    super('unreadable_notice', message, {
      hint: 'The gateway may have changed its format: look at the refused notices',
    });
  }
}

// ---- door 2: what the bot process needs -------------------------------------------------------------------------------

export interface CreatePayment {
  /** our order number, with `-2`, `-3` for a later attempt */
  readonly gatewayOrderId: string;
  readonly amount: Money;
  readonly subject: string;
  readonly notifyUrl: string;
  readonly returnUrl: string;
  /** when the order expires; a gateway with a longer minimum asks for its own */
  readonly expiresAt: Date;
  /** provider's method such as PINGPONG_CHECKOUT; null = its only one */
  readonly method: string | null;
}

export interface CreatedPayment {
  readonly providerPaymentId: string | null;
  readonly paymentUrl: string | null;
}

export interface GatewayPaymentState {
  readonly status: 'pending' | 'paid' | 'failed' | 'closed' | 'unknown';
  /** the gateway's own word, for people */
  readonly providerStatus: string;
  readonly providerPaymentId: string | null;
  /** the amount the gateway has for this payment */
  readonly amount: Money | null;
  readonly paidAt: Date | null;
}

export interface RefundOrder {
  /** our id of this refund; the same id again is the same refund */
  readonly refundId: string;
  readonly gatewayOrderId: string;
  readonly providerPaymentId: string | null;
  readonly amount: Money;
  /** the whole of the payment, where the gateway wants to know it */
  readonly paymentAmount: Money;
  readonly reason: string;
}

export interface RefundState {
  readonly status: 'succeeded' | 'pending' | 'failed' | 'unknown';
  readonly providerRefundId: string | null;
  readonly providerStatus: string;
}

/** Holds the merchant's secrets. Every call has a time-out; a missing optional method means that the gateway cannot do it. */
export interface PaymentClient {
  readonly provider: ProviderName;
  /** Idempotent: the same gatewayOrderId returns the same payment. */
  createPayment(request: CreatePayment): Promise<CreatedPayment>;
  queryPayment(gatewayOrderId: string): Promise<GatewayPaymentState>;
  closePayment?(gatewayOrderId: string): Promise<void>;
  refund?(refund: RefundOrder): Promise<RefundState>;
  queryRefund?(refundId: string, gatewayOrderId: string): Promise<RefundState>;
}

/** The gateway answered no. Asking the same again does not help. */
export class GatewayRefused extends MingdanError {}
/** No answer, or none that can be understood: the work may have been done. Ask before repeating. */
export class GatewayUnreachable extends MingdanError {}

/** What a client works with. Tests hand in their own `fetch` and clock. */
export interface ClientTools {
  readonly clock: Clock;
  readonly log: Logger;
  readonly fetch?: typeof globalThis.fetch;
}

// ---- settings ---------------------------------------------------------------------------------------------------------

/** One environment variable of a provider. A variable that both processes read, but only one needs, is listed once for each. */
export interface ProviderVariable {
  readonly name: string;
  readonly expected: string;
  readonly example: string;
  readonly secret: boolean;
  readonly neededBy: 'webhook' | 'bot' | 'both';
  readonly required: boolean;
}

/** A provider's part of the environment: what the webhook process gets of it, and what the bot process. */
export interface ProviderSettings<W = unknown, B = unknown> {
  readonly provider: ProviderName;
  readonly variables: readonly ProviderVariable[];
  /** parses `{ENV_NAME: value}` */
  readonly webhook: z.ZodType<W>;
  readonly bot: z.ZodType<B>;
}

// ---- what a provider's folder exports ---------------------------------------------------------------------------------
// Written as methods on purpose: a folder takes its own type of settings, and `config` has parsed them by the folder's own schema.

/** `providers/<name>/settings.ts` */
export interface SettingsModule {
  readonly settings: ProviderSettings;
}

/** `providers/<name>/verify.ts`; absent where a provider sends no notices. Never imports `client.ts`. */
export interface VerifyModule {
  createVerifier(settings: unknown): NoticeVerifier;
}

/** `providers/<name>/client.ts` */
export interface ClientModule {
  createClient(settings: unknown, tools: ClientTools): PaymentClient;
}

/** `providers/<name>/sign-for-tests.ts`: what the gateway itself would send, for tests and the sandbox. */
export interface SignerModule {
  signNotice(settings: unknown, notice: NoticeToSign): RawNotice;
}

export interface NoticeToSign {
  /** `unheard_of`: a status that we have never seen */
  readonly kind: NoticeKind | 'unheard_of';
  readonly gatewayOrderId: string;
  readonly providerPaymentId: string | null;
  readonly refundId: string | null;
  readonly amount: Money | null;
  /** `other`: rightly signed, but about a payment to somebody else */
  readonly merchant: 'ours' | 'other';
  readonly at: Date;
}
