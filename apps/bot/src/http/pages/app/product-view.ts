import type { Language, Product } from '@mingdan/orders';
import { html } from 'ghtml';
import { isGivable } from '../../../gift-rules.ts';
import { localised } from '../../language.ts';
import { moneyText } from '../../money-text.ts';
import { type Texts, textsIn } from '../../texts.ts';
import { birthFields } from '../birth-fields.ts';
import { textField } from '../fields.ts';
import type { Markup } from '../layout.ts';
import { priceText } from './home-view.ts';
import type { AppPrice } from './prices.ts';

/** The questions of a report or a membership, its chart, and the ways to pay it inside Telegram. */
export function appProductView(product: Product, price: AppPrice, balance: number, language: Language): Markup {
  const t = textsIn(language);
  return html`<div id="view" class="app" data-view="report" data-main="${mainText(price, language, t)}"><p class="back"><a href="#home" data-back>${t('app.back')}</a></p>
<h1 id="headline" tabindex="-1">${localised(product.names, language)}</h1>
<p>${localised(product.descriptions, language)}</p>
<form class="card form" data-order="${product.slug}" novalidate>!${giftTick(product, t)}
!${product.input === 'birth' ? html`<div class="form-part not-for-gifts">!${birthFields({}, {}, t)}</div>` : ''}
!${product.price.minor > 0 ? couponField(t) : ''}
!${appPriceView(product, price, { balance, language, gift: false })}</form></div>`;
}

/** What it costs, and the buttons that pay it: drawn anew when a coupon or "as a gift" changes the price. */
export function appPriceView(
  product: Product,
  price: AppPrice,
  { balance, language, gift }: { balance: number; language: Language; gift: boolean },
): Markup {
  const t = textsIn(language);
  const main = mainText(price, language, t);
  const free = price.price.minor === 0;
  const before =
    price.discount > 0
      ? html` <span class="small">${t('app.priceBefore', { price: moneyText(beforeCoupon(price), language) })}</span>`
      : '';
  const shown =
    free || price.stars === null || price.discount === 0
      ? ''
      : html` <span class="small">${moneyText(price.price, language)}</span>`;
  return html`<div class="form-part" data-price-part data-main="${main}"><p class="price" role="status"><strong>${priceText(price, language, t)}</strong>!${shown}!${before}</p>
!${main === '' ? html`<p class="note">${t('app.notForStars')}</p>` : html`<button class="button" name="way" value="${free ? 'free' : 'stars'}" data-primary>${main}</button>`}!${coinsButton(price, balance, language, t)}
<p class="small">${t('pay.rule', { rule: t(`refundRules.${gift ? 'gift' : product.kind}`) })}</p></div>`;
}

/** Of the button that matters; empty where there is none. */
function mainText(price: AppPrice, language: Language, t: Texts): string {
  if (price.price.minor === 0) return t('shop.orderFree');
  return price.stars ? t('app.buyFor', { price: priceText(price, language, t) }) : '';
}

const beforeCoupon = ({ price, discount }: AppPrice) => ({ ...price, minor: price.minor + discount });

function coinsButton({ price, coins }: AppPrice, balance: number, language: Language, t: Texts): Markup {
  if (price.minor === 0 || coins === null) return '';
  const off = balance >= coins.minor ? '' : html` disabled data-off`;
  return html`<button class="button quiet" name="way" value="points"!${off}>${t('app.payCoins', { price: moneyText(coins, language), balance: String(balance) })}</button>`;
}

function giftTick(product: Product, t: Texts): Markup {
  if (!isGivable(product)) return '';
  return html`<div><label class="tick first" for="gift"><input type="checkbox" id="gift" name="gift" value="1"> <span>${t('app.asGift')}</span></label><p class="small for-gifts">${t(product.input === 'birth' ? 'shop.giftHint' : 'shop.giftLink')}</p></div>`;
}

/** Folded away: most buyers have none. */
function couponField(t: Texts): Markup {
  const attributes = html`maxlength="32" autocomplete="off" autocapitalize="characters" spellcheck="false" enterkeyhint="done"`;
  return html`<details class="more"><summary>${t('shop.haveCoupon')}</summary>
!${textField({ name: 'coupon', label: t('shop.coupon'), attributes }, {}, {})}
<button type="button" class="button quiet" data-use-coupon>${t('app.useCoupon')}</button></details>`;
}
