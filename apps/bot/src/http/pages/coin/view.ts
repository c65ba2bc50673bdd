import type { Offer } from '@mingdan/operations';
import type { CoinHistory, Language, Product } from '@mingdan/orders';
import { providerCapabilities } from '@mingdan/payments/capabilities';
import { html } from 'ghtml';
import { localised } from '../../language.ts';
import { type Texts, textsIn } from '../../texts.ts';
import { choiceField, type Typed, type Wrong, wrongAbove } from '../fields.ts';
import { layout, type Markup } from '../layout.ts';
import { moneyText } from '../money-text.ts';
import { fingerprint, looks } from '../order-state.ts';
import { historyMarkup } from './history-view.ts';
import { type PanelPart, panelMarkup, panelTitle } from './panel.ts';

export interface Account {
  readonly balance: number;
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

/** @param account undefined: nobody is signed in */
export function coinView(account: Account | undefined, language: Language, shown: Shown): Markup {
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
<div id="live" data-headline="${headline}"!${live}>!${account ? accountMarkup(account, shown, language, t) : signIn(t)}</div>`;
  const address = (lang: Language) => `/coin?${new URLSearchParams({ ...shown, lang })}`;
  const { poll } = panel ? looks[panel.state] : { poll: null };
  return layout({
    language,
    title: headline,
    body,
    languageLinks: { 'zh-CN': address('zh-CN'), 'zh-TW': address('zh-TW'), en: address('en') },
    script: 'coin.js',
    refreshWithoutScript: poll === null ? null : 10,
  });
}

function signIn(t: Texts): Markup {
  return html`<section class="card state-waiting" data-sign-in aria-labelledby="headline"><h2 id="headline" tabindex="-1">${t('signIn.title')}</h2>
<p>${t('signIn.text')}</p><ol><li>${t('signIn.first')}</li><li>${t('signIn.second')}</li></ol>
<p class="error" role="alert" hidden>${t('signIn.refused')}</p></section>`;
}

function accountMarkup(account: Account, shown: Shown, language: Language, t: Texts): Markup {
  const { panel, balance, wrong } = account;
  return html`!${panel ? panelMarkup(panel, { language, t }) : ''}
<section class="card balance" aria-labelledby="balance"><h2 id="balance">${t('coin.balance')}</h2><p class="big" data-balance="${balance}">${t('coin.count', { count: String(balance) })}</p></section>
!${wrongAbove(wrong, t('form.wrong'))}
!${packagesForm(account, language, t)}
!${historyMarkup(account.history, shown, language, t)}`;
}

function packagesForm(account: Account, language: Language, t: Texts): Markup {
  const { packages, offers, maintenance, typed, wrong, token } = account;
  if (maintenance) return html`<p class="note trouble" role="status">${t('shop.maintenance')}</p>`;
  if (packages.length === 0) return html`<p class="note">${t('shop.empty')}</p>`;
  if (offers.length === 0) return html`<p class="note trouble" role="status">${t('shop.noWay')}</p>`;
  const choices = packages.map(({ slug, names, bonusCoins, price }) => ({
    value: slug,
    label: `${localised(names, language)}${bonusCoins > 0 ? ` · ${t('coin.bonus', { count: String(bonusCoins) })}` : ''}`,
    aside: moneyText(price, language),
  }));
  const ways = offers.map(({ provider }) => ({
    value: provider,
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
