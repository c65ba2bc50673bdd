export type { Localised } from '@mingdan/kernel';
export { type ChatMessage, enqueue, type Mail, type Outgoing, type Said, sealedMessages } from './enqueue.ts';
export { blockedPause, type TelegramLimits, takeSlot, telegramLimits } from './limits.ts';
export { type DueMail, dropMail, dueMails, markMailed, openMail, readdressMails } from './mail-queue.ts';
export {
  type MailChannel,
  type MailFailure,
  type MailSenderDeps,
  messageIdOf,
  type OutgoingMail,
  sendMail,
} from './mail-sender.ts';
export { type MailTemplate, mailTemplates } from './mail-templates.ts';
export {
  type Button,
  type Invoice,
  type Message,
  type MessageTemplate,
  mailOnlyTemplates,
  messageTemplates,
  type OperatorNotice,
  type Param,
} from './message.ts';
export { operatorKindOf } from './operator-topic.ts';
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
