import type { Message } from '@mingdan/outbox';
import { escapeHtml } from '../html-escape.ts';
import { type Texts, textParams } from '../texts.ts';

export interface RenderedMail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/**
 * A mail as plain text and as HTML, from one wording: the paragraphs of `mail.<template>.text`, the links, the footer.
 * @param around link: of the order's page; null: the mail is about no order. again: where the same can be ordered again; said in mails about
 *   orders that came to nothing. help: whom to ask, below the footer
 */
export function renderMail(
  texts: Texts,
  language: string,
  message: Message,
  {
    link,
    again = null,
    help = '',
  }: { readonly link: string | null; readonly again?: string | null; readonly help?: string },
): RenderedMail {
  const params = textParams(texts, language, message);
  const say = (key: string): string => texts.t(language, `mail.${key}`, params);
  const subject = oneLine(say(`${message.template}.subject`));
  const body = say(`${message.template}.text`)
    .replace(/\n{3,}/g, '\n\n')
    .trim();
  const open = say('open');
  const footer = [say('footer'), help].filter((part) => part !== '').join('\n');
  const second =
    again !== null && CAME_TO_NOTHING.includes(message.template) ? { text: say('again'), link: again } : null;
  const links = [...(link === null ? [] : [`${open}\n${link}`]), ...(second ? [`${second.text}\n${second.link}`] : [])];
  const text = [body, ...links, `--\n${footer}`].join('\n\n');
  return { subject, text, html: layout({ language, subject, body, open, link, second, footer }) };
}

/** Their reader may want to try again. */
const CAME_TO_NOTHING: readonly string[] = [
  'payment_failed',
  'order_failed_refunding',
  'order_failed_free',
  'order_failed_given_back',
  'refund_succeeded',
];

/** Nothing that came with an order may begin a header of its own. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
}

interface Parts {
  readonly language: string;
  readonly subject: string;
  readonly body: string;
  readonly open: string;
  readonly link: string | null;
  readonly second: { readonly text: string; readonly link: string } | null;
  readonly footer: string;
}

/** The number of an order stands below what is said of it, small enough for a phone to show all of it. */
function heading(subject: string): string {
  const [, said, number] = /^(.+) · ([A-Z]+_\d{8}_\w+)$/.exec(subject) ?? [];
  if (said === undefined || number === undefined) return escapeHtml(subject);
  return `${escapeHtml(said)}<br><span style="font-size:14px;font-weight:400;color:#6b6560">${escapeHtml(number)}</span>`;
}

/** The one look of all mails: no picture, no script, nothing that is loaded from anywhere; readable where styles are taken out. */
function layout({ language, subject, body, open, link, second, footer }: Parts): string {
  const paragraphs = body
    .split(/\n{2,}/)
    .map((part) => `<p style="margin:0 0 16px">${escapeHtml(part).replaceAll('\n', '<br>')}</p>`)
    .join('\n');
  const button =
    link === null
      ? ''
      : `<p style="margin:24px 0"><a href="${escapeHtml(link)}" style="display:inline-block;padding:12px 24px;border-radius:8px;background:#8c2f23;color:#ffffff;text-decoration:none">${escapeHtml(open)}</a></p>
<p style="margin:0 0 16px;font-size:13px;color:#6b6560;word-break:break-all">${escapeHtml(link)}</p>`;
  const other = second
    ? `<p style="margin:0 0 16px"><a href="${escapeHtml(second.link)}" style="color:#8c2f23">${escapeHtml(second.text)}</a></p>`
    : '';
  return `<!doctype html>
<html lang="${escapeHtml(language)}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(subject)}</title></head>
<body style="margin:0;padding:16px;background:#f6f2ec;color:#2a2522;font-family:system-ui,-apple-system,'PingFang SC','Microsoft YaHei',sans-serif;font-size:16px;line-height:1.7">
<div style="max-width:560px;margin:0 auto;padding:28px 20px;background:#ffffff;border-radius:12px;overflow-wrap:anywhere;word-break:break-word">
<h1 style="margin:0 0 20px;font-size:20px;line-height:1.4;overflow-wrap:anywhere;word-break:break-word">${heading(subject)}</h1>
${paragraphs}
${button}
${other}
</div>
<p style="max-width:560px;margin:16px auto 0;font-size:13px;color:#6b6560">${escapeHtml(footer).replaceAll('\n', '<br>')}</p>
</body></html>`;
}
