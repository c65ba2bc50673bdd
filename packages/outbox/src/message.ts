import type { Localised } from '@mingdan/kernel';

/** Of a Localised text the sender picks the receiver's language. */
export type Param = string | number | Localised;

export interface Button {
  /** key under `buttons.` in the locale files */
  readonly label: string;
  readonly params?: Readonly<Record<string, Param>>;
  /** exactly one of the two */
  readonly callbackData?: string;
  readonly url?: string;
}

/** Sent as a Telegram invoice: the text is its description, with a pay button of Telegram's own below. */
export interface Invoice {
  /** the order's id at the gateway, 1 to 128 bytes */
  readonly payload: string;
  /** whole Stars */
  readonly stars: number;
  readonly title: Localised;
  /** what /start gets from whoever presses the button under a forwarded copy */
  readonly startParameter: string;
}

/** What is to be said, not its wording: the sender renders `messages.<template>` of the receiver's locale file with the params. */
export interface Message {
  readonly template: MessageTemplate;
  readonly params?: Readonly<Record<string, Param>>;
  readonly buttons?: readonly (readonly Button[])[];
  readonly invoice?: Invoice;
  /** of an edit: it replaces an invoice, which has no text to change. `receipt`: it was paid, and Telegram shows that by itself */
  readonly replaces?: 'invoice' | 'receipt';
}

/**
 * Every message that goes through the outbox, with its params. `product` is a Localised name, `amount` is written with its currency ("19.90 CNY").
 * A test holds this list against the locale files of every language.
 */
export const messageTemplates = {
  /**
   * pay this order: orderNo, product, amount, minutes (until it expires); one URL button, or the address in `link` where Telegram refuses
   * the host. `refundRule` is a key under `refund_rules.`
   */
  payment_request: ['orderNo', 'product', 'amount', 'minutes', 'link', 'refundRule'],
  /** the same as the description of an invoice: at most 255 characters */
  payment_request_invoice: ['orderNo', 'minutes', 'refundRule'],
  /** edits of that message, without a button: */
  payment_request_paid: ['orderNo', 'product', 'amount'],
  payment_request_expired: ['orderNo', 'product', 'amount'],
  payment_request_cancelled: ['orderNo', 'product', 'amount'],
  payment_request_failed: ['orderNo', 'product', 'amount'],
  /** money is in, the report is being made */
  order_paid: ['orderNo', 'product', 'amount'],
  /** a free order: the report is being made */
  order_free: ['orderNo', 'product'],
  report_title: ['orderNo', 'product', 'name'],
  /** one part of the report, as it is */
  report_part: ['text'],
  /** order number, and the address to read it again on any screen */
  report_closing: ['orderNo', 'product', 'link'],
  /** reason is a key under `reasons.` */
  order_failed_refunding: ['orderNo', 'product', 'amount', 'reason'],
  order_failed_free: ['orderNo', 'product', 'reason'],
  payment_failed: ['orderNo', 'product', 'amount'],
  payment_late: ['orderNo', 'product', 'amount'],
  /** the gateway sees money for this order that is not final yet */
  payment_seen: ['orderNo', 'product', 'amount'],
  /** money came that does not fit the order: what came, and what was asked for */
  payment_unmatched: ['orderNo', 'product', 'amount', 'came'],
  second_payment_refunding: ['orderNo', 'product', 'amount'],
  refund_requested: ['orderNo', 'product', 'amount'],
  refund_succeeded: ['orderNo', 'product', 'amount'],
  /** the gateway refused the refund; operators have it on their list */
  refund_with_operators: ['orderNo', 'product', 'amount'],
  /** an operator could not use the buyer's red-packet code; reason in the operator's own words */
  redpacket_rejected: ['orderNo', 'product', 'amount', 'reason'],
  /** the gateway has no refunds: people make it; with a button to take coins instead */
  refund_by_hand: ['orderNo', 'product', 'amount', 'provider'],
  /** the buyer took coins instead of money */
  refunded_as_coins: ['orderNo', 'product', 'amount', 'coins', 'balance'],
  /** operators answered a /support text */
  support_answer: ['text'],
  // to TELEGRAM_CHAT_ID, in OPERATOR_LANGUAGE
  alarm_fulfilment_paused: ['cause', 'hint'],
  alarm_fulfilment_resumed: [],
  alarm_money_unmatched: ['provider', 'orderNo', 'verdict', 'amount', 'inboxId'],
  /** verdict is a key under `verdicts.` */
  alarm_gateway_down: ['provider', 'cause'],
  alarm_gateway_up: ['provider'],
  alarm_certificate_ends: ['variable', 'day'],
  alarm_redpackets_waiting: ['count', 'hours'],
  alarm_days_differ: ['provider', 'day', 'ours', 'theirs', 'differences'],
  /** without the code: `mingdan redpacket claim <id>` shows it to one operator */
  alarm_redpacket_waiting: ['id', 'orderNo', 'product', 'amount'],
  alarm_refund_refused: ['orderNo', 'refundId', 'amount', 'provider', 'cause', 'inboxId'],
  alarm_refund_wanted: ['orderNo', 'product', 'amount', 'reason', 'inboxId'],
  alarm_order_failed: ['orderNo', 'product', 'amount', 'reason'],
  alarm_delivery_parked: ['orderNo', 'product'],
  alarm_update_failed: ['updateId', 'cause'],
  alarm_refused_notices: ['provider', 'count', 'cause'],
  support_question: ['userId', 'text', 'orderNo'],
} as const satisfies Record<string, readonly string[]>;

export type MessageTemplate = keyof typeof messageTemplates;
