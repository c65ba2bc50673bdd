import type { Offer } from '@mingdan/operations';
import type { Language, Product, SiteSettings } from '@mingdan/orders';
import { providerCapabilities } from '@mingdan/payments/capabilities';
import { html } from 'ghtml';
import { isGivable } from '../../../gift-rules.ts';
import type { Site } from '../../../site.ts';
import { MOST_AT_ONCE } from '../../api/words.ts';
import { localised } from '../../language.ts';
import { moneyText } from '../../money-text.ts';
import { type Texts, textsIn } from '../../texts.ts';
import { birthFields } from '../birth-fields.ts';
import { choiceField, type Typed, textField, type Wrong, wrongAbove } from '../fields.ts';
import { layout, type Markup } from '../layout.ts';
import { payMark } from '../pay-mark.ts';
import { priceMarkup } from './list-view.ts';
import { isQuantity } from './order-form.ts';

export interface ProductView {
  readonly product: Product;
  readonly settings: SiteSettings;
  /** the ways to pay one of it */
  readonly offers: readonly Offer[];
  readonly language: Language;
  readonly site: Site;
  readonly typed: Typed;
  readonly wrong: Wrong;
  /** they are signed in: the prices are theirs, and they need no address */
  readonly isKnown: boolean;
  /** it was sold out when they ordered it: what they typed stays */
  readonly isJustSoldOut: boolean;
  /** the same form sent twice is one order */
  readonly token: string;
}

export function productView(view: ProductView): Markup {
  const { product, language, settings, wrong } = view;
  const t = textsIn(language);
  const name = localised(product.names, language);
  const body = html`<p class="back"><a href="/shop?${new URLSearchParams({ lang: language })}">${t('shop.back')}</a></p>
<h1>${name}</h1>
<p>${localised(product.descriptions, language)}</p>
!${wrongAbove(wrong, t('form.wrong'))}
!${view.isJustSoldOut ? justSoldOut(language, t) : ''}
!${closedText(view, t) === '' ? orderForm(view, name, t) : html`<p class="note trouble" role="status">${closedText(view, t)}</p><p class="price">!${priceMarkup(product, 1, settings, language, t)}</p>`}`;
  const address = (lang: Language) => `/shop/${product.slug}?${new URLSearchParams({ lang })}`;
  return layout({
    language,
    site: view.site,
    title: Object.keys(wrong).length > 0 ? `${t('form.wrong')} · ${name}` : name,
    body,
    languageLinks: { 'zh-CN': address('zh-CN'), 'zh-TW': address('zh-TW'), en: address('en') },
    script: 'shop.js',
    findable: true,
  });
}

/** Why nothing can be ordered; empty where it can. */
function closedText({ product, settings, offers, isJustSoldOut }: ProductView, t: Texts): string {
  if (settings.maintenance) return t('shop.maintenance');
  if (isJustSoldOut) return '';
  if (product.stock === 0) return t('shop.soldOutNow');
  return product.price.minor > 0 && offers.length === 0 ? t('shop.noWay') : '';
}

/** Said once, above a form that keeps what was typed. */
function justSoldOut(language: Language, t: Texts): Markup {
  return html`<div class="note trouble" role="alert" id="wrong" tabindex="-1"><strong>${t('shop.soldOutNow')}</strong>
<p>${t('shop.soldOutKept')} <a href="/shop?${new URLSearchParams({ lang: language })}">${t('order.toShop')}</a></p></div>`;
}

function orderForm(view: ProductView, name: string, t: Texts): Markup {
  const { product, language, settings, typed, wrong, offers, token, isKnown } = view;
  const quantity = quantityOf(view);
  const rate = product.price.currency === 'CNY' ? Math.round(settings.rates.usdt_to_cny_rate * 1_000_000) : '';
  return html`<form class="card form" method="post" action="/shop/${product.slug}?${new URLSearchParams({ lang: language })}" data-order-form data-unit-minor="${product.price.minor}" data-currency="${product.price.currency}" data-rate-micros="${rate}" data-email-wrong="${t('shop.emailWrong')}" data-coupon-wrong="${t('shop.couponNotValid')}" data-coupon-often="${t('shop.couponTooOften')}" data-slug="${product.slug}" data-free="${t('order.free')}" novalidate>
<input type="hidden" name="token" value="${token}">
!${giftField(view, t)}
!${product.input === 'birth' ? html`<div class="form-part not-for-gifts">!${birthFields(typed, wrong, t)}</div>` : ''}
!${product.kind === 'goods' ? quantityField(view, t) : ''}
!${isKnown ? html`<p class="note">${t('shop.known')}</p>` : textField({ name: 'email', label: t('shop.email'), hint: t('shop.emailHint'), attributes: html`type="email" required maxlength="254" autocomplete="email" inputmode="email"` }, typed, wrong)}
!${product.price.minor > 0 ? couponField(view, t) : ''}
!${product.price.minor > 0 ? payField(offers, view, t) : ''}
<section class="summary" aria-labelledby="summary"><h2 id="summary">${t('shop.summary')}</h2>
<dl class="facts"><div><dt>${t('order.product')}</dt><dd>${name}<span data-times>!${quantity > 1 ? html` × ${quantity}` : ''}</span></dd></div>
<div data-discount hidden><dt>${t('order.discount')}</dt><dd></dd></div>
<div><dt>${t('shop.total')}</dt><dd aria-live="polite">!${priceMarkup(product, quantity, settings, language, t)}</dd></div></dl></section>
<p class="note trouble" id="offline" role="alert" hidden>${t('shop.offline')}</p>
<button class="button">${t(orderText(view))}</button>
!${rulesMarkup(product, t)}
</form>`;
}

function orderText({ product, isJustSoldOut }: ProductView): 'shop.tryAgain' | 'shop.order' | 'shop.orderFree' {
  if (isJustSoldOut) return 'shop.tryAgain';
  return product.price.minor > 0 ? 'shop.order' : 'shop.orderFree';
}

/** For whom it is: a choice where it can be both. */
function giftField({ product, typed, wrong }: ProductView, t: Texts): Markup {
  if (product.kind === 'membership') return html`<p class="note">${t('shop.giftOnly')}</p>`;
  if (!isGivable(product)) return '';
  const choices = [
    { value: '0', label: t('shop.forMe') },
    { value: '1', label: t('shop.forOther') },
  ];
  const field = { name: 'gift', label: t('shop.forWhom'), choices };
  return html`<div>!${choiceField(field, { gift: '0', ...typed }, wrong)}<p class="small for-gifts">${t(product.input === 'birth' ? 'shop.giftHint' : 'shop.giftLink')}</p></div>`;
}

function rulesMarkup(product: Product, t: Texts): Markup {
  // What costs nothing is not paid, and nothing of it comes back.
  if (product.price.minor === 0) return html`<p class="small">${t('shop.afterFree')}</p>`;
  const rule = (key: 'gift' | Product['kind']) => t('pay.rule', { rule: t(`refundRules.${key}`) });
  if (product.kind === 'membership') return html`<p class="small">${t('shop.after')} ${rule('gift')}</p>`;
  const own = html`<p class="small not-for-gifts">${t('shop.after')} ${rule(product.kind)}</p>`;
  if (!isGivable(product)) return own;
  return html`!${own}<p class="small for-gifts">${t('shop.after')} ${rule('gift')}</p>`;
}

function quantityOf({ typed, product }: ProductView): number {
  const quantity = Number(typed.quantity);
  return product.kind === 'goods' && isQuantity(quantity) ? quantity : 1;
}

function quantityField({ product, typed, wrong }: ProductView, t: Texts): Markup {
  // Just sold out: what they chose is still a choice.
  const most = Math.min(MOST_AT_ONCE, product.stock || MOST_AT_ONCE);
  const choices = Array.from({ length: most }, (_, index) => ({ value: String(index + 1), label: String(index + 1) }));
  return html`!${choiceField({ name: 'quantity', label: t('shop.quantity'), choices }, typed, wrong)}!${
    product.stock !== null && product.stock > 0 && product.stock <= MOST_AT_ONCE
      ? html`<p class="small">${t('shop.onlyLeft', { count: String(product.stock) })}</p>`
      : ''
  }`;
}

/** Folded away: most buyers have none. */
function couponField({ typed, wrong }: ProductView, t: Texts): Markup {
  const open = typed.coupon || wrong.coupon !== undefined ? html` open` : '';
  return html`<details class="more"!${open}><summary>${t('shop.haveCoupon')}</summary>
!${textField({ name: 'coupon', label: t('shop.coupon'), hint: t('shop.couponHint'), attributes: html`maxlength="32" autocomplete="off" autocapitalize="characters" spellcheck="false"` }, typed, wrong)}</details>`;
}

function payField(offers: readonly Offer[], { product, language, typed, wrong }: ProductView, t: Texts): Markup {
  const choices = offers.map(({ provider, method, amount }) => {
    const foreign =
      amount !== null && amount.currency !== product.price.currency ? moneyText(amount, language) : undefined;
    const sameCurrency = method.currency === product.price.currency;
    const limits = sameCurrency ? html` data-min="${method.min}" data-max="${method.max ?? ''}"` : '';
    return {
      value: provider,
      mark: payMark(provider),
      label: localised(providerCapabilities.get(provider)?.names ?? {}, language),
      // Of more than one it is another amount: the order page says it then.
      ...(foreign === undefined || product.kind === 'goods' ? {} : { aside: foreign }),
      attributes: limits,
    };
  });
  const [first] = choices;
  const chosen = typed.pay === undefined && first ? { ...typed, pay: first.value } : typed;
  return choiceField({ name: 'pay', label: t('shop.pay'), choices, rows: true, required: true }, chosen, wrong);
}
