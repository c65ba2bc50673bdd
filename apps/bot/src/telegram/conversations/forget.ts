import { changed } from '@mingdan/db';
import { forgetUser } from '@mingdan/orders';
import type { Talk } from '../talk.ts';

/** `/forget` */
export async function askForget(talk: Talk): Promise<void> {
  await talk.say(talk.t('forget.ask'), [
    [talk.button('forget.yes', 'forget:yes'), talk.button('forget.no', 'forget:no')],
  ]);
}

/** `forget:yes` and `forget:no` */
export async function forget(talk: Talk, answer: string): Promise<void> {
  await talk.dropButtons();
  if (answer !== 'yes') return talk.say(talk.t('forget.kept'));
  await forgetUser(talk.services.db, talk.user.id);
  await changed(
    talk.services.db,
    `update telegram_updates set payload = null where chat_id = :chatId and status = 'failed'`,
    {
      chatId: talk.chatId,
    },
  );
  talk.forgetSession();
  await talk.say(talk.t('forget.done'));
}
