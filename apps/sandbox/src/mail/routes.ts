import express, { type Router } from 'express';
import { escapeHtml } from '../html.ts';
import { page } from '../page.ts';
import type { Inbox, SandboxMail } from './inbox.ts';

const STYLES = ['/assets/pages.css', '/assets/inbox.css'];
/** A mail is a stranger's page: no script, nothing from elsewhere, links in a tab of their own. */
const MAIL_POLICY =
  "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'";

/** The mailbox of everybody: a list, and each mail as text and as HTML. */
export function inboxPages(inbox: Inbox): Router {
  const router = express.Router();
  router.get('/', (_req, res) => void res.type('html').send(listPage(inbox.list())));
  router.get('/:id', (req, res, next) => {
    const mail = inbox.find(Number(req.params.id));
    if (!mail) return next();
    res.type('html').send(mailPage(mail));
  });
  router.get('/:id/html', (req, res, next) => {
    const mail = inbox.find(Number(req.params.id));
    if (!mail) return next();
    res.set('content-security-policy', MAIL_POLICY).type('html');
    res.send(mail.html.replace(/<head>/i, '<head><base target="_blank" rel="noopener">'));
  });
  return router;
}

function listPage(mails: readonly SandboxMail[]): string {
  const lines = [...mails]
    .reverse()
    .map(
      (mail) => `<li><a href="/inbox/${mail.id}"><strong>${escapeHtml(mail.subject)}</strong>
<span>${escapeHtml(mail.to.join(', '))}</span><time>${timeOf(mail)}</time></a></li>`,
    )
    .join('\n');
  const content = `<main class="inbox"><h1>邮箱 Inbox</h1>
<p class="note">沙盒收下所有邮件，一封也不会寄出。Every mail is kept here; none leaves this machine. <a href="/inbox">↻</a></p>
${lines === '' ? '<p class="empty">还没有邮件 · No mail yet</p>' : `<ul>${lines}</ul>`}</main>`;
  return page({ title: '邮箱 · 命单沙盒', styles: STYLES, content });
}

function mailPage(mail: SandboxMail): string {
  const content = `<main class="inbox"><p><a href="/inbox">← 邮箱 Inbox</a></p>
<h1>${escapeHtml(mail.subject)}</h1>
<p class="note">${escapeHtml(mail.headers['from'] ?? mail.from)} → ${escapeHtml(mail.to.join(', '))} · ${timeOf(mail)}${mail.copies > 1 ? ` · ×${mail.copies}` : ''}</p>
<iframe title="HTML" sandbox="allow-popups allow-popups-to-escape-sandbox" src="/inbox/${mail.id}/html"></iframe>
<h2>纯文本 Text</h2><pre>${withLinks(mail.text)}</pre></main>`;
  return page({ title: `${mail.subject} · 命单沙盒`, styles: STYLES, content });
}

function withLinks(text: string): string {
  return text
    .split(/(https?:\/\/[^\s<>"]+)/)
    .map((part, index) =>
      index % 2 === 1
        ? `<a href="${escapeHtml(part)}" target="_blank" rel="noopener">${escapeHtml(part)}</a>`
        : escapeHtml(part),
    )
    .join('');
}

function timeOf({ receivedAt }: SandboxMail): string {
  return receivedAt.toISOString().slice(0, 19).replace('T', ' ');
}
