import type { CoinEntry, CoinHistory, Language } from '@mingdan/orders';
import { html } from 'ghtml';
import type { Texts } from '../../texts.ts';
import type { Markup } from '../layout.ts';
import { clockTime } from '../time-text.ts';
import type { Shown } from './view.ts';

const REASONS = ['payment', 'refund', 'purchase', 'takeback', 'unused', 'takeback_returned'] as const;

/** A page of where the coins came from and went, with links to the pages beside it. */
export function historyMarkup({ entries, next }: CoinHistory, shown: Shown, language: Language, t: Texts): Markup {
  const rows = entries.map((entry) => entryRow(entry, language, t));
  const table = html`<table class="ledger"><thead><tr><th scope="col">${t('coin.what')}</th><th scope="col" class="amount">${t('coin.change')}</th><th scope="col" class="amount">${t('coin.left')}</th></tr></thead><tbody>!${rows}</tbody></table>`;
  const { before, ...here } = shown;
  const link = (query: object, label: string) =>
    html`<a href="/coin?${new URLSearchParams({ ...here, ...query, lang: language })}#history" data-load>${label}</a>`;
  const newest = before === undefined ? '' : link({}, t('coin.newest'));
  const older = next === null ? '' : link({ before: String(next) }, t('coin.older'));
  return html`<section class="history" aria-labelledby="history"><h2 id="history" tabindex="-1">${t('coin.history')}</h2>
!${rows.length === 0 ? html`<p class="small">${t('coin.none')}</p>` : table}
!${newest || older ? html`<p class="turn">!${newest}!${older}</p>` : ''}</section>`;
}

function entryRow(entry: CoinEntry, language: Language, t: Texts): Markup {
  const { amount, balance, reason, createdAt, cause } = entry;
  const known = REASONS.find((each) => each === reason);
  const why = known ? t(`coin.reasons.${known}`) : cause.startsWith('grant:') ? t('coin.reasons.grant') : reason;
  return html`<tr><td>!${toOrder(entry, why, language)}<br><time class="small" datetime="!${createdAt.toISOString()}">${clockTime(createdAt, language)}</time></td>
<td class="amount">${amount > 0 ? '+' : '−'}${Math.abs(amount)}</td><td class="amount">${balance}</td></tr>`;
}

/** To what it was for: bought coins are looked at here, all else on the page of its order. */
function toOrder({ orderNo }: CoinEntry, why: string, language: Language): Markup {
  if (orderNo === null) return html`${why}`;
  if (orderNo.startsWith('COIN_'))
    return html`<a href="/coin?${new URLSearchParams({ lang: language, order: orderNo })}" data-load>${why}</a>`;
  return html`<a href="/order/${orderNo}?${new URLSearchParams({ lang: language })}">${why}</a>`;
}
