import { html } from 'ghtml';
import type { TextKey, Texts } from '../../texts.ts';
import type { Markup } from '../layout.ts';

/** What scripts of the Mini App may have to say: wording stays on the server. */
const SAID = {
  confirming: 'app.confirming',
  not_yet: 'app.notYet',
  check_again: 'app.checkAgain',
  cancelled: 'app.cancelled',
  renewal_ended: 'app.renewalEnded',
  failed: 'app.failed',
  unknown: 'app.unknown',
  offline: 'page.offline',
  coupon_not_valid: 'shop.couponNotValid',
  sold_out: 'shop.soldOutNow',
  too_many_open_orders: 'coin.tooManyOpen',
  maintenance: 'shop.maintenance',
  coins_not_usable: 'pay.coinsNotUsed',
  not_enough_coins: 'pay.coins',
  not_sold_for_stars: 'app.notForStars',
  provider_not_offered: 'app.notForStars',
  order_not_payable: 'app.notPayable',
  order_paid: 'app.notPayable',
  form_wrong: 'app.formWrong',
  session_over: 'app.sessionOver',
  session_expired: 'app.sessionOver',
  unauthorized: 'app.sessionOver',
  init_data_expired: 'signIn.refused',
  bad_init_data: 'signIn.refused',
} as const satisfies Readonly<Record<string, TextKey>>;

export function saysMarkup(t: Texts): Markup {
  return html`<ul id="says" hidden>!${Object.entries(SAID).map(([name, key]) => html`<li data-key="${name}">${t(key)}</li>`)}</ul>`;
}
