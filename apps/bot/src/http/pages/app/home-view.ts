import type { Language, Membership, Order, Product, Subscription } from '@mingdan/orders';
import { html } from 'ghtml';
import { membershipJson } from '../../api/membership-json.ts';
import { localised } from '../../language.ts';
import { moneyText } from '../../money-text.ts';
import { type TextKey, type Texts, textsIn } from '../../texts.ts';
import type { Markup } from '../layout.ts';
import { clockTime } from '../time-text.ts';
import type { AppPrice } from './prices.ts';

export interface Sold {
  readonly product: Product;
  readonly price: AppPrice;
}

/** A page of the user's orders, the newest first. */
export interface OrderList {
  readonly shown: readonly { readonly order: Order; readonly title: string }[];
  /** number of the last one, where there are older ones */
  readonly next: string | undefined;
}

export interface HomeView {
  readonly language: Language;
  readonly membership: Membership;
  /** it pays itself again */
  readonly subscription: Subscription | undefined;
  readonly balance: number;
  readonly reports: readonly Sold[];
  readonly plans: readonly Sold[];
  readonly packages: readonly Sold[];
  readonly orders: OrderList;
  readonly maintenance: boolean;
}

export function homeView(view: HomeView): Markup {
  const { language, balance, maintenance } = view;
  const t = textsIn(language);
  return html`<div id="view" class="app" data-view="home"><h1 id="headline" tabindex="-1">${t('app.title')}</h1>
!${maintenance ? html`<p class="note trouble" role="status">${t('shop.maintenance')}</p>` : ''}
<section aria-labelledby="reports"><h2 id="reports">${t('app.reports')}</h2><ul class="products">!${view.reports.map((sold) => reportCard(sold, language, t))}</ul></section>
!${membershipCard(view, t)}
<section class="card" aria-labelledby="coins"><h2 id="coins">${t('coin.title')}</h2><p class="big" data-balance="${balance}">${t('coin.count', { count: String(balance) })}</p>
<ul class="rows">!${view.packages.map((sold) => buyRow(sold, language, t))}</ul></section>
<section class="card" aria-labelledby="orders"><h2 id="orders">${t('app.orders')}</h2>!${ordersMarkup(view.orders, language, t)}</section></div>`;
}

function reportCard({ product, price }: Sold, language: Language, t: Texts): Markup {
  return html`<li class="card product"><h3><a href="#report/${product.slug}" data-go="report/${product.slug}">${localised(product.names, language)}</a></h3>
<p>${localised(product.descriptions, language)}</p><p class="price"><strong>${priceText(price, language, t)}</strong></p></li>`;
}

/** In Telegram people pay in Stars: that is the price they read, where there is one. */
export function priceText({ price, stars }: AppPrice, language: Language, t: Texts): string {
  if (price.minor === 0) return t('order.free');
  return moneyText(stars ?? price, language);
}

function membershipCard({ membership, subscription, plans, language }: HomeView, t: Texts): Markup {
  const { status, features } = membershipJson(membership);
  const until = membership.expiresAt ? clockTime(membership.expiresAt, language) : '';
  const shown = status === 'active' ? features : membershipJson({ active: true, expiresAt: null }).features;
  return html`<section class="card" aria-labelledby="membership" data-membership="${status}"><h2 id="membership">${t('app.membership')}</h2>
<p>${status === 'active' ? t('app.active', { time: until }) : t('app.inactive')}</p>!${status === 'active' ? html`<p class="small">${t('app.extends')}</p>` : ''}
<ul class="features">!${shown.map((feature) => html`<li>${featureText(feature, t)}</li>`)}</ul>
!${subscription ? renewalMarkup(subscription, language, t) : ''}
<ul class="rows">!${plans.map((sold) => html`!${buyRow(sold, language, t, status === 'active' ? 'app.extendFor' : 'app.buyFor')}!${subscription ? '' : subscribeRow(sold, language, t)}`)}</ul>
!${!subscription && plans.some(({ price }) => price.subscription) ? html`<p class="small">${t('app.renewalNote')}</p>` : ''}
<p class="small">${t('pay.rule', { rule: t('refundRules.membership') })}</p></section>`;
}

function renewalMarkup({ renewsAt, amount }: Subscription, language: Language, t: Texts): Markup {
  return html`<p>${t('app.renews', { time: clockTime(renewsAt, language), price: moneyText(amount, language) })}</p>
<p><button type="button" class="button quiet" data-end-renewal>${t('app.endRenewal')}</button></p>`;
}

/** The same plan, taken again by Telegram every 30 days. */
function subscribeRow({ product, price }: Sold, language: Language, t: Texts): Markup {
  if (price.subscription === null) return '';
  const label = t('app.subscribe', { price: moneyText(price.subscription, language) });
  return html`<li><span>${t('app.renewal')}</span><button type="button" class="button quiet small-button" data-subscribe="${product.slug}" aria-label="${localised(product.names, language)} · ${label}">${label}</button></li>`;
}

const FEATURES: Readonly<Record<string, TextKey>> = {
  member_prices: 'app.features.member_prices',
  free_basic_report: 'app.features.free_basic_report',
  priority: 'app.features.priority',
};

function featureText(feature: string, t: Texts): string {
  const key = FEATURES[feature];
  return key === undefined ? feature : t(key);
}

/** What is bought with one press: nothing has to be asked for it. */
function buyRow(
  { product, price }: Sold,
  language: Language,
  t: Texts,
  says: 'app.buyFor' | 'app.extendFor' = 'app.buyFor',
): Markup {
  const text = localised(product.names, language);
  // A membership has a page of its own, for a coupon or to be given away.
  const name =
    product.kind === 'membership'
      ? html`<a href="#member/${product.slug}" data-go="member/${product.slug}">${text}</a>`
      : html`${text}`;
  if (price.stars === null)
    return html`<li><span>!${name}</span><span class="small">${moneyText(price.price, language)} · ${t('app.notForStars')}</span></li>`;
  const label = t(says, { price: moneyText(price.stars, language) });
  return html`<li><span>!${name}</span><button type="button" class="button small-button" data-buy="${product.slug}" aria-label="${text} · ${label}">${label}</button></li>`;
}

/** The orders that came before those of the first page. */
export function olderOrdersView(orders: OrderList, language: Language): Markup {
  const t = textsIn(language);
  return html`<div id="view" class="app" data-view="orders"><p class="back"><a href="#home" data-back>${t('app.back')}</a></p>
<section class="card" aria-labelledby="headline"><h1 id="headline" tabindex="-1">${t('app.olderOrders')}</h1>!${ordersMarkup(orders, language, t)}</section></div>`;
}

function ordersMarkup({ shown, next }: OrderList, language: Language, t: Texts): Markup {
  if (shown.length === 0) return html`<p class="small">${t('app.noOrders')}</p>`;
  const items = shown.map(
    ({ order, title }) =>
      html`<li><a class="way" href="#order/${order.orderNo}" data-go="order/${order.orderNo}"><span>${localised(order.productNames, language)}<br><span class="small">${title} · ${clockTime(order.createdAt, language)}</span></span></a></li>`,
  );
  const older =
    next === undefined
      ? ''
      : html`<p><a class="act" href="#orders/${next}" data-go="orders/${next}">${t('app.olderOrders')}</a></p>`;
  return html`<ul class="rows">!${items}</ul>!${older}`;
}
