import type { DeliveredGoods, Found } from '@mingdan/operations';
import type { Language, Order, RefundStatus } from '@mingdan/orders';
import { toSafeHtml } from '@mingdan/report';
import { html } from 'ghtml';
import type { Site } from '../../site.ts';
import type { ReadableReport } from '../deps.ts';
import { type Texts, textsIn } from '../texts.ts';
import { chartTable } from './chart.ts';
import { type GivenGift, giftOfOrderMarkup } from './gift-of-order.ts';
import { layout, type Markup } from './layout.ts';
import { facts, type ReceiptPart } from './order-facts.ts';
import { againMarkup, type ChangePart, changeMarkup } from './order-own.ts';
import type { PaymentPart } from './order-payment.ts';
import { type RefundPart, refundMarkup } from './order-refund.ts';
import { fingerprint, looks, type OrderStatusJson, type ShownState, shownState } from './order-state.ts';
import { ownFields, paymentMarkup } from './payment-markup.ts';
import { clockTime } from './time-text.ts';

export interface OrderView {
  readonly site: Site;
  readonly order: Order;
  readonly refund: RefundStatus | 'none';
  readonly status: OrderStatusJson;
  readonly language: Language;
  readonly now: Date;
  /** what the gateways said when they were asked a moment ago */
  readonly asked: Found | undefined;
  /** money came that does not fit it, and somebody decides about it */
  readonly held: boolean;
  /** the code of a red packet waits for a person */
  readonly codeWaits: boolean;
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
        readonly receipt: ReceiptPart;
        readonly refund: RefundPart;
        readonly change: ChangePart;
      }
    | undefined;
  readonly languageLinks: Record<Language, string>;
}

export function orderView(view: OrderView): Markup {
  const t = textsIn(view.language);
  const state = shownState(view.order, view.refund, view.now, view);
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
    site: view.site,
    title: headline,
    body,
    languageLinks: view.languageLinks,
    script: 'order.js',
    // Not under the hands of somebody who types.
    refreshWithoutScript: poll === null || hasForm(view) ? null : poll * 3,
  });
}

function hasForm({ own }: OrderView): boolean {
  return (
    own !== undefined && (own.refund.isAsked || own.change.asks !== undefined || own.payment?.chosen === 'redpacket')
  );
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
!${toCoins(view, t)}
!${againMarkup(order, state, view.own !== undefined, view.language, t)}
!${factsPart(view, t)}
</section>`;
}

/** Whoever bought coins came from there. */
function toCoins({ order, language }: OrderView, t: Texts): Markup {
  if (order.kind !== 'coins') return '';
  const query = new URLSearchParams({ lang: language, order: order.orderNo });
  return html`<p><a class="act" href="/coin?${query}">${t('coin.backToCentre')}</a></p>`;
}

function factsPart({ order, language, own }: OrderView, t: Texts): Markup {
  const shown = facts({ order, language, own, receipt: own?.receipt, hasReport: own?.report !== undefined }, t);
  return own?.report || own?.gift
    ? html`<details class="more"><summary>${t('order.facts')}</summary>!${shown}</details>`
    : shown;
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
<p><a class="act" href="/order/${order.orderNo}?${query}">${t('pay.check')}</a></p>`;
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
  // Only a chat can fail to be reached: whoever has this page alone, or an account that holds it already, has it all.
  const isHere = order.chatId === null || (!order.gift && (order.kind === 'coins' || order.kind === 'membership'));
  const shown = state === 'parked' && isHere ? 'done' : state;
  if (order.gift && (shown === 'working' || shown === 'sending' || shown === 'done' || shown === 'parked'))
    return t(`stateOfGift.${shown}.${part}`, params);
  if (state === 'failedFree' && order.claimsGift !== null && part === 'text') return t('gift.failed');
  if (order.kind !== 'report' && !order.gift) {
    const said = part === 'text' ? kindText(t, shown, order) : undefined;
    if (said !== undefined) return said;
    if (shown === 'working' || shown === 'sending' || shown === 'done' || shown === 'parked')
      return t(`stateOfGoods.${shown}.${part}`, params);
  }
  const said = order.chatId === null && part === 'text' ? WITHOUT_CHAT.find((each) => each === shown) : undefined;
  if (said === 'paid' && order.amount.minor === 0) return t('withoutChat.paidFree', params);
  if (said !== undefined) return t(`withoutChat.${said}`, params);
  if (shown === 'paid' && order.amount.minor === 0) return t(`state.paidFree.${part}`, params);
  return t(`state.${shown}.${part}`, params);
}

/** What is true of coins, memberships and goods alone; undefined where the words of all orders fit. */
function kindText(t: Texts, state: ShownState, { kind, chatId }: Order): string | undefined {
  if (state === 'failedFree') return t('stateOf.failedFree');
  if (state !== 'paid' && state !== 'working' && state !== 'sending' && state !== 'done') return undefined;
  if (kind === 'coins' || kind === 'membership') return t(`stateOf.${kind}.${state}`);
  if (chatId === null) return t(`stateOf.goodsByPage.${state}`);
  return state === 'paid' ? t('stateOf.goods.paid') : undefined;
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
    return html`!${ownForms(view, state, t)}<article class="report" lang="${view.order.language}" aria-labelledby="report-title">
<h2 id="report-title" class="report-title">${report.title}</h2>
!${chartTable(report.chart, t)}
<div class="prose">!${toSafeHtml(withoutTitle(report.markdown))}</div>
</article>`;
  }
  const forgotten = view.order.kind === 'report' && !view.order.gift && (state === 'done' || state === 'parked');
  return html`!${forgotten ? html`<p class="note">${t('order.noReport')}</p>` : ''}!${goodsMarkup(view.own?.goods, t)}!${giftPart(view, t)}!${ownForms(view, state, t)}`;
}

function giftPart({ own, order, language }: OrderView, t: Texts): Markup {
  if (!own?.gift) return '';
  const form = html`<form method="post" action="/order/${order.orderNo}/gift-link">!${ownFields({ token: own.token, language })}<button class="button quiet">${t('gift.newLink')}</button></form>`;
  return giftOfOrderMarkup(own.gift, form, language, t);
}

function ownForms({ order, own, language }: OrderView, state: ShownState, t: Texts): Markup {
  if (!own) return '';
  const at = { order, token: own.token, language, state, t };
  return html`!${changeMarkup(own.change, at)}!${refundMarkup(own.refund, at)}`;
}

/** The Markdown begins with the title, which the page has set above the chart already. */
export function withoutTitle(markdown: string): string {
  return markdown.replace(/^# .*\n+/, '');
}
