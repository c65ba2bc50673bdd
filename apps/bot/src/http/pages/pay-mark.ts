import type { ProviderName } from '@mingdan/payments';
import { html } from 'ghtml';
import type { Markup } from './layout.ts';

/** A letter on a colour, drawn by us: nobody's logo. Those without a letter bring their own picture as a character. */
const MARKS: Readonly<Record<ProviderName, readonly [letter: string, colour: string]>> = {
  alipay: ['支', '#1668c7'],
  wechat: ['微', '#177a3c'],
  stripe: ['S', '#5b4fc9'],
  pingpong: ['P', '#0f6d86'],
  oxapay: ['₮', '#1b7a5e'],
  stars: ['⭐', 'none'],
  points: ['🪙', 'none'],
  redpacket: ['🧧', 'none'],
  mock: ['试', '#6b6257'],
};

/** Stands beside the name of a way to pay, which says it all to who cannot see it. */
export function payMark(provider: ProviderName): Markup {
  const [letter, colour] = MARKS[provider];
  const size = colour === 'none' ? 19 : 14;
  return html`<svg class="mark" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false"><rect width="24" height="24" rx="6" fill="${colour}"/><text x="12" y="12.5" font-size="${size}" font-weight="700" text-anchor="middle" dominant-baseline="central" fill="#fff">${letter}</text></svg>`;
}
