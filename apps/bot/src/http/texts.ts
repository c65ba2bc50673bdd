import type { Language } from '@mingdan/orders';
import { createInstance } from 'i18next';
import english from '../../locales/en/page.json' with { type: 'json' };
import simplified from '../../locales/zh-CN/page.json' with { type: 'json' };
import traditional from '../../locales/zh-TW/page.json' with { type: 'json' };

type PathsOf<T> = { [K in keyof T & string]: T[K] extends string ? K : `${K}.${PathsOf<T[K]>}` }[keyof T & string];

/** Every text of the pages, as `order.number`; a name that no file has does not compile. */
export type TextKey = PathsOf<typeof simplified>;

export type Texts = (key: TextKey, params?: Readonly<Record<string, string>>) => string;

const dictionary = createInstance();
// Escaping is the template's work; doing it here as well would show people `&amp;`.
await dictionary.init({
  fallbackLng: 'zh-CN',
  ns: 'page',
  defaultNS: 'page',
  interpolation: { escapeValue: false },
  resources: { 'zh-CN': { page: simplified }, 'zh-TW': { page: traditional }, en: { page: english } },
});

export function textsIn(language: Language): Texts {
  const translate = dictionary.getFixedT(language, 'page');
  return (key, params) => translate(key, { ...params });
}
