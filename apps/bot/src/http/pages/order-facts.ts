import type { Money } from '@mingdan/kernel';
import type { Language, Order, RefundLine } from '@mingdan/orders';
import { providerNames } from '@mingdan/payments';
import { providerCapabilities } from '@mingdan/payments/capabilities';
import { html } from 'ghtml';
import { localised } from '../language.ts';
import { moneyText } from '../money-text.ts';
import type { Texts } from '../texts.ts';
import type { Markup } from './layout.ts';
import { clockTime, dayName } from './time-text.ts';

/** What stands on a receipt, and is shown to the buyer alone. */
export interface ReceiptPart {
  /** who sells */
  readonly seller: string;
  /** undefined where they gave none, or it was forgotten */
  readonly email: string | undefined;
  /** what went back, or is on its way */
  readonly refunds: readonly RefundLine[];
  /** end of the membership that was bought */
  readonly memberUntil: Date | undefined;
}

export interface FactsView {
  readonly order: Order;
  readonly language: Language;
  /** the page is the buyer's own */
  readonly own?: unknown;
  readonly receipt?: ReceiptPart | undefined;
  /** a report stands below: it is printed only by whoever wants it */
  readonly hasReport?: boolean;
}

export function facts(view: FactsView, t: Texts): Markup {
  const { order, language, receipt } = view;
  const time = (at: Date) => html`<time datetime="!${at.toISOString()}">${clockTime(at, language)}</time>`;
  return html`<dl class="facts">
!${view.own ? fact(t('order.product'), html`${localised(order.productNames, language)}!${order.quantity > 1 ? html` × ${order.quantity}` : ''}`) : ''}
!${fact(t('order.amount'), html`<strong>${money(order.amount, language, t)}</strong>`)}
!${fact(t('order.number'), html`<span class="number" translate="no">!${order.orderNo.replaceAll('_', '_<wbr>')}</span>`)}
!${fact(t('order.created'), time(order.createdAt))}
!${order.paidAt && order.amount.minor > 0 ? fact(t('order.paid'), time(order.paidAt)) : ''}
!${order.completedAt ? fact(t('order.completed'), time(order.completedAt)) : ''}
!${receipt?.memberUntil ? fact(t('order.memberUntil'), html`${dayName(receipt.memberUntil, language)}`) : ''}
!${view.own && order.discountMinor > 0 ? fact(t('order.discount'), html`−${moneyText({ ...order.amount, minor: order.discountMinor }, language)}`) : ''}
!${view.own && order.paidWith ? fact(t('order.paidWith'), paidWith(order, language)) : ''}
!${(receipt?.refunds ?? []).map((line) => refundFact(line, language, t))}
!${receipt?.email ? fact(t('shop.email'), html`${receipt.email}`) : ''}
!${receipt ? html`<div class="print-only"><dt>${t('order.seller')}</dt><dd>${receipt.seller}</dd></div>` : ''}
</dl>
!${view.own && order.paidWith ? printButtons(view, t) : ''}
<p class="small">${t('order.timeZone')}</p>`;
}

const fact = (name: string, value: Markup): Markup => html`<div><dt>${name}</dt><dd>!${value}</dd></div>`;

/** How much, when, and the coins that went for it. */
function refundFact({ amount, status, coinsTaken, at }: RefundLine, language: Language, t: Texts): Markup {
  const isWithPeople = status === 'failed' || status === 'manual';
  const key = status === 'succeeded' ? 'returned' : isWithPeople ? 'withPeople' : 'onItsWay';
  const coins = coinsTaken > 0 ? [t('order.coinsTaken', { count: String(coinsTaken) })] : [];
  const said = [t(`order.refund.${key}`, { amount: moneyText(amount, language) }), ...coins, clockTime(at, language)];
  return fact(t('order.refund.name'), html`${said.join(' · ')}`);
}

function printButtons({ hasReport }: FactsView, t: Texts): Markup {
  const button = (what: 'receipt' | 'all', text: string) =>
    html`<button type="button" class="link" data-print="${what}" hidden>${text}</button>`;
  return html`<p class="small prints">!${button('receipt', t('order.print'))}!${hasReport ? button('all', t('order.printReport')) : ''}</p>`;
}

/** By which way, and how much where that was other money than the price. */
function paidWith({ provider, paidWith: paid, amount, coinsUsed }: Order, language: Language): Markup {
  const known = providerNames.find((name) => name === provider);
  const name = localised((known && providerCapabilities.get(known)?.names) ?? {}, language);
  const isOther = paid !== null && (paid.currency !== amount.currency || coinsUsed > 0);
  const other = isOther ? moneyText(paid, language) : '';
  const coins = coinsUsed > 0 ? moneyText({ minor: coinsUsed, currency: 'COIN' }, language) : '';
  return html`${[name, other, coins].filter((part) => part !== '').join(' · ')}`;
}

function money(amount: Money, language: Language, t: Texts): string {
  return amount.minor === 0 ? t('order.free') : moneyText(amount, language);
}
