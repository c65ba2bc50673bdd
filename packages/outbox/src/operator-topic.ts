import type { Message, MessageTemplate } from './message.ts';

/** Alarms that belong to a kind of notice; all others are alarms and nothing else. */
const KINDS: Readonly<Partial<Record<MessageTemplate, string>>> = {
  alarm_order_failed: 'failed',
  alarm_refund_refused: 'refund',
  alarm_refund_wanted: 'refund',
  alarm_redpacket_waiting: 'redpacket',
  alarm_redpackets_waiting: 'redpacket',
  alarm_stock_low: 'stock',
};

/** By which kind operators choose whether and in which forum topic they read a message. */
export function operatorKindOf(message: Pick<Message, 'template' | 'kind'>): string {
  return message.kind ?? KINDS[message.template] ?? 'alarm';
}
