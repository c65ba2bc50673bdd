import { giftLink } from '@mingdan/fulfilment';
import type { Language, Product } from '@mingdan/orders';
import { html } from 'ghtml';
import type { Site } from '../../../site.ts';
import { localised } from '../../language.ts';
import { type Texts, textsIn } from '../../texts.ts';
import { birthFields } from '../birth-fields.ts';
import { type Typed, textField, type Wrong, wrongAbove } from '../fields.ts';
import { layout, type Markup } from '../layout.ts';

export interface OpenGift {
  readonly token: string;
  readonly site: Site;
  readonly product: Pick<Product, 'kind' | 'names' | 'descriptions' | 'input'>;
  readonly isSignedIn: boolean;
  readonly language: Language;
  readonly typed: Typed;
  readonly wrong: Wrong;
  /** the same form sent twice is one order */
  readonly formToken: string;
}

/** A gift that can be claimed: what it is, and the ways to it. */
export function openGiftView(view: OpenGift): Markup {
  const { product, wrong, language } = view;
  const t = textsIn(language);
  const body = html`<h1>${t('gift.title')}</h1>
<section class="card" aria-labelledby="what"><h2 id="what">${localised(product.names, language)}</h2>
<p>${localised(product.descriptions, language)}</p><p>${t('gift.paid')}</p><p class="small">${t('gift.once')}</p></section>
!${wrongAbove(wrong, t('form.wrong'))}
!${product.kind === 'membership' ? membershipWays(view, t) : reportWays(view, t)}`;
  return page(view, Object.keys(wrong).length > 0 ? `${t('form.wrong')} · ${t('gift.title')}` : t('gift.title'), body);
}

function membershipWays(view: OpenGift, t: Texts): Markup {
  if (!view.isSignedIn) return telegramWay(view, t('gift.telegramMember'), t);
  return html`<form class="card form" method="post" action="!${address(view.token, view.language)}"><button class="button">${t('gift.claimMember')}</button></form>`;
}

function reportWays(view: OpenGift, t: Texts): Markup {
  const { product, typed, wrong, formToken } = view;
  const email = {
    name: 'email',
    label: t('shop.email'),
    hint: t('shop.emailHint'),
    attributes: html`type="email" required maxlength="254" autocomplete="email" inputmode="email"`,
  };
  return html`!${telegramWay(view, t('gift.telegramReport'), t)}
<form class="card form" method="post" action="!${address(view.token, view.language)}" data-order-form data-unit-minor="0" data-email-wrong="${t('shop.emailWrong')}" novalidate>
<div><h2 class="form-title">${t('gift.here')}</h2><p class="small">${t(view.isSignedIn ? 'gift.hereSignedIn' : 'gift.hereText')}</p></div>
<input type="hidden" name="token" value="${formToken}">
!${product.input === 'birth' ? birthFields(typed, wrong, t) : ''}
!${view.isSignedIn ? '' : textField(email, typed, wrong)}
<p class="note trouble" id="offline" role="alert" hidden>${t('shop.offline')}</p>
<button class="button">${t('gift.claim')}</button></form>`;
}

/** The way into the chat; by hand where the name of the bot is not known just now. */
function telegramWay({ site: { bot }, token, product }: OpenGift, text: string, t: Texts): Markup {
  const quiet = product.kind === 'report' ? ' quiet' : '';
  const way =
    bot === undefined
      ? html`<p>${t('gift.telegramByHand')}</p><p class="codes"><code translate="no">/start gift_!${token}</code></p>`
      : html`<a class="button!${quiet}" href="${giftLink(bot.address, token)}" rel="nofollow noreferrer">${t('gift.telegram')}</a>`;
  return html`<section class="card" aria-labelledby="telegram"><h2 id="telegram">${t('gift.ways')}</h2>!${way}<p class="small">${text}</p></section>`;
}

/** A gift that cannot be claimed by who opens it, or is theirs by now: what is true of it, and where to go on. */
export interface EndedGift {
  readonly token: string;
  readonly site: Site;
  readonly language: Language;
  readonly state: 'unknown' | 'taken' | 'revoked' | 'own' | 'used' | 'member';
  /** of a membership that has begun */
  readonly until?: string;
  /** the reader's own order */
  readonly orderNo?: string;
}

export function endedGiftView(view: EndedGift): Markup {
  const { state, orderNo, language, until = '' } = view;
  const t = textsIn(language);
  const lang = new URLSearchParams({ lang: language });
  const title = t(`gift.${state}.title`);
  const tone = state === 'used' || state === 'member' ? 'done' : 'waiting';
  const order =
    orderNo === undefined ? '' : html`<a class="button" href="/order/!${orderNo}?${lang}">${t('gift.toOrder')}</a>`;
  const mayHaveLost = state === 'taken' || (state === 'own' && orderNo === undefined);
  const lost = mayHaveLost ? html`<a href="/shop/lost-link?${lang}">${t('lostLink.lost')}</a> · ` : '';
  return page(
    view,
    title,
    html`<section class="card state-!${tone}" aria-labelledby="headline"><h1 id="headline" tabindex="-1">${title}</h1>
<p>${t(`gift.${state}.text`, { until })}</p>!${order}<p>!${lost}<a href="/shop?${lang}">${t('gift.toShop')}</a></p></section>`,
  );
}

function page(
  { token, language, site }: Pick<EndedGift, 'token' | 'language' | 'site'>,
  title: string,
  body: Markup,
): Markup {
  const links = { 'zh-CN': address(token, 'zh-CN'), 'zh-TW': address(token, 'zh-TW'), en: address(token, 'en') };
  return layout({ language, site, title, body, languageLinks: links, script: 'shop.js' });
}

const address = (token: string, lang: Language): string =>
  `/gift/${encodeURIComponent(token)}?${new URLSearchParams({ lang })}`;
