import { languages } from '@mingdan/orders';
import { setChatCommands } from '../commands.ts';
import type { Talk } from '../talk.ts';

/** `/language` */
export async function askLanguage(talk: Talk): Promise<void> {
  await talk.say(
    talk.t('language.ask'),
    languages.map((language) => [talk.button(`language.${language}`, `language:${language}`)]),
  );
}

/** `language:<code>` */
export async function chooseLanguage(talk: Talk, code: string): Promise<void> {
  const language = languages.find((known) => known === code);
  if (language === undefined) return askLanguage(talk);
  await talk.speak(language);
  await talk.say(talk.t('language.set'));
  await setChatCommands(talk.services, talk.chatId, language);
}
