import { fulfillerKey } from '@mingdan/fulfilment';
import type { Money } from '@mingdan/kernel';
import type { DeliveredGoods, Found, RefundOutcome } from '@mingdan/operations';
import type { Language, Order, RefundStatus } from '@mingdan/orders';
import { providerNames } from '@mingdan/payments';
import { providerCapabilities } from '@mingdan/payments/capabilities';
import { toSafeHtml } from '@mingdan/report';
import { html } from 'ghtml';
import type { ReadableReport } from '../deps.ts';
import { localised } from '../language.ts';
import { type Texts, textsIn } from '../texts.ts';
import { chartTable } from './chart.ts';
import { type GivenGift, giftOfOrderMarkup } from './gift-of-order.ts';
import { layout, type Markup } from './layout.ts';
import { moneyText } from './money-text.ts';
import type { PaymentPart } from './order-payment.ts';
import { fingerprint, looks, type OrderStatusJson, REFUNDABLE, type ShownState, shownState } from './order-state.ts';
import { ownFields, paymentMarkup } from './payment-markup.ts';
import { clockTime } from './time-text.ts';

export interface OrderView {
  readonly order: Order;
  readonly refund: RefundStatus | 'none';
  readonly status: OrderStatusJson;
  readonly language: Language;
  readonly now: Date;
  /** what the gateways said when they were asked a moment ago */
  readonly asked: Found | undefined;
  /** money came that does not fit it, and somebody decides about it */
  readonly held: boolean;
  /** a token came along that opens nothing */
  readonly linkRefused: boolean;
  /** undefined: the page was asked for by its number alone */
  readonly own:
    | {
        readonly token: string;
        readonly report: ReadableReport | undefined;
        /** codes, or the note of who delivered */
        readonly goods: DeliveredGoods | undefined;
        /** what was bought for somebody else */
        readonly gift: GivenGift | undefined;
        readonly payment: PaymentPart | undefined;
        /** what became of the refund that was asked for a moment ago */
        readonly refundAnswer: RefundOutcome | undefined;
        /** they are about to ask for their money back */
        readonly asksForRefund: boolean;
      }
    | undefined;
  readonly languageLinks: Record<Language, string>;
}

export function orderView(view: OrderView): Markup {
  const t = textsIn(view.language);
  const state = shownState(view.order, view.refund, view.now, view.held);
  const { poll } = looks[state];
  const headline = stateText(t, state, view.order, 'title');
  const body = html`<p id="news" class="hidden" role="status"></p>
<p id="offline" class="offline" role="status" hidden>${t('page.offline')}</p>
<div id="order" data-order-no="${view.order.orderNo}" data-state="${fingerprint(view.status)}" data-poll="${poll ?? ''}" data-headline="${headline}">
!${stateCard(view, state, headline, t)}
!${view.own ? ownPart(view, state, t) : html`<p class="note">${linkText(view, t)}</p>`}
</div>`;
  return layout({
    language: view.language,
    title: headline,
    body,
    languageLinks: view.languageLinks,
    script: 'order.js',
    // Not under the hands of somebody who types.
    refreshWithoutScript: poll === null || hasForm(view) ? null : poll * 3,
  });
}

function hasForm({ own }: OrderView): boolean {
  return own !== undefined && (own.asksForRefund || own.payment?.chosen === 'redpacket');
}

function stateCard(view: OrderView, state: ShownState, headline: string, t: Texts): Markup {
  const { order } = view;
  const { tone, step } = looks[state];
  return html`<section class="card state-${tone}" aria-labelledby="headline">
<h1 id="headline" tabindex="-1">${headline}</h1>
<p>${stateText(t, state, order, 'text', { time: clockTime(order.expiresAt, view.language) })}</p>
!${step === null ? '' : steps(step, order, t)}
!${view.own?.payment && !view.held ? paymentMarkup(view.own.payment, { order, token: view.own.token, language: view.language, t }) : ''}
!${askAgain(view, state, t)}
!${view.own?.report || view.own?.gift ? html`<details class="more"><summary>${t('order.facts')}</summary>!${facts(view, t)}</details>` : facts(view, t)}
</section>`;
}

/** States in which a payment may be there that nobody has told us of yet. */
const ASKABLE: readonly ShownState[] = ['unpaid', 'processing', 'overdue', 'paymentFailed', 'cancelled', 'expired'];

/** What the gateways said just now, and the link that asks them again. */
function askAgain({ order, own, asked, language }: OrderView, state: ShownState, t: Texts): Markup {
  // A code of a red packet is with people: there is nobody to ask.
  if (!ASKABLE.includes(state) || own?.payment?.redPacket?.state === 'waiting') return '';
  const known = asked === 'unreachable' || asked === 'mismatch' ? asked : 'nothing';
  const quiet = asked === undefined || asked === 'paid' || asked === 'processing';
  const query = new URLSearchParams({ ...(own ? { t: own.token } : {}), lang: language, back: '1' });
  return html`!${quiet ? '' : html`<p class="note" role="status">${t(`asked.${known}`)}</p>`}
<p><a href="/order/${order.orderNo}?${query}">${t('pay.check')}</a></p>`;
}

function linkText({ order, linkRefused }: OrderView, t: Texts): string {
  const key = linkRefused ? 'linkRefused' : 'linkNeeded';
  return t(order.chatId === null ? `withoutChat.${key}` : `order.${key}`);
}

/** What is said to buyers with a chat names it; buyers of the shop have this page alone. */
const WITHOUT_CHAT = ['paid', 'working', 'sending', 'done', 'parked', 'refundByHand', 'failedUnrefunded'] as const;

/** Reports are written, everything else is made ready: the same states in other words. */
export function stateText(
  t: Texts,
  state: ShownState,
  order: Order,
  part: 'title' | 'text',
  params: Record<string, string> = {},
): string {
  if (state === 'working' || state === 'sending' || state === 'done' || state === 'parked') {
    if (order.gift) return t(`stateOfGift.${state}.${part}`, params);
    if (order.kind !== 'report') return t(`stateOfGoods.${state}.${part}`, params);
  }
  if (state === 'failedFree' && order.claimsGift !== null && part === 'text') return t('gift.failed');
  const said = order.chatId === null && part === 'text' ? WITHOUT_CHAT.find((each) => each === state) : undefined;
  if (said === 'paid' && order.amount.minor === 0) return t('withoutChat.paidFree', params);
  if (said !== undefined) return t(`withoutChat.${said}`, params);
  if (state === 'paid' && order.amount.minor === 0) return t(`state.paidFree.${part}`, params);
  return t(`state.${state}.${part}`, params);
}

function steps(present: number, order: Order, t: Texts): Markup {
  const names = [
    t('steps.ordered'),
    t(order.amount.minor === 0 ? 'steps.free' : 'steps.paid'),
    t(order.kind === 'report' && !order.gift ? 'steps.written' : 'steps.made'),
    t('steps.delivered'),
  ];
  const items = names.map((name, index) => {
    const current = index === present ? html` aria-current="step"` : '';
    return html`<li class="${index < present ? 'past' : 'ahead'}"!${current}>${name}</li>`;
  });
  return html`<ol class="steps" aria-label="${t('steps.label')}">!${items}</ol>`;
}

export function facts(view: Pick<OrderView, 'order' | 'language'> & { readonly own?: unknown }, t: Texts): Markup {
  const { order, language } = view;
  const fact = (name: string, value: Markup) => html`<div><dt>${name}</dt><dd>!${value}</dd></div>`;
  const time = (at: Date) => html`<time datetime="!${at.toISOString()}">${clockTime(at, language)}</time>`;
  return html`<dl class="facts">
!${view.own ? fact(t('order.product'), html`${localised(order.productNames, language)}!${order.quantity > 1 ? html` × ${order.quantity}` : ''}`) : ''}
!${fact(t('order.amount'), html`<strong>${money(order.amount, language, t)}</strong>`)}
!${fact(t('order.number'), html`<span class="number" translate="no">!${order.orderNo.replaceAll('_', '_<wbr>')}</span>`)}
!${fact(t('order.created'), time(order.createdAt))}
!${order.paidAt && order.amount.minor > 0 ? fact(t('order.paid'), time(order.paidAt)) : ''}
!${order.completedAt ? fact(t('order.completed'), time(order.completedAt)) : ''}
!${view.own && order.discountMinor > 0 ? fact(t('order.discount'), html`−${moneyText({ ...order.amount, minor: order.discountMinor }, language)}`) : ''}
!${view.own && order.paidWith ? fact(t('order.paidWith'), paidWith(order, language)) : ''}
</dl>
!${view.own && order.paidWith ? html`<p class="small"><button type="button" class="link" data-print hidden>${t('order.print')}</button></p>` : ''}
<p class="small">${t('order.timeZone')}</p>`;
}

/** By which way, and how much where that was other money than the price. */
function paidWith({ provider, paidWith: paid, amount, coinsUsed }: Order, language: Language): Markup {
  const known = providerNames.find((name) => name === provider);
  const name = localised((known && providerCapabilities.get(known)?.names) ?? {}, language);
  const isOther = paid !== null && (paid.currency !== amount.currency || coinsUsed > 0);
  const other = isOther ? moneyText(paid, language) : '';
  const coins = coinsUsed > 0 ? moneyText({ minor: coinsUsed, currency: 'COIN' }, language) : '';
  return html`${[name, other, coins].filter((part) => part !== '').join(' · ')}`;
}

/** Codes are shown to whoever holds the link, and are never sold again from then on. */
export function goodsMarkup(goods: DeliveredGoods | undefined, t: Texts): Markup {
  if (!goods) return '';
  const codes = goods.codes.map((code) => html`<li><code translate="no">${code}</code></li>`);
  return html`<section class="card goods" aria-labelledby="goods"><h2 id="goods">${t('goods.title')}</h2>
!${codes.length === 0 ? '' : html`<p class="small">${t('goods.codes')}</p><ul class="codes">!${codes}</ul>`}
!${goods.note === null ? '' : html`<p class="note">${goods.note}</p>`}</section>`;
}

function ownPart(view: OrderView, state: ShownState, t: Texts): Markup {
  const { report } = view.own ?? {};
  if (report) {
    return html`!${refundForm(view, state, t)}<article class="report" lang="${view.order.language}" aria-labelledby="report-title">
<h2 id="report-title" class="report-title">${report.title}</h2>
!${chartTable(report.chart, t)}
<div class="prose">!${toSafeHtml(withoutTitle(report.markdown))}</div>
</article>`;
  }
  const forgotten = view.order.kind === 'report' && !view.order.gift && (state === 'done' || state === 'parked');
  return html`!${forgotten ? html`<p class="note">${t('order.noReport')}</p>` : ''}!${goodsMarkup(view.own?.goods, t)}!${giftPart(view, t)}!${refundForm(view, state, t)}`;
}

function giftPart({ own, order, language }: OrderView, t: Texts): Markup {
  if (!own?.gift) return '';
  const form = html`<form method="post" action="/order/${order.orderNo}/gift-link">!${ownFields({ token: own.token, language })}<button class="button quiet">${t('gift.newLink')}</button></form>`;
  return giftOfOrderMarkup(own.gift, form, language, t);
}

/** A link first: a form that is always there would be emptied by every change of the order. */
function refundForm({ order, own, language }: OrderView, state: ShownState, t: Texts): Markup {
  const answer = own?.refundAnswer ? html`<p class="note" role="status">${t(`refund.${own.refundAnswer}`)}</p>` : '';
  if (!own || order.amount.minor === 0 || !REFUNDABLE.includes(state)) return answer;
  if (!own.asksForRefund) {
    const query = new URLSearchParams({ t: own.token, lang: language, ask: 'refund' });
    return html`!${answer}<p class="small"><a href="/order/${order.orderNo}?${query}#refund">${t('refund.open')}</a></p>`;
  }
  return html`!${answer}<section class="card ask" id="refund" aria-labelledby="refund-title">
<h2 id="refund-title">${t('refund.open')}</h2>
<p class="small">${t('pay.rule', { rule: t(`refundRules.${fulfillerKey(order)}`) })}</p>
<form class="stack" method="post" action="/order/${order.orderNo}/refund">!${ownFields({ token: own.token, language })}
<label for="reason">${t('refund.reason')}</label>
<textarea id="reason" name="reason" rows="3" maxlength="500" required></textarea>
<button class="button quiet">${t('refund.send')}</button>
</form></section>`;
}

/** The Markdown begins with the title, which the page has set above the chart already. */
export function withoutTitle(markdown: string): string {
  return markdown.replace(/^# .*\n+/, '');
}

function money(amount: Money, language: Language, t: Texts): string {
  return amount.minor === 0 ? t('order.free') : moneyText(amount, language);
}
