import { changed, row } from '@mingdan/db';
import { findUser } from '@mingdan/orders';
import { enqueue } from '@mingdan/outbox';
import type { TelegramServices } from '../services.ts';
import { SUPPORT_TEXT } from './support.ts';

export interface OperatorReply {
  readonly updateId: number;
  readonly chatId: number;
  readonly messageId: number;
  /** the message that was answered */
  readonly answers: number;
  readonly text: string | undefined;
}

/**
 * A reply in the operators' chat goes back to the person whose question it answers.
 * @returns false where it answers something else: an alarm, or a colleague
 */
export async function answerSupport(services: TelegramServices, reply: OperatorReply): Promise<boolean> {
  const { operationDeps, texts } = services;
  const userId = await askerOf(services, reply);
  if (userId === undefined) return false;
  const user = await findUser(services.db, userId);
  const say = async (key: string): Promise<true> => {
    await sayInReply(services, reply, texts.t(operationDeps.settings.operatorLanguage, `operator.${key}`));
    return true;
  };
  if (!user || user.telegramId === null) return say('answer_not_found');
  if (reply.text === undefined) return say('answer_text_only');
  await passBack(services, reply, { userId: user.id, chatId: user.telegramId, text: reply.text });
  return say('answer_queued');
}

async function askerOf(services: TelegramServices, reply: OperatorReply): Promise<number | undefined> {
  const asked = await row<{ key: string }>(
    services.db,
    'select dedupe_key as key from outbox where chat_id = :chatId and sent_message_id = :answers',
    { chatId: reply.chatId, answers: reply.answers },
  );
  const match = /^support:(\d+):/.exec(asked?.key ?? '');
  return match ? Number(match[1]) : undefined;
}

async function passBack(
  services: TelegramServices,
  reply: OperatorReply,
  to: { userId: number; chatId: number; text: string },
): Promise<void> {
  const { db, vault, wakeOutbox } = services;
  const dedupeKey = `support-answer:${reply.updateId}`;
  await db.transaction(async (tx) => {
    if (await row(tx, 'select 1 from outbox where dedupe_key = :dedupeKey', { dedupeKey })) return;
    await changed(
      tx,
      `insert into support_messages (user_id, from_operator, text, operator_message_id) values (:userId, true, :text, :answers)`,
      { userId: to.userId, text: vault.seal(SUPPORT_TEXT, to.text), answers: reply.answers },
    );
    const message = { template: 'support_answer', params: { text: to.text } } as const;
    await enqueue(tx, vault, { chatId: to.chatId, userId: to.userId, dedupeKey, message });
  });
  wakeOutbox();
}

async function sayInReply(services: TelegramServices, reply: OperatorReply, text: string): Promise<void> {
  await services.telegram.sendMessage(reply.chatId, text, {
    reply_parameters: { message_id: reply.messageId, allow_sending_without_reply: true },
  });
}
