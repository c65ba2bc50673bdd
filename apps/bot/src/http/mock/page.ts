import type { Language } from '@mingdan/orders';
import { html } from 'ghtml';
import { moneyText } from '../money-text.ts';
import { layout, type Markup } from '../pages/layout.ts';
import { textsIn } from '../texts.ts';
import type { PlayedPayment } from './play.ts';

/** The payment page of the provider `mock`: two buttons, no scripts. */
export function mockPage(payment: PlayedPayment, id: string, language: Language): Markup {
  const t = textsIn(language);
  const here = `/payment/mock/${encodeURIComponent(id)}`;
  return layout({
    language,
    title: t('mock.title'),
    languageLinks: { 'zh-CN': `${here}?lang=zh-CN`, 'zh-TW': `${here}?lang=zh-TW`, en: `${here}?lang=en` },
    body: html`<section class="card" aria-labelledby="headline">
<h1 id="headline">${t('mock.title')}</h1>
<p>${t('mock.text')}</p>
<dl class="facts">
<div><dt>${t('order.amount')}</dt><dd><strong>${moneyText(payment.amount, language)}</strong></dd></div>
<div><dt>${t('order.number')}</dt><dd><span class="number" translate="no">${payment.orderNo}</span></dd></div>
</dl>
<form method="post" action="${here}">
<button class="button" name="outcome" value="success">${t('mock.success')}</button>
<button class="button quiet" name="outcome" value="failure">${t('mock.failure')}</button>
</form>
<p><a href="/payment/success?order_no=${payment.orderNo}">${t('mock.back')}</a></p>
</section>`,
  });
}
