import type { Money } from '@mingdan/kernel';
import type { Language, Product, SiteSettings } from '@mingdan/orders';
import { html } from 'ghtml';
import type { Site } from '../../../site.ts';
import { inDollars } from '../../api/prices.ts';
import { localised } from '../../language.ts';
import { moneyText } from '../../money-text.ts';
import { type Texts, textsIn } from '../../texts.ts';
import { layout, type Markup } from '../layout.ts';

interface ListView {
  readonly products: readonly Product[];
  readonly settings: SiteSettings;
  readonly language: Language;
  /** the prices are of who is signed in */
  readonly isKnown: boolean;
  /** what is for an account alone, and where it is to be had */
  readonly accountCards: readonly AccountCard[];
  readonly site: Site;
}

export interface AccountCard {
  readonly kind: 'coins' | 'membership';
  readonly from: Money;
  readonly address: string | undefined;
}

export function listView({ products, settings, language, isKnown, accountCards, site }: ListView): Markup {
  const t = textsIn(language);
  const cards = (shown: readonly Product[]) =>
    html`<ul class="products">!${shown.map((product) => card(product, settings, language, t))}</ul>`;
  const body = html`<h1>${t('shop.title')}</h1>
<p class="small">${t(isKnown ? 'shop.introKnown' : 'shop.intro')}</p>
!${settings.maintenance ? html`<p class="note trouble" role="status">${t('shop.maintenance')}</p>` : ''}
!${products.length === 0 ? html`<p>${t('shop.empty')}</p>` : cards(products.filter(isForOneself))}
!${products.every(isForOneself) ? '' : html`<h2>${t('shop.gifts')}</h2>!${cards(products.filter((product) => !isForOneself(product)))}`}
!${accountCards.length === 0 ? '' : html`<h2>${t('shop.forAccounts')}</h2><ul class="products">!${accountCards.map((each) => accountCard(each, language, t))}</ul>`}
<p class="small">!${isKnown ? html`<a class="act" href="/promote?${new URLSearchParams({ lang: language })}">${t('promote.title')}</a>` : html`<a class="act" href="/shop/lost-link?${new URLSearchParams({ lang: language })}">${t('lostLink.lost')}</a>`}</p>`;
  return layout({
    language,
    site,
    title: t('shop.title'),
    body,
    languageLinks: { 'zh-CN': '/shop?lang=zh-CN', 'zh-TW': '/shop?lang=zh-TW', en: '/shop?lang=en' },
    findable: true,
  });
}

/** A membership of one's own begins in an account. */
const isForOneself = ({ kind }: Product): boolean => kind !== 'membership';

function card(product: Product, settings: SiteSettings, language: Language, t: Texts): Markup {
  const { slug, names, descriptions, stock } = product;
  const name = localised(names, language);
  const address = `/shop/${slug}?${new URLSearchParams({ lang: language })}`;
  return html`<li class="card product" data-slug="${slug}"><h2><a href="${address}">${name}</a></h2>
<p>${localised(descriptions, language)}</p>
<p class="price">!${priceMarkup(product, 1, settings, language, t)}!${stock === 0 ? html` <span class="badge">${t('shop.soldOut')}</span>` : ''}</p></li>`;
}

/** Coins and memberships of one's own: where an account has them. */
function accountCard({ kind, from, address }: AccountCard, language: Language, t: Texts): Markup {
  const title = t(`shop.${kind}.title`);
  return html`<li class="card product" data-account="${kind}"><h2>!${address === undefined ? html`${title}` : html`<a href="${address}">${title}</a>`}</h2>
<p>${t(`shop.${kind}.text`)}</p>
<p class="price">${t('shop.from', { price: moneyText(from, language) })}</p></li>`;
}

/** A price in its own currency, and in USDT beside it. */
export function priceMarkup(
  { price }: Product,
  quantity: number,
  { rates }: SiteSettings,
  language: Language,
  t: Texts,
): Markup {
  const total = { ...price, minor: price.minor * quantity };
  if (total.minor === 0) return html`<strong data-total>${t('order.free')}</strong>`;
  const dollars = price.currency === 'USDT' ? null : inDollars(total, rates.usdt_to_cny_rate);
  const usdt = dollars === null ? '' : html` <span class="small" data-total-usdt>≈ ${dollars.toFixed(2)} USDT</span>`;
  return html`<strong data-total>${moneyText(total, language)}</strong>!${usdt}`;
}
