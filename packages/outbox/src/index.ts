export type { Localised } from '@mingdan/kernel';
export { enqueue, type Outgoing, sealedMessages } from './enqueue.ts';
export { blockedPause, type TelegramLimits, takeSlot, telegramLimits } from './limits.ts';
export {
  type Button,
  type Invoice,
  type Message,
  type MessageTemplate,
  messageTemplates,
  type Param,
} from './message.ts';
export {
  type DueMessage,
  dueMessages,
  markDropped,
  markParked,
  markSent,
  openPayload,
  postpone,
  unpark,
} from './queue.ts';
export { type Delivered, type OutboxChannel, type SenderDeps, type SendFailure, sendDue } from './sender.ts';
