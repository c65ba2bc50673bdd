import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInstance } from 'i18next';

const LOCALES = join(import.meta.dirname, '../locales');
export const operatorLanguages = ['zh-CN', 'zh-TW', 'en'] as const;
export type OperatorLanguage = (typeof operatorLanguages)[number];

export interface Texts {
  readonly language: OperatorLanguage;
  /** the wording under `key`; nothing is escaped */
  t(key: string, params?: Readonly<Record<string, string | number>>): string;
}

export function readLocale(language: OperatorLanguage): Record<string, unknown> {
  return JSON.parse(readFileSync(join(LOCALES, `${language}.json`), 'utf8'));
}

export function createTexts(language: OperatorLanguage): Texts {
  const translations = createInstance();
  translations.init({
    lng: language,
    resources: { [language]: { translation: readLocale(language) } },
    initAsync: false,
    interpolation: { escapeValue: false, skipOnVariables: true },
  });
  return { language, t: (key, params = {}) => translations.t(key, params) };
}
