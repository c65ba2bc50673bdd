import { type Clock, type Currency, type Localised, type Logger, MingdanError, type Money } from '@mingdan/kernel';
import type { z } from 'zod';
import { type ProviderName, providerNames } from './registry.ts';

export { type ProviderName, providerNames };

// ---- door 1: what the webhook process needs ---------------------------------------------------------------------------

/** A notice as it came in: header names in lower case, the body as the bytes that were signed. */
export interface RawNotice {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** `processing`: money is seen but not final; the order waits for it. `disputed`: the buyer's bank takes money back by force. */
export type NoticeKind =
  | 'paid'
  | 'failed'
  | 'expired'
  | 'pending'
  | 'processing'
  | 'refunded'
  | 'refund_failed'
  | 'disputed';

/** A verified notice in our words. What the gateway left out is null, never guessed. */
export interface PaymentNotice {
  readonly provider: ProviderName;
  /** the same for every repeat of the same event */
  readonly eventId: string;
  readonly kind: NoticeKind;
  /** the merchant order id as the gateway has it: our order number, perhaps with `-2` */
  readonly gatewayOrderId: string;
  readonly providerPaymentId: string | null;
  /** our own refund id, in refund notices; the gateway's id of a refund that was made in its console */
  readonly refundId: string | null;
  /** of the payment; in refund notices of this refund, null where the gateway tells only a total */
  readonly amount: Money | null;
  /** in refund notices: all that was ever given back of this payment, where the gateway says so */
  readonly refundedTotal?: Money | null;
  /** another id of the gateway's: kept from what names the order too, so that events that name nothing else find their order by it */
  readonly reference?: string | null;
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
  /** what a refused notice is answered with, where the gateway has words for it; its status is 401 or 400 all the same */
  readonly refusal?: Omit<Acknowledgement, 'status'>;
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
  /** in the currency of the method, see its capabilities */
  readonly amount: Money;
  readonly subject: string;
  readonly notifyUrl: string;
  readonly returnUrl: string;
  /** when the order expires; a gateway with a longer minimum asks for its own */
  readonly expiresAt: Date;
  /** one of the provider's methods, such as ALIPAY_WAP */
  readonly method: string;
  readonly buyer: Buyer;
}

/** Who pays, as far as it is known. */
export interface Buyer {
  readonly userId: number | null;
  readonly telegramId: number | null;
  readonly language: string;
  /** of WeChat, where the buyer is inside WeChat */
  readonly openid: string | null;
  /** address of the buyer's device, where the payment was asked for on the web */
  readonly ip: string | null;
}

/** What the buyer is shown; which of them there are is said by `shows` of the method. */
export interface CreatedPayment {
  readonly providerPaymentId: string | null;
  readonly paymentUrl: string | null;
  /** text of the QR code to draw */
  readonly qrCode?: string | null;
  /** what the gateway's own script or app on the buyer's device is called with */
  readonly clientParams?: Readonly<Record<string, string>> | null;
  /** the above works until then; asking again gives a fresh one. Null: as long as the payment can be paid */
  readonly shownUntil?: Date | null;
}

/** One payment, as its gateway can be asked about it. */
export interface PaymentReference {
  readonly gatewayOrderId: string;
  /** as `createPayment` returned it, or as a notice named it later; null where neither did */
  readonly providerPaymentId: string | null;
}

export interface GatewayPaymentState {
  /** `processing`: money is seen but not final. A payment that was paid and given back counts as paid. */
  readonly status: 'pending' | 'processing' | 'paid' | 'failed' | 'closed' | 'unknown';
  /** the gateway's own word, for people */
  readonly providerStatus: string;
  readonly providerPaymentId: string | null;
  /** what came in where it is paid, else what was asked for */
  readonly amount: Money | null;
  readonly paidAt: Date | null;
  /** true: what was paid went back since, or a part of it where the gateway does not say how much. It pays no order any more */
  readonly givenBack?: true;
  /** as in PaymentNotice */
  readonly reference?: string | null;
}

/** One payment in the gateway's own list. */
export interface ListedPayment {
  readonly gatewayOrderId: string | null;
  readonly providerPaymentId: string;
  readonly amount: Money;
  /** of it, what went back so far; null where the list does not say */
  readonly refundedMinor: number | null;
  readonly paidAt: Date;
  /** of a subscription: the first payment of its order, or one that renews it */
  readonly repeats?: true;
}

export interface Subscription {
  /** of its first order */
  readonly gatewayOrderId: string;
  /** its first payment */
  readonly providerPaymentId: string;
  readonly buyer: Pick<Buyer, 'userId' | 'telegramId'>;
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
  /** where the gateway sends refund notices apart */
  readonly notifyUrl: string;
  readonly buyer: Pick<Buyer, 'userId' | 'telegramId'>;
}

export interface RefundReference extends PaymentReference {
  readonly refundId: string;
  readonly providerRefundId: string | null;
}

export interface RefundState {
  readonly status: 'succeeded' | 'pending' | 'failed' | 'unknown';
  readonly providerRefundId: string | null;
  readonly providerStatus: string;
}

/** Holds the merchant's secrets. Every call has a time-out; a missing optional method means that the gateway cannot do it. */
export interface PaymentClient {
  readonly provider: ProviderName;
  /**
   * Idempotent: the same gatewayOrderId returns the same payment.
   * @throws GatewayRefused | OrderIdUsed | GatewayUnreachable
   */
  createPayment(request: CreatePayment): Promise<CreatedPayment>;
  queryPayment(payment: PaymentReference): Promise<GatewayPaymentState>;
  closePayment?(payment: PaymentReference): Promise<void>;
  refund?(refund: RefundOrder): Promise<RefundState>;
  queryRefund?(refund: RefundReference): Promise<RefundState>;
  /** Nothing more is taken by a payment that repeats itself. Harmless where it has ended already. */
  endSubscription?(subscription: Subscription): Promise<void>;
  /** what was paid in a time, where the gateway has such a list */
  listPayments?(from: Date, to: Date): Promise<readonly ListedPayment[]>;
}

/** The gateway answered no. Asking the same again does not help. */
export class GatewayRefused extends MingdanError {}
/** The gateway does not take this order id (again): the next attempt goes under `-2`, `-3`. */
export class OrderIdUsed extends GatewayRefused {}
/** No answer, or none that can be understood: the work may have been done. Ask before repeating. */
export class GatewayUnreachable extends MingdanError {}

/** What a client works with. Tests hand in their own `fetch` and clock. */
export interface ClientTools {
  readonly clock: Clock;
  readonly log: Logger;
  readonly fetch?: typeof globalThis.fetch;
  /** for the ways to pay that live in our own database */
  readonly house?: HouseTools;
}

/** Payments without a gateway: coins, and codes that an operator looks at. Written in `orders`, handed to the clients here. */
export interface HouseTools {
  /** Takes the coins and flips the order, in one transaction; the same gatewayOrderId again takes nothing more. */
  payWithCoins(payment: {
    gatewayOrderId: string;
    userId: number;
    amount: Money;
  }): Promise<'paid' | 'not_enough' | 'not_payable'>;
  /** what was paid for it, and how many of the coins went back; null where nothing was */
  coinPayment(
    gatewayOrderId: string,
  ): Promise<{ paymentId: string; amount: Money; returned: number; paidAt: Date } | null>;
  /** Gives coins back, once for each refund id. */
  giveCoinsBack(refund: { refundId: string; gatewayOrderId: string; amount: Money }): Promise<void>;
  redpacket(gatewayOrderId: string): Promise<{
    state: 'none' | 'waiting' | 'accepted' | 'rejected';
    paymentId: string | null;
    amount: Money | null;
    decidedAt: Date | null;
  }>;
}

// ---- what a provider can do, as data ----------------------------------------------------------------------------------

export interface PaymentMethod {
  /** as it has it in the API: ALIPAY_WAP */
  readonly method: string;
  /** what the gateway is asked in; orders in CNY are converted where it is another one */
  readonly currency: Currency;
  /** minor units of that currency */
  readonly min: number;
  readonly max: number | null;
  /** what the buyer gets: a page to go to, a code to scan, parameters for a script or app, a Telegram invoice, a field for a code, nothing */
  readonly shows: 'link' | 'qr' | 'client_params' | 'invoice' | 'code' | 'nothing';
  readonly needs?: readonly ('openid' | 'ip' | 'telegram' | 'account')[];
  /** the gateway takes the same again after so many days, until somebody ends it; for memberships of a month only */
  readonly repeatsDays?: number;
}

/** `providers/<name>/capabilities.ts`: read by chat, pages, API, worker, documents and tests. */
export interface ProviderCapabilities {
  readonly provider: ProviderName;
  readonly names: Localised;
  readonly methods: readonly PaymentMethod[];
  /** the method that is offered in chat, and on pages on a phone and a computer; null: not offered there */
  readonly chat: string | null;
  readonly web: { readonly phone: string | null; readonly computer: string | null };
  readonly refund: 'api' | 'manual';
  readonly partialRefund: boolean;
  readonly close: boolean;
  readonly query: boolean;
  /** the gateway lists what was paid: days are compared by its list, else by asking for each payment */
  readonly lists: boolean;
  /** shortest life of a payment that the gateway takes, minutes; 0 = any */
  readonly shortestLifeMinutes: number;
  /** how long after its end a payment may still come, hours */
  readonly lateHours: number;
  /** who could write a notice: whoever holds a key that we hold too, or the gateway alone. With `shared` what cannot be taken back waits for a query */
  readonly noticeKey: 'shared' | 'gateway' | 'none';
  /** minutes after its creation at which an unpaid payment is asked about */
  readonly askAfterMinutes: readonly number[];
  /** seconds before a refund is asked about */
  readonly refundAskAfterSeconds: number;
  /** never in production */
  readonly developmentOnly?: boolean;
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
  /** belongs to one of several protocols: required only where that variable has that value */
  readonly when?: { readonly name: string; readonly is: string; readonly otherwise: string };
}

/** A provider's part of the environment: what the webhook process gets of it, and what the bot process. */
export interface ProviderSettings<W = unknown, B = unknown> {
  readonly provider: ProviderName;
  /** true: it has no keys of its own that turn it on; being listed in PAYMENT_PROVIDERS does */
  readonly onlyWhenListed?: boolean;
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

/** `providers/<name>/capabilities.ts` */
export interface CapabilitiesModule {
  readonly capabilities: ProviderCapabilities;
}

/** `providers/<name>/client.ts` */
export interface ClientModule {
  createClient(settings: unknown, tools: ClientTools): PaymentClient;
}

/** `providers/<name>/sign-for-tests.ts`: what the gateway itself would send, for tests and the sandbox. */
export interface SignerModule {
  /** @param settings those of the webhook process, and the gateway's own private key where it signs with one */
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
