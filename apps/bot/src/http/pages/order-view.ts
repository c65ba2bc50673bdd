import { formatAmount, type Money } from '@mingdan/kernel';
import type { Language, Order, RefundStatus } from '@mingdan/orders';
import { toSafeHtml } from '@mingdan/report';
import { html } from 'ghtml';
import type { ReadableReport } from '../deps.ts';
import { localised } from '../language.ts';
import { type Texts, textsIn } from '../texts.ts';
import { chartTable } from './chart.ts';
import { layout, type Markup } from './layout.ts';
import { fingerprint, looks, type OrderStatusJson, type ShownState, shownState } from './order-state.ts';

export interface OrderView {
  readonly order: Order;
  readonly refund: RefundStatus | 'none';
  readonly status: OrderStatusJson;
  readonly language: Language;
  readonly now: Date;
  /** a token came along that opens nothing */
  readonly linkRefused: boolean;
  /** undefined: the page was asked for by its number alone */
  readonly own: { readonly report: ReadableReport | undefined; readonly paymentUrl: string | undefined } | undefined;
  readonly languageLinks: Record<Language, string>;
}

export function orderView(view: OrderView): Markup {
  const t = textsIn(view.language);
  const state = shownState(view.order, view.refund, view.now);
  const { poll } = looks[state];
  const headline = stateText(t, state, view.order, 'title');
  const body = html`<p id="news" class="hidden" role="status"></p>
<p id="offline" class="offline" role="status" hidden>${t('page.offline')}</p>
<div id="order" data-order-no="${view.order.orderNo}" data-state="${fingerprint(view.status)}" data-poll="${poll ?? ''}" data-headline="${headline}">
!${stateCard(view, state, headline, t)}
!${view.own ? ownPart(view, state, t) : html`<p class="note">${t(view.linkRefused ? 'order.linkRefused' : 'order.linkNeeded')}</p>`}
</div>`;
  return layout({
    language: view.language,
    title: headline,
    body,
    languageLinks: view.languageLinks,
    script: 'order.js',
    refreshWithoutScript: poll === null ? null : poll * 3,
  });
}

function stateCard(view: OrderView, state: ShownState, headline: string, t: Texts): Markup {
  const { order } = view;
  const { tone, step } = looks[state];
  return html`<section class="card state-${tone}" aria-labelledby="headline">
<h1 id="headline" tabindex="-1">${headline}</h1>
<p>${stateText(t, state, order, 'text', { time: clockTime(order.expiresAt, view.language) })}</p>
!${step === null ? '' : steps(step, order, t)}
!${view.own?.paymentUrl && state === 'unpaid' ? html`<p><a class="button" href="${view.own.paymentUrl}" rel="noreferrer">${t('order.pay', { amount: money(order.amount, view.language, t) })}</a></p>` : ''}
!${view.own?.report ? html`<details class="more"><summary>${t('order.facts')}</summary>!${facts(view, t)}</details>` : facts(view, t)}
</section>`;
}

/** Reports are written, everything else is made ready: the same states in other words. */
function stateText(
  t: Texts,
  state: ShownState,
  order: Order,
  part: 'title' | 'text',
  params: Record<string, string> = {},
): string {
  if (
    order.kind !== 'report' &&
    (state === 'working' || state === 'sending' || state === 'done' || state === 'parked')
  ) {
    return t(`stateOfGoods.${state}.${part}`, params);
  }
  if (state === 'paid' && order.amount.minor === 0) return t(`state.paidFree.${part}`, params);
  return t(`state.${state}.${part}`, params);
}

function steps(present: number, order: Order, t: Texts): Markup {
  const names = [
    t('steps.ordered'),
    t(order.amount.minor === 0 ? 'steps.free' : 'steps.paid'),
    t(order.kind === 'report' ? 'steps.written' : 'steps.made'),
    t('steps.delivered'),
  ];
  const items = names.map((name, index) => {
    const current = index === present ? html` aria-current="step"` : '';
    return html`<li class="${index < present ? 'past' : 'ahead'}"!${current}>${name}</li>`;
  });
  return html`<ol class="steps" aria-label="${t('steps.label')}">!${items}</ol>`;
}

function facts(view: OrderView, t: Texts): Markup {
  const { order, language } = view;
  const fact = (name: string, value: Markup) => html`<div><dt>${name}</dt><dd>!${value}</dd></div>`;
  const time = (at: Date) => html`<time datetime="!${at.toISOString()}">${clockTime(at, language)}</time>`;
  return html`<dl class="facts">
!${view.own ? fact(t('order.product'), html`${localised(order.productNames, language)}!${order.quantity > 1 ? html` × ${order.quantity}` : ''}`) : ''}
!${fact(t('order.amount'), html`<strong>${money(order.amount, language, t)}</strong>`)}
!${fact(t('order.number'), html`<span class="number" translate="no">${order.orderNo}</span>`)}
!${fact(t('order.created'), time(order.createdAt))}
!${order.paidAt && order.amount.minor > 0 ? fact(t('order.paid'), time(order.paidAt)) : ''}
!${order.completedAt ? fact(t('order.completed'), time(order.completedAt)) : ''}
</dl>
<p class="small">${t('order.timeZone')}</p>`;
}

function ownPart(view: OrderView, state: ShownState, t: Texts): Markup {
  const { report } = view.own ?? {};
  if (report) {
    return html`<article class="report" lang="${view.order.language}" aria-labelledby="report-title">
<h2 id="report-title" class="report-title">${report.title}</h2>
!${chartTable(report.chart, t)}
<div class="prose">!${toSafeHtml(withoutTitle(report.markdown))}</div>
</article>`;
  }
  const forgotten = view.order.kind === 'report' && (state === 'done' || state === 'parked');
  return forgotten ? html`<p class="note">${t('order.noReport')}</p>` : '';
}

/** The Markdown begins with the title, which the page has set above the chart already. */
function withoutTitle(markdown: string): string {
  return markdown.replace(/^# .*\n+/, '');
}

/** Names of these currencies are no ISO codes, so Intl has no way to write them. */
function money(amount: Money, language: Language, t: Texts): string {
  if (amount.minor === 0) return t('order.free');
  if (amount.currency === 'USDT' || amount.currency === 'XTR') return `${formatAmount(amount)} ${amount.currency}`;
  return new Intl.NumberFormat(language, { style: 'currency', currency: amount.currency }).format(
    Number(formatAmount(amount)),
  );
}

function clockTime(at: Date, language: Language): string {
  return new Intl.DateTimeFormat(language, {
    timeZone: 'Asia/Shanghai',
    dateStyle: 'medium',
    timeStyle: 'short',
    hourCycle: 'h23',
  }).format(at);
}
