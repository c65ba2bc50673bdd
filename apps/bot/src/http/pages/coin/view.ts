import type { Offer } from '@mingdan/operations';
import type { CoinHistory, Language, Order, Product } from '@mingdan/orders';
import { providerCapabilities } from '@mingdan/payments/capabilities';
import { html } from 'ghtml';
import type { Site } from '../../../site.ts';
import { inDollars } from '../../api/prices.ts';
import { localised } from '../../language.ts';
import { moneyText } from '../../money-text.ts';
import { type Texts, textsIn } from '../../texts.ts';
import { choiceField, type Typed, type Wrong, wrongAbove } from '../fields.ts';
import { layout, type Markup } from '../layout.ts';
import { fingerprint, looks } from '../order-state.ts';
import { payMark } from '../pay-mark.ts';
import { signInMarkup } from '../sign-in.ts';
import { clockTime } from '../time-text.ts';
import { historyMarkup } from './history-view.ts';
import { isOpen, type PanelPart, panelMarkup, panelTitle } from './panel.ts';

export interface Account {
  readonly balance: number;
  /** whose it is */
  readonly name: string | undefined;
  readonly telegramId: number | null;
  /** by a cookie, which may be taken away; a Mini App has none */
  readonly canSignOut: boolean;
  readonly openOrders: readonly Order[];
  /** CNY for one USDT */
  readonly usdtRate: number;
  readonly history: CoinHistory;
  readonly packages: readonly Product[];
  readonly offers: readonly Offer[];
  readonly maintenance: boolean;
  readonly panel: PanelPart | undefined;
  readonly typed: Typed;
  readonly wrong: Wrong;
  readonly token: string;
}

/** What of the account is on the screen, as the address of the page says it. */
export interface Shown {
  /** order number of the panel */
  readonly order?: string;
  /** the history begins after this entry, and not at the newest */
  readonly before?: string;
}

export interface CoinView {
  /** undefined: nobody is signed in */
  readonly account: Account | undefined;
  readonly language: Language;
  readonly shown: Shown;
  readonly site: Site;
  /** they wanted to do something, and are signed in no more */
  readonly sessionOver?: boolean;
}

export function coinView({ account, language, shown, site, sessionOver = false }: CoinView): Markup {
  const t = textsIn(language);
  const panel = account?.panel;
  const headline = panel ? panelTitle(panel, t) : t('coin.title');
  const live = panel
    ? html` data-order-no="${panel.order.orderNo}" data-state="${fingerprint(panel.status)}" data-poll="${looks[panel.state].poll ?? ''}"`
    : '';
  const body = html`<p id="news" class="hidden" role="status"></p>
<p id="offline" class="offline" role="status" hidden>${t('page.offline')}</p>
<p id="tired" class="note" role="status" hidden>${t('coin.tired')}</p>
<h1>${t('coin.title')}</h1>
<div id="live" data-headline="${headline}"!${live}>!${account ? accountMarkup({ account, shown, language, site }, t) : signIn(site, sessionOver, t)}</div>`;
  const address = (lang: Language) => `/coin?${new URLSearchParams({ ...shown, lang })}`;
  const { poll } = panel ? looks[panel.state] : { poll: null };
  return layout({
    language,
    site,
    title: headline,
    body,
    languageLinks: { 'zh-CN': address('zh-CN'), 'zh-TW': address('zh-TW'), en: address('en') },
    script: 'coin.js',
    refreshWithoutScript: poll === null ? null : 10,
  });
}

function signIn(site: Site, sessionOver: boolean, t: Texts): Markup {
  return signInMarkup(site, t, {
    above: sessionOver ? html`<p class="note trouble" role="alert">${t('signIn.over')}</p>` : '',
    below: html`<p class="error" role="alert" hidden>${t('signIn.refused')}</p>`,
  });
}

function accountMarkup(
  view: Required<Pick<CoinView, 'shown' | 'language' | 'site'>> & { account: Account },
  t: Texts,
): Markup {
  const { account, shown, language } = view;
  const { panel, balance, wrong } = account;
  return html`!${panel ? panelMarkup(panel, { language, t }) : ''}
<section class="card balance" aria-labelledby="balance"><h2 id="balance">${t('coin.balance')}</h2><p class="big" data-balance="${balance}">${t('coin.count', { count: String(balance) })}</p>!${spending(view.site, language, t)}!${whose(account, language, t)}</section>
!${openOrders(account, language, t)}
!${wrongAbove(wrong, t('form.wrong'))}
!${folded(account, packagesForm(account, language, t), t)}
!${historyMarkup(account.history, shown, language, t)}`;
}

/** What they are good for: bought where the account is known. */
function spending({ bot }: Site, language: Language, t: Texts): Markup {
  const inChat = bot ? html` · <a href="${bot.address}">${t('coin.spendInChat', { name: bot.name })}</a>` : '';
  return html`<p class="small">${t('coin.whatFor')} <a href="/shop?${new URLSearchParams({ lang: language })}">${t('coin.spendInShop')}</a>!${inChat}</p>`;
}

function whose({ name, telegramId, canSignOut }: Account, language: Language, t: Texts): Markup {
  const who = name ?? (telegramId === null ? undefined : t('signIn.onTelegram', { id: String(telegramId) }));
  const said = who === undefined ? '' : html`<span>${t('signIn.as', { name: who })}</span>`;
  const out = canSignOut
    ? html`<form method="post" action="/logout?${new URLSearchParams({ lang: language })}"><button class="link">${t('signIn.out')}</button></form>`
    : '';
  return said === '' && out === '' ? '' : html`<div class="whose small">!${said}!${out}</div>`;
}

/** Orders of packages that still can be paid, beside the one that is shown. */
function openOrders({ openOrders: all, panel }: Account, language: Language, t: Texts): Markup {
  const others = all.filter(({ orderNo }) => orderNo !== panel?.order.orderNo);
  if (others.length === 0) return '';
  const items = others.map(({ orderNo, productNames, amount, expiresAt }) => {
    const until = t('coin.payBefore', { time: clockTime(expiresAt, language) });
    return html`<li><a class="way" href="/coin?${new URLSearchParams({ lang: language, order: orderNo })}" data-load><span>${localised(productNames, language)} · ${moneyText(amount, language)}<br><span class="small">${until}</span></span></a></li>`;
  });
  return html`<section class="card" aria-labelledby="open"><h2 id="open">${t('coin.openOrders')}</h2><ul class="rows">!${items}</ul></section>`;
}

/** Beside an open payment a second "pay" would be one too many. */
function folded({ panel, wrong }: Account, form: Markup, t: Texts): Markup {
  if (!panel || !isOpen(panel) || Object.keys(wrong).length > 0) return form;
  return html`<details class="other"><summary>${t('coin.other')}</summary>!${form}</details>`;
}

function packagesForm(account: Account, language: Language, t: Texts): Markup {
  const { packages, offers, maintenance, typed, wrong, token, usdtRate } = account;
  if (maintenance) return html`<p class="note trouble" role="status">${t('shop.maintenance')}</p>`;
  if (packages.length === 0) return html`<p class="note">${t('shop.empty')}</p>`;
  if (offers.length === 0) return html`<p class="note trouble" role="status">${t('shop.noWay')}</p>`;
  const takesUsdt = offers.some(({ provider }) => provider === 'oxapay');
  const priceText = (price: Product['price']) => {
    const dollars = takesUsdt && price.currency !== 'USDT' ? inDollars(price, usdtRate) : null;
    const said = moneyText(price, language);
    return dollars === null ? said : t('coin.worth', { price: said, dollars: dollars.toFixed(2) });
  };
  const choices = packages.map(({ slug, names, bonusCoins, price }) => ({
    value: slug,
    label: `${localised(names, language)}${bonusCoins > 0 ? ` · ${t('coin.bonus', { count: String(bonusCoins) })}` : ''}`,
    aside: priceText(price),
  }));
  const ways = offers.map(({ provider }) => ({
    value: provider,
    mark: payMark(provider),
    label: localised(providerCapabilities.get(provider)?.names ?? {}, language),
  }));
  const chosen = { package: packages[0]?.slug ?? '', pay: ways[0]?.value ?? '', ...typed };
  return html`<form class="card form" id="packages" method="post" action="/coin?${new URLSearchParams({ lang: language })}" data-send>
<input type="hidden" name="token" value="${token}">
!${choiceField({ name: 'package', label: t('coin.packages'), choices, rows: true, required: true }, chosen, wrong)}
!${choiceField({ name: 'pay', label: t('shop.pay'), choices: ways, rows: true, required: true }, chosen, wrong)}
<button class="button">${t('coin.buy')}</button>
<p class="small">${t('pay.rule', { rule: t('refundRules.coins') })}</p></form>`;
}
