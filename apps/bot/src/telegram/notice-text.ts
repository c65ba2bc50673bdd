import type { OperatorNotice } from '@mingdan/outbox';
import { escapeHtml } from '../html-escape.ts';
import { localised, type Texts } from '../texts.ts';

/** Notices in one message, as Telegram's HTML: every value is escaped, whoever wrote it. */
export function noticesHtml(texts: Texts, language: string, notices: readonly OperatorNotice[]): string {
  return notices.map((notice) => noticeHtml(texts, language, notice)).join('\n\n');
}

function noticeHtml(texts: Texts, language: string, notice: OperatorNotice): string {
  const { product, quantity, provider } = notice;
  const name = localised(product, language);
  const fields: [string, string | undefined][] = [
    ['orderNo', code(notice.orderNo)],
    ['product', escapeHtml(quantity > 1 ? `${name} × ${quantity}` : name)],
    ['amount', escapeHtml(notice.amount)],
    ['provider', provider && escapeHtml(typeof provider === 'string' ? provider : localised(provider, language))],
    ['paymentId', code(notice.paymentId)],
    ['trackId', code(notice.trackId)],
    ['refundId', code(notice.refundId)],
    ['buyer', buyerHtml(texts, language, notice.buyer)],
    ['reason', notice.reason && escapeHtml(reasonText(texts, language, notice.reason))],
  ];
  const lines = fields.flatMap(([field, value]) =>
    value ? [`${escapeHtml(texts.t(language, `notices.fields.${field}`))}: ${value}`] : [],
  );
  return [`<b>${escapeHtml(texts.t(language, `notices.titles.${notice.about}`))}</b>`, ...lines].join('\n');
}

const code = (text: string | undefined): string | undefined => text && `<code>${escapeHtml(text)}</code>`;

/** Telegram opens the person's profile behind it, where their settings allow it. */
function buyerHtml(texts: Texts, language: string, telegramId: number | undefined): string {
  if (telegramId === undefined) return escapeHtml(texts.t(language, 'notices.shop_buyer'));
  return `<a href="tg://user?id=${telegramId}">${telegramId}</a>`;
}

const LONGEST_REASON = 300;

function reasonText(texts: Texts, language: string, reason: string): string {
  if (/^[a-z_]+$/.test(reason) && texts.has(language, `reasons.${reason}`))
    return texts.t(language, `reasons.${reason}`);
  return reason.slice(0, LONGEST_REASON);
}
