import type { Language } from '@mingdan/orders';
import { html } from 'ghtml';
import type { Site } from '../../../site.ts';
import { textsIn } from '../../texts.ts';
import { layout, type Markup } from '../layout.ts';
import { toBotMarkup } from '../sign-in.ts';
import { saysMarkup } from './says.ts';

/** The frame of the Mini App, which its script fills; what stands in it is for whoever opens it outside Telegram, or without scripts. */
export function appShell(language: Language, telegramScript: string, site: Site): Markup {
  const t = textsIn(language);
  const body = html`<div class="notices"><p id="offline" class="offline" role="status" hidden>${t('page.offline')}</p>
<div id="news" role="status"></div></div>
<div id="view"><section class="card state-waiting" aria-labelledby="headline"><h1 id="headline" tabindex="-1">${t('app.title')}</h1>
<p>${t('app.outside')}</p>!${toBotMarkup(site, t)}<p><a class="act" href="/coin">${t('coin.title')}</a> · <a class="act" href="/shop">${t('shop.title')}</a></p></section></div>
!${saysMarkup(t)}`;
  return layout({
    language,
    site,
    title: t('app.title'),
    body,
    languageLinks: {},
    foreignScript: telegramScript,
    script: 'app.js',
  });
}
