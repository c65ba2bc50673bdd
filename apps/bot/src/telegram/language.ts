import type { Language } from '@mingdan/orders';

/** Telegram's language_code → ours. The product is Chinese: a client that says nothing is taken as Chinese, any other tongue as English. */
export function languageOf(code: string | undefined): Language {
  if (code === undefined || code === '') return 'zh-CN';
  const tag = code.toLowerCase();
  if (/^zh[-_]?(hant|tw|hk|mo)/.test(tag)) return 'zh-TW';
  return tag.startsWith('zh') ? 'zh-CN' : 'en';
}
