import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MingdanError } from '@mingdan/kernel';
import { type Language, languages } from '@mingdan/orders';
import type { Button, Localised, Message, Param } from '@mingdan/outbox';
import { createInstance, type i18n, type Resource } from 'i18next';

export type TextParams = Readonly<Record<string, Param>>;

export interface Texts {
  /** The wording under `key`. Plain text: nothing is escaped. @throws MingdanError `missing_text` */
  t(language: string, key: string, params?: TextParams): string;
  has(language: string, key: string): boolean;
}

export interface RenderedButton {
  readonly text: string;
  readonly callbackData?: string;
  readonly url?: string;
}

const FOLDER = join(import.meta.dirname, '../locales');
const FALLBACK: Language = 'zh-CN';
/** What the bot says; the pages have files of their own. */
const FILES = ['messages.json', 'operator.json', 'chat.json', 'birth.json', 'payment.json', 'web.json', 'mail.json'];

/** Reads the bot's files of every language once. They share one tree of keys, so a key written twice is an error. */
export function createTexts(folder: string = FOLDER): Texts {
  const translations = createInstance();
  const resources: Resource = Object.fromEntries(
    languages.map((language) => [language, { translation: readLanguage(join(folder, language)) }]),
  );
  translations.init({
    resources,
    initAsync: false,
    fallbackLng: FALLBACK,
    // Texts go out as plain text; what a person typed must come back as typed.
    interpolation: { escapeValue: false, skipOnVariables: true },
  });
  return {
    t: (language, key, params = {}) => translate(translations, language, key, params),
    has: (language, key) => translations.exists(key, { lng: language }),
  };
}

function translate(translations: i18n, language: string, key: string, params: TextParams): string {
  if (!translations.exists(key, { lng: language })) {
    throw new MingdanError('missing_text', `no text for "${key}"`, {
      hint: `Add the key to apps/bot/locales/${FALLBACK}/`,
    });
  }
  const values = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, pick(language, value)]));
  return translations.t(key, { ...values, lng: language });
}

function pick(language: string, value: Param): string | number {
  return typeof value === 'object' ? localised(value, language) : value;
}

/** A text in the wanted language, else in the one that every product has, else in any. */
export function localised(text: Localised, language: string): string {
  return text[language] ?? text[FALLBACK] ?? Object.values(text)[0] ?? '';
}

type Tree = { [key: string]: string | Tree };

function readLanguage(folder: string): Tree {
  return FILES.reduce<Tree>((all, name) => merge(all, JSON.parse(readFileSync(join(folder, name), 'utf8')), name), {});
}

function merge(into: Tree, more: Tree, file: string): Tree {
  for (const [key, value] of Object.entries(more)) {
    const there = into[key];
    if (typeof there === 'object' && typeof value === 'object') merge(there, value, file);
    else if (there === undefined) into[key] = value;
    else
      throw new MingdanError('text_twice', `"${key}" of ${file} is in another file too`, { hint: 'Keep one of them' });
  }
  return into;
}

/**
 * What the sender says for an outbox row, in the receiver's language.
 * A `reason` is a code under `reasons.`; operators also get reasons in a buyer's own words, and who rejects a red packet writes theirs:
 * those stay as they are.
 */
export function renderMessage(
  texts: Texts,
  language: string,
  message: Message,
): { text: string; buttons: RenderedButton[][] } {
  const params = textParams(texts, language, message);
  // Empty params leave empty lines behind (a report without a name, a payment address that is in the button).
  const text = texts
    .t(language, `messages.${message.template}`, params)
    .replace(/\n{3,}/g, '\n\n')
    .trim();
  return {
    text,
    buttons: (message.buttons ?? []).map((line) => line.map((one) => renderButton(texts, language, one))),
  };
}

/** The params of a message with its codes in words. */
export function textParams(texts: Texts, language: string, message: Message): Record<string, Param> {
  const params = { ...message.params };
  if (params.reason !== undefined) params.reason = reasonText(texts, language, message);
  if (typeof params.verdict === 'string' && texts.has(language, `verdicts.${params.verdict}`))
    params.verdict = texts.t(language, `verdicts.${params.verdict}`);
  if (typeof params.refundRule === 'string') params.refundRule = texts.t(language, `refund_rules.${params.refundRule}`);
  return params;
}

function renderButton(texts: Texts, language: string, button: Button): RenderedButton {
  return {
    text: texts.t(language, `buttons.${button.label}`, button.params),
    ...(button.callbackData === undefined ? {} : { callbackData: button.callbackData }),
    ...(button.url === undefined ? {} : { url: button.url }),
  };
}

function reasonText(texts: Texts, language: string, message: Message): string {
  const reason = message.params?.reason ?? '';
  if (typeof reason !== 'string') return typeof reason === 'object' ? localised(reason, language) : String(reason);
  if (/^[a-z_]+$/.test(reason) && texts.has(language, `reasons.${reason}`))
    return texts.t(language, `reasons.${reason}`);
  const isInOwnWords = message.template.startsWith('alarm_') || message.template === 'redpacket_rejected';
  return isInOwnWords ? reason : texts.t(language, 'reasons.other');
}
