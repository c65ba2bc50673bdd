import type { Language, Product } from '@mingdan/orders';
import { html } from 'ghtml';
import { localised } from '../../language.ts';
import { textsIn } from '../../texts.ts';
import { birthFields } from '../birth-fields.ts';
import type { Markup } from '../layout.ts';
import { moneyText } from '../money-text.ts';
import { priceText } from './home-view.ts';
import type { AppPrice } from './prices.ts';

/** The questions of a report, its chart, and the ways to pay it inside Telegram. */
export function appProductView(product: Product, price: AppPrice, balance: number, language: Language): Markup {
  const t = textsIn(language);
  const free = price.price.minor === 0;
  const main = free ? t('shop.orderFree') : t('app.buyFor', { price: priceText(price, language, t) });
  const starsButton = html`<button class="button" name="way" value="${free ? 'free' : 'stars'}" data-primary>${main}</button>`;
  const enough = price.coins !== null && balance >= price.coins.minor;
  const coinsButton =
    free || price.coins === null
      ? ''
      : html`<button class="button quiet" name="way" value="points"!${enough ? '' : html` disabled data-off`}>${t('app.payCoins', { price: moneyText(price.coins, language), balance: String(balance) })}</button>`;
  return html`<div id="view" class="app" data-view="report" data-main="${free || price.stars ? main : ''}"><p class="back"><a href="#home" data-back>${t('app.back')}</a></p>
<h1 id="headline" tabindex="-1">${localised(product.names, language)}</h1>
<p>${localised(product.descriptions, language)}</p>
<form class="card form" data-order="${product.slug}" novalidate>!${product.input === 'birth' ? birthFields({}, {}, t) : ''}
<p class="price"><strong>${priceText(price, language, t)}</strong></p>
!${free || price.stars ? starsButton : html`<p class="note">${t('app.notForStars')}</p>`}!${coinsButton}
<p class="small">${t('pay.rule', { rule: t(`refundRules.${product.kind}`) })}</p></form></div>`;
}
