import { type Language, languages } from '@mingdan/orders';
import type { Request, Response } from 'express';

/** Their language for pages and names: `?lang=`, else the first of Accept-Language that we speak, else Chinese. */
export function languageOf(req: Request, res: Response): Language {
  res.vary('Accept-Language');
  const wanted = [req.query.lang, ...req.acceptsLanguages()];
  for (const tag of wanted) {
    const found = typeof tag === 'string' ? spoken(tag) : undefined;
    if (found) return found;
  }
  return 'zh-CN';
}

/** zh-HK, zh-MO and zh-Hant read traditional characters. */
function spoken(tag: string): Language | undefined {
  const exact = languages.find((language) => language.toLowerCase() === tag.toLowerCase());
  if (exact) return exact;
  if (/^zh-(?:hant|tw|hk|mo)\b/i.test(tag)) return 'zh-TW';
  if (/^zh\b/i.test(tag)) return 'zh-CN';
  return /^en\b/i.test(tag) ? 'en' : undefined;
}

/** The caller's name of something; falls back to Chinese, then to whatever there is. */
export function localised(names: Readonly<Record<string, string>>, language: string): string {
  return names[language] ?? names['zh-CN'] ?? Object.values(names)[0] ?? '';
}
