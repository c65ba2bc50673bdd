import { html } from 'ghtml';
import type { Site } from '../../site.ts';
import type { Texts } from '../texts.ts';
import type { Markup } from './layout.ts';

/** The way to the bot, where its name is known. */
export function toBotMarkup({ bot }: Site, t: Texts): Markup {
  return bot ? html`<a class="button" href="${bot.address}">${t('signIn.openBot', { name: bot.name })}</a>` : '';
}

/** How to sign in, to who is not. @param more above and below of what the page's own script or its reader has to know */
export function signInMarkup(site: Site, t: Texts, more: { above?: Markup; below?: Markup } = {}): Markup {
  const { above = '', below = '' } = more;
  return html`<section class="card state-waiting" data-sign-in aria-labelledby="headline"><h2 id="headline" tabindex="-1">${t('signIn.title')}</h2>
!${above}<p>${t('signIn.text')}</p><ol><li>${t('signIn.first')}</li><li>${t('signIn.second')}</li></ol>!${toBotMarkup(site, t)}
!${below}</section>`;
}
