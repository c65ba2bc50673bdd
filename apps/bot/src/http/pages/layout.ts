import type { Language } from '@mingdan/orders';
import { html } from 'ghtml';
import { contactAddress, type Site } from '../../site.ts';
import { type AssetName, assetUrl } from '../assets.ts';
import { type Texts, textsIn } from '../texts.ts';

/** Markup that came out of a template (escaped there), so that it may be put into another one unescaped. */
export type Markup = string;

export interface Page {
  readonly language: Language;
  readonly title: string;
  /** the content of <main> */
  readonly body: Markup;
  /** the same page in each language; none on pages that have no address of their own */
  readonly languageLinks: Readonly<Partial<Record<Language, string>>>;
  /** where help is; left out on pages for developers */
  readonly site?: Site;
  /** a module of ours that keeps the page true */
  readonly script?: AssetName;
  /** an address of a script that is not ours, which the policy of the page names too */
  readonly foreignScript?: string;
  /** search engines may show it; whatever belongs to a buyer is for nobody else */
  readonly findable?: boolean;
  /** seconds after which browsers without scripts load the page again */
  readonly refreshWithoutScript?: number | null;
}

/** Each language by its own name, so that whoever cannot read the page finds theirs. */
const LANGUAGE_NAMES: Record<Language, string> = { 'zh-CN': '简体中文', 'zh-TW': '繁體中文', en: 'English' };

export function layout(page: Page): Markup {
  const t = textsIn(page.language);
  const name = t('site.name');
  return html`<!doctype html>
<html lang="${page.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="color-scheme" content="light dark">
!${page.findable ? '' : html`<meta name="robots" content="noindex, nofollow">`}
<meta name="format-detection" content="telephone=no">
<title>${page.title === name ? name : `${page.title} · ${name}`}</title>
<link rel="icon" type="image/svg+xml" href="!${assetUrl('seal.svg')}">
<link rel="stylesheet" href="!${assetUrl('mingdan.css')}">
!${page.foreignScript ? html`<script src="${page.foreignScript}"></script>` : ''}
!${page.script ? html`<script type="module" src="!${assetUrl(page.script)}"></script>` : ''}
!${page.refreshWithoutScript ? html`<noscript><meta http-equiv="refresh" content="${page.refreshWithoutScript}"></noscript>` : ''}
</head>
<body>
<a class="skip" href="#main">${t('page.skip')}</a>
!${siteHeader(page.language, name, t)}
<main id="main" tabindex="-1">!${page.body}</main>
<footer class="site">
!${languageSwitch(page, t('page.languages'))}
!${page.site ? helpMarkup(page.site, t) : ''}
<p>${t('page.entertainment')}</p>
</footer>
</body>
</html>`;
}

function siteHeader(language: Language, name: string, t: Texts): Markup {
  const lang = new URLSearchParams({ lang: language });
  return html`<header class="site"><a class="brand" href="/shop?${lang}"><span class="seal" aria-hidden="true" lang="zh">命</span><span class="site-name">${name}</span></a>
<nav aria-label="${t('page.ways')}"><a class="to" href="/shop?${lang}">${t('page.shop')}</a><a class="to" href="/coin?${lang}">${t('page.coins')}</a></nav></header>`;
}

/** Who to ask: whom the operators named, and the bot, where there is a chat with people. */
function helpMarkup({ bot, supportContact }: Site, t: Texts): Markup {
  const address = supportContact === undefined ? undefined : contactAddress(supportContact);
  const contact =
    address === undefined ? html`${supportContact ?? ''}` : html`<a href="${address}">${supportContact}</a>`;
  const chat = bot ? html`<a href="${bot.address}">${t('page.supportBot', { name: bot.name })}</a>` : '';
  const ways = [contact, chat].filter((way) => way !== '');
  return ways.length === 0 ? '' : html`<p class="help">${t('page.support')} !${ways.join(' · ')}</p>`;
}

function languageSwitch({ language, languageLinks }: Page, label: string): Markup {
  const links = (Object.keys(LANGUAGE_NAMES) as Language[]).flatMap((each) => {
    const address = languageLinks[each];
    if (address === undefined) return [];
    const here = each === language ? html` aria-current="true"` : '';
    return [html`<li><a href="${address}" lang="${each}" hreflang="${each}"!${here}>${LANGUAGE_NAMES[each]}</a></li>`];
  });
  return links.length === 0 ? '' : html`<nav aria-label="${label}"><ul class="languages">!${links}</ul></nav>`;
}
