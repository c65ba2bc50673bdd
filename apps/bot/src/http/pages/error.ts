import type { Language } from '@mingdan/orders';
import { html } from 'ghtml';
import type { Site } from '../../site.ts';
import { type Texts, textsIn } from '../texts.ts';
import { layout, type Markup } from './layout.ts';
import { toBotMarkup } from './sign-in.ts';

export interface ErrorView {
  readonly language: Language;
  readonly status: number;
  readonly code: string;
  readonly requestId: string;
  readonly site: Site;
  /** of the page that was asked for, with its query; undefined where asking for it again is something else */
  readonly address: string | undefined;
}

/** What a person sees when something does not work: what happened, and what they can do. */
export function errorPage(error: ErrorView): Markup {
  const t = textsIn(error.language);
  const kind = kindOf(error);
  const title = t(`error.${kind}.title`);
  return layout({
    language: error.language,
    title,
    languageLinks: languageLinks(error.address),
    site: error.site,
    body: html`<section class="card">
<h1 tabindex="-1">${title}</h1>
<p>${t(`error.${kind}.text`)}</p>
!${wayOn(error, kind, t)}
<p class="small">${t('error.number', { status: String(error.status), requestId: error.requestId })}</p>
</section>`,
  });
}

type Kind = 'missing' | 'tooMany' | 'unavailable' | 'refused' | 'broken' | 'loginLink';

function kindOf({ status, code }: ErrorView): Kind {
  if (code === 'link_used') return 'loginLink';
  if (status === 404) return 'missing';
  if (status === 429) return 'tooMany';
  if (status === 503) return 'unavailable';
  return status < 500 ? 'refused' : 'broken';
}

/** Who signs in goes to the bot; everybody else to the shop, which needs no account. */
function wayOn({ site, language, address }: ErrorView, kind: Kind, t: Texts): Markup {
  const lang = new URLSearchParams({ lang: language });
  if (kind === 'loginLink')
    return html`!${toBotMarkup(site, t)}<p><a class="act" href="/shop?${lang}">${t('error.toShop')}</a></p>`;
  const isOrder = /^\/(?:order|payment)\//.test(address ?? '');
  const lost = isOrder ? html`<p><a class="act" href="/shop/lost-link?${lang}">${t('lostLink.lost')}</a></p>` : '';
  return html`<a class="button" href="/shop?${lang}">${t('error.toShop')}</a>!${lost}`;
}

function languageLinks(address: string | undefined) {
  if (address === undefined) return {};
  const inLanguage = (language: Language): string => {
    const url = new URL(address, 'http://own.invalid');
    url.searchParams.set('lang', language);
    return `${url.pathname}${url.search}`;
  };
  return { 'zh-CN': inLanguage('zh-CN'), 'zh-TW': inLanguage('zh-TW'), en: inLanguage('en') };
}
