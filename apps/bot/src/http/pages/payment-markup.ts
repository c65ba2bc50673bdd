import { fulfillerKey } from '@mingdan/fulfilment';
import type { Offer } from '@mingdan/operations';
import { dueOf, type Language, type Order } from '@mingdan/orders';
import type { ProviderName } from '@mingdan/payments';
import { providerCapabilities } from '@mingdan/payments/capabilities';
import { html } from 'ghtml';
import { localised } from '../language.ts';
import { moneyText } from '../money-text.ts';
import type { TextKey, Texts } from '../texts.ts';
import type { Markup } from './layout.ts';
import { type PaymentPart, paysAtOnce } from './order-payment.ts';
import { payMark } from './pay-mark.ts';

interface At {
  readonly order: Order;
  readonly token: string;
  readonly language: Language;
  readonly t: Texts;
}

/** The choice of ways to pay, what the chosen one wants next, and what did not work. */
export function paymentMarkup(part: PaymentPart, at: At): Markup {
  const { t, order } = at;
  if (part.redPacket?.state === 'waiting')
    return html`!${troubleMarkup(part, at)}!${waitingCode(part.redPacket.claimed, part, at)}`;
  if (part.offers.length === 0) return html`<p class="note" role="status">${t('pay.none')}</p>`;
  const shown = chosenMarkup(part, at);
  return html`!${troubleMarkup(part, at)}!${partPaid(at)}!${shown}!${ways(part, at, shown !== '')}!${coinPartMarkup(part, at)}
<p class="small">${t('pay.rule', { rule: t(`refundRules.${fulfillerKey(order)}`) })}</p>`;
}

/** Coins that were taken already, and what they leave to pay. */
export function partPaid({ order, language, t }: Pick<At, 'order' | 'language' | 't'>): Markup {
  if (order.coinsUsed === 0) return '';
  const worth = moneyText({ ...order.amount, minor: order.coinsMinor }, language);
  const due = moneyText(dueOf(order), language);
  return html`<p class="note" role="status">${t('pay.coinsUsed', { count: String(order.coinsUsed), worth, due })}</p>`;
}

function coinPartMarkup({ coinPart }: PaymentPart, at: At): Markup {
  if (!coinPart) return '';
  const { language, t } = at;
  const said = { worth: moneyText(coinPart.worth, language), due: moneyText(coinPart.due, language) };
  return html`<form class="stack" method="post" action="/order/${at.order.orderNo}/coins">!${ownFields(at)}
<button class="way">${t('pay.useCoins', { count: String(coinPart.coins) })}</button>
<p class="small">${t('pay.useCoinsHint', said)}</p></form>`;
}

function ways({ offers, chosen }: PaymentPart, at: At, hasShown: boolean): Markup {
  const others = offers.filter(({ provider }) => !hasShown || provider !== chosen);
  if (others.length === 0) return '';
  const [only] = others;
  if (only && others.length === 1 && !hasShown && !paysAtOnce(only.provider)) return onlyWay(only, at);
  const wanted = hasShown ? undefined : others.find(({ provider }) => provider === chosen && !paysAtOnce(provider));
  if (wanted)
    return html`!${onlyWay(wanted, at)}!${listOf(
      others.filter((offer) => offer !== wanted),
      'pay.other',
      at,
    )}`;
  return listOf(others, hasShown ? 'pay.other' : 'pay.title', at);
}

function listOf(offers: readonly Offer[], title: TextKey, at: At): Markup {
  if (offers.length === 0) return '';
  return html`<section class="ways" aria-labelledby="ways"><h2 id="ways">${at.t(title)}</h2>
<ul>!${offers.map((offer) => html`<li>!${wayMarkup(offer, at)}</li>`)}</ul></section>`;
}

function onlyWay({ provider, amount }: Offer, at: At): Markup {
  const price = moneyText(amount ?? dueOf(at.order), at.language);
  const text = `${at.t('order.pay', { amount: price })} · ${nameOf(provider, at.language)}`;
  return html`<a class="button" href="${payAddress(provider, at)}" rel="nofollow noreferrer">${text}</a>`;
}

function payAddress(provider: ProviderName, { order, token, language }: At): string {
  return `/order/${order.orderNo}/pay/${provider}?${new URLSearchParams({ t: token, lang: language })}`;
}

/** One way to pay: a link that opens the gateway's page or shows what the way wants here, or the button that pays. */
function wayMarkup({ provider, amount }: Offer, at: At): Markup {
  const { order, language } = at;
  const other = amount !== null && amount.currency !== order.amount.currency ? moneyText(amount, language) : undefined;
  const label = html`!${payMark(provider)}<span>${nameOf(provider, language)}</span>!${other === undefined ? '' : html` <span class="small">${other}</span>`}`;
  if (paysAtOnce(provider))
    return html`<form method="post" action="/order/${order.orderNo}/pay/${provider}">!${ownFields(at)}<button class="way">!${label}</button></form>`;
  return html`<a class="way" href="${payAddress(provider, at)}" rel="nofollow noreferrer">!${label}</a>`;
}

function chosenMarkup(part: PaymentPart, at: At): Markup {
  const { t, language } = at;
  if (part.chosen === 'redpacket') return redPacketMarkup(part, at);
  if (part.chosen === undefined || part.qr === undefined) return '';
  const name = nameOf(part.chosen, language);
  return html`<figure class="qr"><figcaption>${t('pay.scan', { name })}</figcaption>
<div role="img" aria-label="${t('pay.scan', { name })}">!${part.qr}</div>
<p class="small">${t('pay.scanHint', { name })}</p></figure>`;
}

function redPacketMarkup({ redPacket, offers, trouble }: PaymentPart, at: At): Markup {
  const { order, language, t } = at;
  const amount = offers.find(({ provider }) => provider === 'redpacket')?.amount ?? dueOf(order);
  const wrong = trouble?.code === 'bad_redpacket_code';
  const rejected = redPacket?.state === 'rejected' && trouble === undefined;
  return html`!${rejected ? html`<p class="note" role="status">${t('pay.codeRejected', { reason: redPacket?.reason ?? '' })}</p>` : ''}
<form class="stack" method="post" action="/order/${order.orderNo}/redpacket">!${ownFields(at)}
<label for="code">${t('pay.code')}</label>
<p class="small" id="code-hint">${t('pay.codeHint', { amount: moneyText(amount, language) })}</p>
<input id="code" name="code" required minlength="4" maxlength="64" autocomplete="off" autocapitalize="off" spellcheck="false" aria-describedby="${wrong ? 'trouble code-hint' : 'code-hint'}"!${wrong ? html` aria-invalid="true"` : ''}>
<button class="button">${t('pay.codeSend')}</button>
</form>`;
}

/** The headline says that it waits; what was mistyped is corrected while nobody has seen it. */
function waitingCode(claimed: boolean, { trouble }: PaymentPart, at: At): Markup {
  const { order, t } = at;
  if (claimed) return html`<p class="note">${t('pay.codeClaimed')}</p>`;
  const wrong = trouble?.code === 'bad_redpacket_code';
  return html`<details class="more"!${wrong ? html` open` : ''}><summary>${t('pay.codeCorrect')}</summary>
<form class="stack" method="post" action="/order/${order.orderNo}/redpacket">!${ownFields(at)}
<label for="code">${t('pay.code')}</label>
<p class="small" id="code-hint">${t('pay.codeCorrectHint')}</p>
<input id="code" name="code" required minlength="4" maxlength="64" autocomplete="off" autocapitalize="off" spellcheck="false" aria-describedby="${wrong ? 'trouble code-hint' : 'code-hint'}"!${wrong ? html` aria-invalid="true"` : ''}>
<button class="button quiet">${t('pay.codeSend')}</button>
</form></details>`;
}

/** What the forms of the page send along, so that they are the buyer's own. */
export function ownFields({ token, language }: Pick<At, 'token' | 'language'>): Markup {
  return html`<input type="hidden" name="t" value="${token}"><input type="hidden" name="lang" value="${language}">`;
}

const TROUBLES: Readonly<Record<string, TextKey>> = {
  gateway_timeout: 'pay.failed',
  not_enough_coins: 'pay.coins',
  coins_not_usable: 'pay.coinsNotUsed',
  bad_redpacket_code: 'pay.codeWrong',
  redpacket_code_used: 'pay.codeUsed',
  too_many_redpacket_codes: 'pay.codesTooMany',
  code_not_taken: 'pay.codeTaken',
};

function troubleMarkup({ trouble }: PaymentPart, { t, language }: At): Markup {
  if (!trouble) return '';
  const key = (Object.hasOwn(TROUBLES, trouble.code) ? TROUBLES[trouble.code] : undefined) ?? 'pay.refused';
  return html`<p class="note trouble" id="trouble" role="alert">${t(key, { name: nameOf(trouble.provider, language) })}</p>`;
}

function nameOf(provider: ProviderName, language: Language): string {
  return localised(providerCapabilities.get(provider)?.names ?? {}, language);
}
