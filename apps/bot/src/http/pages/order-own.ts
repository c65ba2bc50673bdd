import type { Language, Order } from '@mingdan/orders';
import { html } from 'ghtml';
import type { Texts } from '../texts.ts';
import type { Markup } from './layout.ts';
import type { ShownState } from './order-state.ts';
import { ownFields } from './payment-markup.ts';

export const cancelAnswers = ['processing', 'paid', 'not_cancellable'] as const;
export const emailAnswers = ['corrected', 'wrong', 'not_correctable'] as const;

/** What a buyer may change about an order of theirs. */
export interface ChangePart {
  readonly asks: 'cancel' | 'email' | undefined;
  /** nothing is paid, and nothing is on its way */
  readonly cancellable: boolean;
  readonly cancelAnswer: (typeof cancelAnswers)[number] | undefined;
  /** how often the address may still be corrected */
  readonly correctionsLeft: number;
  readonly emailAnswer: (typeof emailAnswers)[number] | undefined;
}

interface At {
  readonly order: Order;
  readonly token: string;
  readonly language: Language;
  readonly t: Texts;
}

/** Cancelling an unpaid order, and correcting the address: a link each, and the form to whoever followed it. */
export function changeMarkup(part: ChangePart, at: At): Markup {
  const { t } = at;
  const canCorrect = part.correctionsLeft > 0;
  const links = [
    ...(canCorrect && part.asks !== 'email' ? [askLink('email', t('change.email'), at)] : []),
    ...(part.cancellable && part.asks !== 'cancel' ? [askLink('cancel', t('change.cancel'), at)] : []),
  ];
  return html`!${toldMarkup(part, t)}!${part.asks === 'email' && canCorrect ? emailForm(part, at) : ''}!${part.asks === 'cancel' && part.cancellable ? cancelForm(at) : ''}!${
    links.length === 0 ? '' : html`<ul class="small changes">!${links.map((link) => html`<li>!${link}</li>`)}</ul>`
  }`;
}

function toldMarkup({ cancelAnswer, emailAnswer }: ChangePart, t: Texts): Markup {
  const told = [
    ...(cancelAnswer === undefined ? [] : [t(`change.cancelAnswer.${cancelAnswer}`)]),
    // What is wrong with a new address stands at its field.
    ...(emailAnswer === undefined || emailAnswer === 'wrong' ? [] : [t(`change.emailAnswer.${emailAnswer}`)]),
  ];
  return html`!${told.map((text) => html`<p class="note" role="status">${text}</p>`)}`;
}

function askLink(ask: 'cancel' | 'email', text: string, { order, token, language }: At): Markup {
  const query = new URLSearchParams({ t: token, lang: language, ask });
  return html`<a class="change" href="/order/${order.orderNo}?${query}#${ask}">${text}</a>`;
}

function emailForm({ emailAnswer, correctionsLeft }: ChangePart, { order, token, language, t }: At): Markup {
  const isWrong = emailAnswer === 'wrong';
  return html`<section class="card ask" id="email" aria-labelledby="email-title"><h2 id="email-title">${t('change.email')}</h2>
<p class="small">${t('change.emailHint', { count: String(correctionsLeft) })}</p>
<form class="stack" method="post" action="/order/${order.orderNo}/email">!${ownFields({ token, language })}
<label for="new-email">${t('change.newEmail')}</label>
<input id="new-email" name="email" type="email" required maxlength="254" autocomplete="email"!${isWrong ? html` aria-invalid="true" aria-describedby="new-email-error"` : ''}>
!${isWrong ? html`<p class="error" id="new-email-error">${t('shop.emailWrong')}</p>` : ''}
<button class="button quiet">${t('change.emailSend')}</button></form></section>`;
}

function cancelForm({ order, token, language, t }: At): Markup {
  return html`<section class="card ask" id="cancel" aria-labelledby="cancel-title"><h2 id="cancel-title">${t('change.cancel')}</h2>
<p class="small">${t('change.cancelHint')}</p>
<form class="stack" method="post" action="/order/${order.orderNo}/cancel">!${ownFields({ token, language })}
<button class="button quiet">${t('change.cancelSend')}</button></form></section>`;
}

/** Orders that came to nothing, or whose money is back. */
const OVER: readonly ShownState[] = [
  'paymentFailed',
  'cancelled',
  'expired',
  'refunded',
  'failedFree',
  'failedUnrefunded',
];

/** The way on from an order that is over: the same again, and the shop. Who knows the number alone is not told what it was. */
export function againMarkup(order: Order, state: ShownState, isOwn: boolean, language: Language, t: Texts): Markup {
  if (!OVER.includes(state)) return '';
  const query = new URLSearchParams({ lang: language });
  const same =
    order.kind === 'coins'
      ? '/coin'
      : order.gift || order.kind !== 'membership'
        ? `/shop/${order.productSlug}`
        : undefined;
  return html`<p class="again">!${isOwn && same !== undefined ? html`<a class="button quiet" href="${same}?${query}">${t('order.again')}</a>` : ''}<a href="/shop?${query}">${t('order.toShop')}</a></p>`;
}
