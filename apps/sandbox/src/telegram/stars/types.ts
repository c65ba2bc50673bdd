/** What a bot asks Stars for. */
export interface Invoice {
  readonly title: string;
  readonly description: string;
  readonly payload: string;
  readonly stars: number;
  /** seconds; null: paid once */
  readonly period: number | null;
}

/** An invoice that stands as a message in a chat. */
export interface SentInvoice extends Invoice {
  readonly messageId: number;
}

/** Stars that a person paid to the bot, or got back from it under the same id. */
export interface StarMove {
  readonly kind: 'payment' | 'refund';
  readonly chargeId: string;
  readonly payload: string;
  readonly stars: number;
  /** milliseconds */
  readonly at: number;
  /** place in the bot's list */
  readonly place: number;
  readonly period: number | null;
  /** the next payment will not come */
  canceled?: boolean;
}

/** An answered or still open pre-checkout query. */
export interface Checkout {
  answer: { ok: boolean; message: string } | null;
}

export type PaymentOutcome =
  | { readonly paid: true; readonly chargeId: string }
  /** `by` the bot: its own words; `timeout`: it did not answer in time */
  | { readonly paid: false; readonly by: 'bot' | 'timeout'; readonly message: string };
