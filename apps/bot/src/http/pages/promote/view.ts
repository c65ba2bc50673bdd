import type { Language, PromoterEarnings } from '@mingdan/orders';
import { html } from 'ghtml';
import type { Site } from '../../../site.ts';
import { moneyText } from '../../money-text.ts';
import { type TextKey, type Texts, textsIn } from '../../texts.ts';
import { layout, type Markup } from '../layout.ts';
import { signInMarkup } from '../sign-in.ts';

export const withdrawalAnswers = [
  'requested',
  'already_requested',
  'nothing_available',
  'destination_missing',
] as const;

export interface Promotion {
  readonly code: string;
  readonly percent: number;
  /** undefined where the bot's name is not known right now */
  readonly link: string | undefined;
  readonly earned: readonly PromoterEarnings[];
  /** what became of the wish for a withdrawal a moment ago */
  readonly answer: (typeof withdrawalAnswers)[number] | undefined;
}

/** @param promotion undefined: nobody is signed in */
export function promoteView(promotion: Promotion | undefined, language: Language, site: Site): Markup {
  const t = textsIn(language);
  const address = (lang: Language) => `/promote?${new URLSearchParams({ lang })}`;
  return layout({
    language,
    site,
    title: t('promote.title'),
    body: html`<h1>${t('promote.title')}</h1>!${promotion ? ownPart(promotion, language, t) : signInMarkup(site, t)}`,
    languageLinks: { 'zh-CN': address('zh-CN'), 'zh-TW': address('zh-TW'), en: address('en') },
    script: 'promote.js',
  });
}

const ANSWERS: Readonly<Record<(typeof withdrawalAnswers)[number], TextKey>> = {
  requested: 'promote.requested',
  already_requested: 'promote.already_requested',
  nothing_available: 'promote.nothing_available',
  destination_missing: 'promote.destinationMissing',
};

function ownPart({ code, percent, link, earned, answer }: Promotion, language: Language, t: Texts): Markup {
  const shown =
    link === undefined
      ? html`<p>${t('promote.noLink', { code })}</p>`
      : html`<p class="claim-link"><code translate="no">${link}</code></p>
<button type="button" class="button" data-copy="${link}" data-copied="${t('gift.copied')}" hidden>${t('gift.copy')}</button>`;
  return html`!${answer === undefined ? '' : html`<p class="note!${answer === 'requested' ? '' : ' trouble'}" role="status">${t(ANSWERS[answer])}</p>`}
<section class="card" aria-labelledby="link"><h2 id="link">${t('promote.link')}</h2>!${shown}
<p class="small">${t('promote.rule', { percent: String(percent) })}</p></section>
!${earned.length === 0 ? html`<p class="note">${t('promote.none')}</p>` : earned.map((each) => earnings(each, language, t))}`;
}

function earnings(one: PromoterEarnings, language: Language, t: Texts): Markup {
  const { currency, orders, soldMinor, heldMinor, availableMinor, paidMinor } = one;
  const money = (minor: number) => moneyText({ minor, currency }, language);
  const fact = (key: TextKey, value: string) => html`<div><dt>${t(key)}</dt><dd>${value}</dd></div>`;
  const available = Math.max(0, availableMinor);
  return html`<section class="card" data-currency="${currency}" aria-labelledby="earned-${currency}"><h2 id="earned-${currency}">${t('promote.earned', { currency })}</h2>
<dl class="facts">!${fact('promote.orders', String(orders))}!${fact('promote.sold', money(soldMinor))}!${fact('promote.available', money(available))}!${fact('promote.held', money(heldMinor))}!${fact('promote.paid', money(paidMinor))}</dl>
!${available === 0 ? '' : withdrawalForm(currency, money(available), language, t)}</section>`;
}

function withdrawalForm(currency: string, amount: string, language: Language, t: Texts): Markup {
  return html`<form class="stack" method="post" action="/promote?${new URLSearchParams({ lang: language })}"><input type="hidden" name="currency" value="${currency}">
<label for="destination-${currency}">${t('promote.destination')}</label>
<p class="small" id="destination-${currency}-hint">${t('promote.destinationHint')}</p>
<textarea id="destination-${currency}" name="destination" rows="2" maxlength="500" required aria-describedby="destination-${currency}-hint"></textarea>
<button class="button">${t('promote.withdraw', { amount })}</button></form>`;
}
