import { type Attempt, attemptsOf, type Found, type OrderStatusJson, orderLink } from '@mingdan/operations';
import type { Language, Order } from '@mingdan/orders';
import type { ProviderName } from '@mingdan/payments';
import { providerCapabilities } from '@mingdan/payments/capabilities';
import { html } from 'ghtml';
import { toString as drawQr } from 'qrcode';
import type { HttpDeps } from '../../deps.ts';
import { localised } from '../../language.ts';
import { moneyText } from '../../money-text.ts';
import { statusOfOrder } from '../../status-of-order.ts';
import type { Texts } from '../../texts.ts';
import type { Markup } from '../layout.ts';
import { looks, REFUNDABLE, type ShownState, shownState } from '../order-state.ts';
import { clockTime } from '../time-text.ts';

/** An order of coins while it is paid, and what became of it. */
export interface PanelPart {
  readonly order: Order;
  readonly status: OrderStatusJson;
  readonly state: ShownState;
  readonly coins: number;
  /** the payment that was opened last and can still be used */
  readonly attempt: Attempt | undefined;
  /** SVG of its code */
  readonly qr: Markup | undefined;
  /** signed address of the order's own page, for ways to pay that want more than a link or a code */
  readonly orderPage: string;
  readonly trouble: string | undefined;
  readonly asked: Found | undefined;
  /** payments can be played here (development) */
  readonly playable: boolean;
}

export async function panelPart(
  deps: HttpDeps,
  order: Order,
  said: { coins: number; trouble: string | undefined; asked: Found | undefined },
): Promise<PanelPart> {
  const [{ status, refund, ...waits }, attempts] = await Promise.all([
    statusOfOrder(deps.db, order),
    attemptsOf(deps.db, order.id),
  ]);
  const now = deps.clock.now();
  const state = shownState(order, refund, now, waits);
  const attempt = attempts.findLast(
    (each) => each.status === 'open' && (each.shownUntil === null || each.shownUntil > now),
  );
  const qrCode = state === 'unpaid' ? attempt?.qrCode : null;
  const qr = qrCode ? await drawQr(qrCode, { type: 'svg', margin: 2, errorCorrectionLevel: 'M' }) : undefined;
  return {
    ...said,
    order,
    status,
    state,
    attempt,
    qr,
    orderPage: orderLink(deps.operations.settings, order.orderNo),
    playable: deps.settings.mock !== null,
  };
}

interface In {
  readonly language: Language;
  readonly t: Texts;
}

export function panelMarkup(part: PanelPart, { language, t }: In): Markup {
  const { order, state, coins } = part;
  const headline = panelTitle(part, t);
  const params = { time: clockTime(order.expiresAt, language), count: String(coins) };
  return html`<section class="card state-${looks[state].tone}" aria-labelledby="headline" id="payment">
<h2 id="headline" tabindex="-1">${headline}</h2>
<p>${panelText(state, params, t)}</p>
<dl class="facts"><div><dt>${t('coin.package')}</dt><dd>${t('coin.count', { count: String(coins) })}</dd></div>
<div><dt>${t('order.amount')}</dt><dd><strong>${amountText(part, { language, t })}</strong></dd></div>
<div><dt>${t('order.number')}</dt><dd><span class="number" translate="no">!${order.orderNo.replaceAll('_', '_<wbr>')}</span></dd></div></dl>
!${part.trouble === undefined ? '' : html`<p class="note trouble" role="alert">${troubleText(part, { language, t })}</p>`}
!${state === 'unpaid' ? payMarkup(part, { language, t }) : ''}
!${wayOn(part, { language, t })}
</section>`;
}

/** With what the chosen way asks for, where that is other money. */
function amountText({ order, attempt, state }: PanelPart, { language, t }: In): string {
  const price = moneyText(order.amount, language);
  const isOther = attempt !== undefined && attempt.amount.currency !== order.amount.currency;
  return isOther && state === 'unpaid' ? t('coin.asked', { price, asked: moneyText(attempt.amount, language) }) : price;
}

/** While a payment is open or looked at nobody is to begin another one beside it. */
export function isOpen({ state }: PanelPart): boolean {
  return OPEN.includes(state) || state === 'held';
}

const OPEN: readonly ShownState[] = ['unpaid', 'overdue', 'processing'];
const UNDER_WAY: readonly ShownState[] = ['paid', 'working', 'sending'];
/** Coins are in the account, whether or not the message about it arrived. */
const CREDITED: readonly ShownState[] = ['done', 'parked'];
const LOST: readonly ShownState[] = ['paymentFailed', 'cancelled', 'expired'];

/** Coins are neither written nor delivered: the same states in other words. */
export function panelTitle({ state }: PanelPart, t: Texts): string {
  if (UNDER_WAY.includes(state)) return t('coin.paid.title');
  return CREDITED.includes(state) ? t('coin.credited.title') : t(`state.${state}.title`);
}

function panelText(state: ShownState, params: Record<string, string>, t: Texts): string {
  if (UNDER_WAY.includes(state)) return t('coin.paid.text');
  return CREDITED.includes(state) ? t('coin.credited.text', params) : t(`state.${state}.text`, params);
}

function nameOf(provider: ProviderName | undefined, language: Language): string {
  return localised((provider && providerCapabilities.get(provider)?.names) ?? {}, language);
}

function troubleText({ attempt, trouble }: PanelPart, { language, t }: In): string {
  const name = nameOf(attempt?.provider, language) || t('coin.thisWay');
  return t(trouble === 'gateway_timeout' ? 'pay.failed' : 'pay.refused', { name });
}

/** What the chosen way wants: a page of its own, a code to scan, or the order's own page. */
function payMarkup(part: PanelPart, { language, t }: In): Markup {
  const { attempt, qr, orderPage, trouble } = part;
  const name = nameOf(attempt?.provider, language);
  // A code of a red packet is typed on the order's page: there the way is open already.
  const isCode = attempt?.provider === 'redpacket' && trouble === undefined;
  const address = `${orderPage}&lang=${language}${isCode ? '&via=redpacket' : ''}`;
  const elsewhere = html`<a class="button${isCode ? '' : ' quiet'}" href="${address}" target="_blank" rel="noopener noreferrer">${t(isCode ? 'coin.enterCode' : 'coin.otherWays')}</a>`;
  const play = part.playable && !isCode ? playMarkup(part, t) : '';
  if (trouble !== undefined || attempt === undefined) return elsewhere;
  if (qr !== undefined)
    return html`<figure class="qr"><figcaption>${t('pay.scan', { name })}</figcaption><div role="img" aria-label="${t('pay.scan', { name })}">!${qr}</div>
<p class="small">${t('pay.scanHint', { name })}</p></figure>!${play}`;
  const url = attempt.paymentUrl;
  // It came from a gateway's answer: nothing but a web address is followed.
  if (url === null || !/^https?:\/\//i.test(url)) return html`!${elsewhere}!${play}`;
  return html`<a class="button" href="${url}" target="_blank" rel="noopener noreferrer">${t('coin.goTo', { name })}</a>
<p class="small">${t('coin.stayHere')}</p>!${play}`;
}

/** Development only. Without scripts its buttons lead over the page of the mock payment. */
function playMarkup({ order }: PanelPart, t: Texts): Markup {
  return html`<dialog open class="sandbox" aria-labelledby="sandbox" data-play="${order.orderNo}"><h3 id="sandbox">${t('mock.title')}</h3>
<p class="small">${t('mock.text')}</p>
<form method="post" action="/payment/mock/${order.orderNo}"><button class="button" name="outcome" value="success">${t('coin.playSuccess')}</button>
<button class="button quiet" name="outcome" value="failure">${t('coin.playFailure')}</button></form>
<p class="error" role="alert" data-still="${t('coin.playStill')}" hidden></p></dialog>`;
}

/** Nobody is left standing: to the packages again, or to ask the gateway. */
function wayOn({ order, state, asked, orderPage }: PanelPart, { language, t }: In): Markup {
  const again = `/coin?${new URLSearchParams({ lang: language, package: order.productSlug })}#packages`;
  const check = `/coin?${new URLSearchParams({ lang: language, order: order.orderNo, back: '1' })}`;
  const said = asked === 'unreachable' || asked === 'mismatch' ? asked : 'nothing';
  const open = OPEN.includes(state);
  const answer =
    asked !== undefined && asked !== 'paid' && (open || LOST.includes(state))
      ? html`<p class="note" role="status">${t(`asked.${said}`)}</p>`
      : '';
  if (LOST.includes(state))
    return html`!${answer}<a class="button" href="${again}" data-load>${t('coin.again')}</a><p><a class="act" href="${check}" data-load>${t('pay.check')}</a></p>`;
  if (open) return html`!${answer}<p><a class="act" href="${check}" data-load>${t('pay.check')}</a></p>`;
  if (state === 'held') return '';
  const refund = REFUNDABLE.includes(state)
    ? html`<p><a class="act" href="${orderPage}&lang=${language}&ask=refund#refund">${t('refund.open')}</a></p>`
    : '';
  return html`<p><a class="act" href="${again}" data-load>${t('coin.more')}</a></p>!${refund}`;
}
