import { changed, type Db, row } from '@mingdan/db';
import { ordersOfUser } from '@mingdan/orders';
import { enqueue } from '@mingdan/outbox';
import type { Talk } from '../talk.ts';

export const SUPPORT_TEXT = 'support_messages.text';
const LONGEST = 3_000;
/** So that one person cannot flood the operators' chat. */
const MOST = 5;
const WITHIN_MINUTES = 10;

/** `/support <text>`; without a text the next line is it. */
export async function support(talk: Talk, text: string): Promise<void> {
  const { operatorChatId } = talk.services.operationDeps.settings;
  if (operatorChatId === null) {
    talk.session.waiting = null;
    return talk.say(talk.t('support.nobody'));
  }
  if (text.trim() === '') {
    talk.session.waiting = { for: 'support' };
    return talk.say(talk.t('support.ask'));
  }
  if (text.length > LONGEST) return talk.say(talk.t('support.too_long', { max: LONGEST }));
  talk.session.waiting = null;
  const passed = await passOn(talk, text.trim(), operatorChatId);
  await talk.say(passed ? talk.t('support.sent') : talk.t('support.too_many', { max: MOST, minutes: WITHIN_MINUTES }));
}

/** Whether a line was sent as a reply to an operator's answer: the talk goes on there, without a command. */
export async function continuesSupport(talk: Talk, repliesTo: number): Promise<boolean> {
  const answer = await row(
    talk.services.db,
    `select 1 from outbox where chat_id = :chatId and sent_message_id = :repliesTo and dedupe_key like 'support-answer:%'`,
    { chatId: talk.chatId, repliesTo },
  );
  return answer !== undefined;
}

/** To the operators' chat; an answer to that message finds its way back by the key (operators.ts). @returns false where too many were sent */
async function passOn(talk: Talk, text: string, operatorChatId: number): Promise<boolean> {
  const { db, vault, texts, operationDeps, wakeOutbox } = talk.services;
  const dedupeKey = `support:${talk.user.id}:${talk.updateId}`;
  const [latest] = await ordersOfUser(db, talk.user.id, 1);
  const orderNo = latest?.orderNo ?? texts.t(operationDeps.settings.operatorLanguage, 'operator.none');
  const passed = await db.transaction(async (tx) => {
    // The same update again (its answer was lost) is the same question.
    if (await row(tx, 'select 1 from outbox where dedupe_key = :dedupeKey', { dedupeKey })) return true;
    if ((await recentMessages(tx, talk.user.id)) >= MOST) return false;
    await changed(tx, 'insert into support_messages (user_id, from_operator, text) values (:userId, false, :text)', {
      userId: talk.user.id,
      text: vault.seal(SUPPORT_TEXT, text),
    });
    const params = { userId: talk.user.id, text, orderNo };
    await enqueue(tx, vault, { chatId: operatorChatId, dedupeKey, message: { template: 'support_question', params } });
    return true;
  });
  if (passed) wakeOutbox();
  return passed;
}

async function recentMessages(tx: Db, userId: number): Promise<number> {
  const found = await row<{ count: number }>(
    tx,
    `select count(*)::int as count from support_messages
      where user_id = :userId and not from_operator and created_at > now() - make_interval(mins => :minutes)`,
    { userId, minutes: WITHIN_MINUTES },
  );
  return found?.count ?? 0;
}
