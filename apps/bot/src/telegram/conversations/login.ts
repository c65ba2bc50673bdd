import { loginLink, mayAskForLoginLink, ownPath } from '@mingdan/operations';
import { fitsButton } from '../keyboard.ts';
import type { Talk } from '../talk.ts';

/** As `loginLink` makes them. */
const GOOD_FOR_MINUTES = 10;

/** `/login`, and the button that opens a page of ours: a link that signs this person in once. */
export async function login(talk: Talk, path = ''): Promise<void> {
  const { db, operationDeps } = talk.services;
  if (!(await mayAskForLoginLink(db, talk.user.id))) return talk.say(talk.t('login.too_many'));
  const { settings } = operationDeps;
  const link = await loginLink({ db, settings }, talk.user.id, ownPath(path));
  const text = talk.t('login.text', { minutes: GOOD_FOR_MINUTES });
  if (fitsButton(link)) return talk.say(text, [[{ text: talk.t('buttons.open_web'), url: link }]]);
  await talk.say(talk.t('login.with_address', { text, link }));
}
