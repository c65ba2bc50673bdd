import { fulfillerKey } from '@mingdan/fulfilment';
import { formatAmount, type Money } from '@mingdan/kernel';
import type { CoinPart, DeliveredGoods, OrderStatusJson } from '@mingdan/operations';
import { dueOf, type Language, type Order } from '@mingdan/orders';
import { toSafeHtml } from '@mingdan/report';
import { html } from 'ghtml';
import type { ReadableReport } from '../../deps.ts';
import { localised } from '../../language.ts';
import { moneyText } from '../../money-text.ts';
import { type Texts, textsIn } from '../../texts.ts';
import { chartTable } from '../chart.ts';
import { type GivenGift, giftOfOrderMarkup } from '../gift-of-order.ts';
import type { Markup } from '../layout.ts';
import { facts } from '../order-facts.ts';
import { fingerprint, looks, REFUNDABLE, type ShownState } from '../order-state.ts';
import { goodsMarkup, stateText, withoutTitle } from '../order-view.ts';
import { partPaid } from '../payment-markup.ts';
import { clockTime } from '../time-text.ts';

export interface AppOrderView {
  readonly order: Order;
  readonly state: ShownState;
  readonly status: OrderStatusJson;
  readonly report: ReadableReport | undefined;
  readonly goods: DeliveredGoods | undefined;
  readonly gift: GivenGift | undefined;
  /** what it costs in Stars, where it can be paid with them now */
  readonly stars: Money | undefined;
  /** coins that can pay a part of it before */
  readonly coinPart: CoinPart | undefined;
  /** of a membership that is done: when it ends */
  readonly memberUntil: Date | undefined;
  readonly language: Language;
}

/** One of the user's own orders: where it stands, what was delivered, and how to have the money back. */
export function appOrderView(view: AppOrderView): Markup {
  const { order, state, status, report, goods, gift, stars, coinPart, memberUntil, language } = view;
  const t = textsIn(language);
  const headline = stateText(t, state, order, 'title');
  const main = stars ? t('app.buyFor', { price: moneyText(stars, language) }) : '';
  const pay = stars
    ? html`<button type="button" class="button" data-primary data-pay="${order.orderNo}" data-amount="${formatAmount(dueOf(order))}">${main}</button>`
    : '';
  return html`<div id="view" class="app" data-view="order" data-order-no="${order.orderNo}" data-state="${fingerprint(status)}" data-poll="${looks[state].poll ?? ''}" data-main="${main}"><p class="back"><a href="#home" data-back>${t('app.back')}</a></p>
<section class="card state-${looks[state].tone}" aria-labelledby="headline"><h1 id="headline" tabindex="-1">${headline}</h1>
<p>${localised(order.productNames, language)}</p>
<p>${stateText(t, state, order, 'text', { time: clockTime(order.expiresAt, language) })}</p>!${memberUntil ? html`<p>${t('app.active', { time: clockTime(memberUntil, language) })}</p>` : ''}!${stars ? partPaid({ order, language, t }) : ''}!${pay}!${coinPart ? coinPartMarkup(order, coinPart, language, t) : ''}
<details class="more"!${report || gift ? '' : html` open`}><summary>${t('order.facts')}</summary>!${facts({ order, language, own: true }, t)}</details></section>
!${goodsMarkup(goods, t)}!${giftOfOrderMarkup(gift, giftForm(order, t), language, t)}
!${report ? reportMarkup(report, order, t) : ''}
!${order.amount.minor > 0 && REFUNDABLE.includes(state) ? refundForm(order, t) : ''}</div>`;
}

function giftForm({ orderNo }: Order, t: Texts): Markup {
  return html`<form data-gift-link="${orderNo}"><button class="button quiet">${t('gift.newLink')}</button></form>`;
}

function coinPartMarkup({ orderNo }: Order, { coins, worth, due }: CoinPart, language: Language, t: Texts): Markup {
  const said = { worth: moneyText(worth, language), due: moneyText(due, language) };
  return html`<button type="button" class="button quiet" data-coins="${orderNo}">${t('pay.useCoins', { count: String(coins) })}</button>
<p class="small">${t('pay.useCoinsHint', said)}</p>`;
}

function reportMarkup(report: ReadableReport, { language }: Order, t: Texts): Markup {
  return html`<article class="report" lang="${language}" aria-labelledby="report-title"><h2 id="report-title" class="report-title">${report.title}</h2>
!${chartTable(report.chart, t)}<div class="prose">!${toSafeHtml(withoutTitle(report.markdown))}</div></article>`;
}

function refundForm(order: Order, t: Texts): Markup {
  return html`<details class="more"><summary>${t('refund.open')}</summary><form class="card stack" data-refund="${order.orderNo}">
<p class="small">${t('pay.rule', { rule: t(`refundRules.${fulfillerKey(order)}`) })}</p>
<label for="reason">${t('refund.reason')}</label><textarea id="reason" name="reason" rows="3" maxlength="500" required></textarea>
<button class="button quiet">${t('refund.send')}</button><p class="note" role="status" hidden
 data-requested="${t('refund.requested')}" data-with_operators="${t('refund.with_operators')}" data-already_requested="${t('refund.already_requested')}" data-nothing_to_refund="${t('refund.nothing_to_refund')}" data-coins_held="${t('refund.coins_held')}" data-part_offered="${t('refund.partOffered')}"></p>
<button type="button" class="button quiet" data-part hidden>${t('refund.takePart')}</button></form></details>`;
}
