import { fulfillerKey } from '@mingdan/fulfilment';
import type { RefundOutcome, RefundPreview, RefundWished } from '@mingdan/operations';
import type { Language, Order } from '@mingdan/orders';
import { html } from 'ghtml';
import { moneyText } from '../money-text.ts';
import type { Texts } from '../texts.ts';
import type { Markup } from './layout.ts';
import { REFUNDABLE, type ShownState } from './order-state.ts';
import { ownFields } from './payment-markup.ts';
import { clockTime } from './time-text.ts';

/** What the page knows of having the money back. */
export interface RefundPart {
  /** what became of the refund that was asked for a moment ago */
  readonly answer: RefundOutcome | undefined;
  /** they are about to ask for their money back */
  readonly isAsked: boolean;
  /** what they asked for beyond the rules, and what the operators said */
  readonly wished: RefundWished | undefined;
  /** of coins: what would come back */
  readonly preview: RefundPreview | undefined;
}

interface At {
  readonly order: Order;
  readonly token: string;
  readonly language: Language;
  readonly state: ShownState;
  readonly t: Texts;
}

/** What was asked for, what came of it, and the way to ask. A link first: a form that is always there would be emptied by every change. */
export function refundMarkup(part: RefundPart, at: At): Markup {
  const { order, token, language, state, t } = at;
  const canAsk = order.amount.minor > 0 && REFUNDABLE.includes(state);
  const isOpen = part.wished?.state === 'open' && canAsk;
  const told = html`!${answerMarkup(part, isOpen, t)}!${wishedMarkup(part, canAsk, at)}`;
  if (!canAsk || isOpen) return told;
  if (!part.isAsked) {
    const query = new URLSearchParams({ t: token, lang: language, ask: 'refund' });
    return html`!${told}<p class="small"><a class="act" href="/order/${order.orderNo}?${query}#refund">${t('refund.open')}</a></p>`;
  }
  return html`!${told}<section class="card ask" id="refund" aria-labelledby="refund-title">
<h2 id="refund-title">${t('refund.open')}</h2>
!${previewMarkup(part, at)}
<p class="small">${t('pay.rule', { rule: t(`refundRules.${fulfillerKey(order)}`) })}</p>
<form class="stack" method="post" action="/order/${order.orderNo}/refund">!${ownFields({ token, language })}
<input type="hidden" name="part" value="${part.preview?.amount.minor ?? ''}">
<label for="reason">${t('refund.reason')}</label>
<textarea id="reason" name="reason" rows="3" maxlength="500" required></textarea>
<button class="button quiet">${t('refund.send')}</button>
</form></section>`;
}

function answerMarkup({ answer }: RefundPart, isOpen: boolean, t: Texts): Markup {
  // What is with the operators is said below, with its time.
  if (answer === undefined || (isOpen && (answer === 'with_operators' || answer === 'already_requested'))) return '';
  return html`<p class="note" role="status">${t(`refund.${answer}`)}</p>`;
}

function wishedMarkup({ wished }: RefundPart, canAsk: boolean, { language, t }: At): Markup {
  if (!wished) return '';
  const time = clockTime(wished.at, language);
  if (wished.state === 'open')
    return canAsk ? html`<p class="note" role="status">${t('refund.deciding', { time })}</p>` : '';
  if (wished.reply !== null)
    return html`<p class="note words" role="status">${t('refund.answered', { time, reply: wished.reply })}</p>`;
  return canAsk ? html`<p class="note" role="status">${t('refund.decided', { time })}</p>` : '';
}

/** Of coins: how many would go, and how much would come back for them. */
function previewMarkup({ preview }: RefundPart, { language, t }: At): Markup {
  if (!preview) return '';
  const { left, unspent, held, amount } = preview;
  if (held > 0) return html`<p>${t('refund.coins_held')}</p>`;
  if (unspent === 0) return html`<p>${t('refund.coinsSpent')}</p>`;
  if (amount.minor === 0) return '';
  const params = { left: String(left), unspent: String(unspent), amount: moneyText(amount, language) };
  return html`<p>${t(unspent < left ? 'refund.part' : 'refund.allCoins', params)}</p>`;
}
