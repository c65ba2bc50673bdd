import type { Language } from '@mingdan/orders';
import { createInstance } from 'i18next';
import englishBirth from '../../locales/en/birth.json' with { type: 'json' };
import english from '../../locales/en/page.json' with { type: 'json' };
import simplifiedBirth from '../../locales/zh-CN/birth.json' with { type: 'json' };
import simplified from '../../locales/zh-CN/page.json' with { type: 'json' };
import traditionalBirth from '../../locales/zh-TW/birth.json' with { type: 'json' };
import traditional from '../../locales/zh-TW/page.json' with { type: 'json' };
import type { Speaker } from '../telegram/birth/warnings.ts';

type PathsOf<T> = { [K in keyof T & string]: T[K] extends string ? K : `${K}.${PathsOf<T[K]>}` }[keyof T & string];

/** Every text of the pages, as `order.number`, and what chat and pages both say of a birth, as `birth:fields.name`; a name that no file has does not compile. */
export type TextKey = PathsOf<typeof simplified> | `birth:${PathsOf<typeof simplifiedBirth>}`;

export type Texts = (key: TextKey, params?: Readonly<Record<string, string>>) => string;

const dictionary = createInstance();
// Escaping is the template's work; doing it here as well would show people `&amp;`.
await dictionary.init({
  fallbackLng: 'zh-CN',
  ns: ['page', 'birth'],
  defaultNS: 'page',
  interpolation: { escapeValue: false },
  resources: {
    'zh-CN': { page: simplified, birth: simplifiedBirth },
    'zh-TW': { page: traditional, birth: traditionalBirth },
    en: { page: english, birth: englishBirth },
  },
});

export function textsIn(language: Language): Texts {
  const translate = dictionary.getFixedT(language, 'page');
  return (key, params) => translate(key, { ...params });
}

/** Says what the chat says of a birth, to whoever composes its texts by their names. */
export function birthSpeaker(language: Language): Speaker {
  const translate = dictionary.getFixedT(language, 'birth');
  return {
    t: (key, params) => translate(key, { ...params }),
    knows: (key) => dictionary.exists(key, { ns: 'birth', lng: language }),
  };
}
