import type { MessageTemplate } from './message.ts';

/**
 * Every message that a buyer without a chat reads by mail instead. Its subject and text are `mail.<template>` of the locale files, with
 * the params of the message itself; the order's link is added when it is sent. A test holds this list against them.
 */
export const mailTemplates = [
  'order_received',
  'order_received_paid',
  'report_ready',
  'order_link',
  'order_paid',
  'payment_seen',
  'payment_failed',
  'payment_late',
  'payment_unmatched',
  'redpacket_rejected',
  'order_failed_refunding',
  'order_failed_free',
  'order_failed_given_back',
  'second_payment_refunding',
  'refund_requested',
  'refund_succeeded',
  'refund_with_operators',
  'refund_by_hand',
  'goods_codes',
  'goods_handed_over',
  'gift_link',
  'gift_claimed',
  'gift_again',
  'support_answer',
] as const satisfies readonly MessageTemplate[];

export type MailTemplate = (typeof mailTemplates)[number];
