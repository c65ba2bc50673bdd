import { giftPage } from '@mingdan/fulfilment';
import type { GiftOfOrder, Language } from '@mingdan/orders';
import { html } from 'ghtml';
import type { TextKey, Texts } from '../texts.ts';
import type { Markup } from './layout.ts';
import { clockTime } from './time-text.ts';

/** A gift as its buyer sees it. */
export interface GivenGift extends GiftOfOrder {
  readonly publicUrl: string;
  /** what became of the wish for a new link a moment ago */
  readonly answer?: GiftAnswer | undefined;
}

export const giftAnswers = ['renewed', 'not_open'] as const;
export type GiftAnswer = (typeof giftAnswers)[number];
const ANSWERS: Readonly<Record<GiftAnswer, TextKey>> = { renewed: 'gift.renewed', not_open: 'gift.notOpen' };

/** The claim link to pass on, or that it was claimed or taken back. @param form asks for a new link; the page's own */
export function giftOfOrderMarkup(gift: GivenGift | undefined, form: Markup, language: Language, t: Texts): Markup {
  if (!gift) return '';
  const { state, claimedAt, answer } = gift;
  const told = answer ? html`<p class="note" role="status">${t(ANSWERS[answer])}</p>` : '';
  const text =
    state === 'claimed' && claimedAt
      ? html`<p>${t('gift.claimed', { time: clockTime(claimedAt, language) })}</p>`
      : html`<p>${t('gift.takenBack')}</p>`;
  return html`<section class="card" id="gift" data-gift="!${state}" aria-labelledby="gift-title"><h2 id="gift-title">${t('gift.ofOrder')}</h2>!${told}
!${state === 'open' ? openMarkup(gift, form, t) : text}<p class="small">${t('pay.rule', { rule: t('refundRules.gift') })}</p></section>`;
}

function openMarkup({ token, publicUrl }: GivenGift, form: Markup, t: Texts): Markup {
  const link = token === undefined ? undefined : giftPage(publicUrl, token);
  const shown =
    link === undefined
      ? html`<p>${t('gift.openNoLink')}</p>`
      : html`<p>${t('gift.open')}</p><p class="claim-link"><code translate="no">${link}</code></p>
<button type="button" class="button" data-copy="${link}" data-copied="${t('gift.copied')}" hidden>${t('gift.copy')}</button>`;
  return html`!${shown}<details class="more"!${link === undefined ? html` open` : ''}><summary>${t('gift.newLink')}</summary><p class="small">${t('gift.newLinkHint')}</p>!${form}</details>`;
}
