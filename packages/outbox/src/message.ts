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

/** What operators read of one order. Texts, not wording: the sender renders it as HTML, with everything escaped. */
export interface OperatorNotice {
  /** a key under `notices.titles.` */
  readonly about: string;
  readonly orderNo: string;
  readonly product: Localised;
  readonly quantity: number;
  /** "19.90 CNY" */
  readonly amount: string;
  readonly provider?: Localised | string | undefined;
  /** the gateway's number of the payment; OxaPay calls it track id */
  readonly paymentId?: string | undefined;
  readonly trackId?: string | undefined;
  readonly refundId?: string | undefined;
  /** Telegram's number of the buyer; a buyer of the shop has none */
  readonly buyer?: number | undefined;
  /** a code under `reasons.`, or a text as it is */
  readonly reason?: string | undefined;
}

/** What is to be said, not its wording: the sender renders `messages.<template>` of the receiver's locale file with the params. */
export interface Message {
  readonly template: MessageTemplate;
  readonly params?: Readonly<Record<string, Param>>;
  readonly buttons?: readonly (readonly Button[])[];
  readonly invoice?: Invoice;
  /** of an edit: it replaces an invoice, which has no text to change. `receipt`: it was paid, and Telegram shows that by itself */
  readonly replaces?: 'invoice' | 'receipt';
  /** of `operator_notice`: one or several in one message */
  readonly notices?: readonly OperatorNotice[];
  /** of `operator_notice`: what it is about, as the settings of the operators name it */
  readonly kind?: string;
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
  /** what pays itself again every 30 days */
  payment_request_subscription: ['orderNo', 'product', 'amount', 'minutes', 'link', 'refundRule'],
  payment_request_paid: ['orderNo', 'product', 'amount'],
  payment_request_expired: ['orderNo', 'product', 'amount'],
  payment_request_cancelled: ['orderNo', 'product', 'amount'],
  payment_request_failed: ['orderNo', 'product', 'amount'],
  /** money is in, the report is being made */
  order_paid: ['orderNo', 'product', 'amount'],
  /** the same of what is given at once: coins, memberships, codes */
  order_paid_at_once: ['orderNo', 'product', 'amount'],
  /** the same of what a person delivers */
  order_paid_by_hand: ['orderNo', 'product', 'amount'],
  /** a subscription was paid again */
  subscription_renewed: ['orderNo', 'product', 'amount'],
  /** the gateway refuses to end it: only its user can */
  subscription_not_ended: ['orderNo', 'product'],
  coins_credited: ['orderNo', 'product', 'coins'],
  /** until: the day on which it ends */
  membership_active: ['orderNo', 'product', 'until'],
  /** codes: one a line; the address to read them again on any screen */
  goods_codes: ['orderNo', 'product', 'codes', 'link'],
  /** note in the operator's own words */
  goods_handed_over: ['orderNo', 'product', 'note'],
  /** a refund took coins back, or has failed and returned them */
  coins_taken_back: ['orderNo', 'product', 'coins', 'balance'],
  coins_returned: ['orderNo', 'product', 'coins', 'balance'],
  membership_ending: ['until', 'days'],
  /** a free order: the report is being made */
  order_free: ['orderNo', 'product'],
  /** the same of a gift */
  gift_free: ['orderNo', 'product'],
  /** for the buyer to pass on: who opens the link first has it; `web` is the same gift's page, for who has no Telegram */
  gift_link: ['orderNo', 'product', 'link', 'web'],
  /** to the buyer: somebody has claimed it */
  gift_claimed: ['orderNo', 'product'],
  /** to its claimer: their order failed, the link works again */
  gift_again: ['product'],
  report_title: ['orderNo', 'product', 'name'],
  /** one part of the report, as it is */
  report_part: ['text'],
  /** order number, and the address to read it again on any screen */
  report_closing: ['orderNo', 'product', 'link'],
  /** reason is a key under `reasons.` */
  order_failed_refunding: ['orderNo', 'product', 'amount', 'reason'],
  /** its money went back before */
  order_failed_given_back: ['orderNo', 'product', 'reason'],
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
  alarm_withdrawal: ['id', 'amount', 'code'],
  alarm_certificate_ends: ['variable', 'day'],
  alarm_redpackets_waiting: ['count', 'hours'],
  alarm_days_differ: ['provider', 'day', 'ours', 'theirs', 'differences'],
  /** without the code: `mingdan redpacket claim <id>` shows it to one operator */
  alarm_redpacket_waiting: ['id', 'orderNo', 'product', 'amount'],
  alarm_refund_refused: ['orderNo', 'refundId', 'amount', 'provider', 'cause', 'inboxId'],
  /** the gateway itself does not know of a payment that a notice told of */
  alarm_payment_denied: ['orderNo', 'amount', 'provider'],
  /** goods that a person delivers: one is paid; and once a day those that wait */
  alarm_by_hand: ['orderNo', 'product', 'quantity', 'amount'],
  alarm_by_hand_waiting: ['count', 'hours', 'orderNo'],
  /** the gateway refuses to end it */
  alarm_subscription_not_ended: ['orderNo', 'provider'],
  alarm_stock_low: ['product', 'slug', 'stock'],
  alarm_refund_wanted: ['orderNo', 'product', 'amount', 'reason', 'inboxId'],
  alarm_order_failed: ['orderNo', 'product', 'amount', 'reason'],
  alarm_delivery_parked: ['orderNo', 'product'],
  alarm_update_failed: ['updateId', 'cause'],
  alarm_refused_notices: ['provider', 'count', 'cause'],
  /** the buyer of this order has no chat, and mail does not reach them */
  alarm_mail_given_up: ['orderNo', 'cause'],
  /** the text comes of `notices` */
  operator_notice: ['text'],
  support_question: ['userId', 'text', 'orderNo'],
} as const satisfies Record<string, readonly string[]>;

/** Said by mail only, to buyers without a chat. */
export const mailOnlyTemplates = {
  /** with the link where it is paid and read; `minutes` until it expires */
  order_received: ['orderNo', 'product', 'amount', 'minutes'],
  order_received_paid: ['orderNo', 'product'],
  report_ready: ['orderNo', 'product'],
  /** somebody lost the link of the order's page, and asked for it with number and address */
  order_link: ['orderNo', 'product'],
} as const satisfies Record<string, readonly string[]>;

export type MessageTemplate = keyof typeof messageTemplates | keyof typeof mailOnlyTemplates;
