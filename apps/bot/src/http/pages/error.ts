import type { Language } from '@mingdan/orders';
import { html } from 'ghtml';
import { textsIn } from '../texts.ts';
import { layout, type Markup } from './layout.ts';

/** What a person sees when something does not work: what happened, and what they can do. */
export function errorPage(error: { language: Language; status: number; requestId: string }): Markup {
  const t = textsIn(error.language);
  const kind = kindOf(error.status);
  const title = t(`error.${kind}.title`);
  return layout({
    language: error.language,
    title,
    languageLinks: {},
    body: html`<section class="card">
<h1 tabindex="-1">${title}</h1>
<p>${t(`error.${kind}.text`)}</p>
<p class="small">${t('error.number', { status: String(error.status), requestId: error.requestId })}</p>
</section>`,
  });
}

function kindOf(status: number): 'missing' | 'tooMany' | 'unavailable' | 'refused' | 'broken' {
  if (status === 404) return 'missing';
  if (status === 429) return 'tooMany';
  if (status === 503) return 'unavailable';
  return status < 500 ? 'refused' : 'broken';
}
