import type { MailChannel, MailFailure, OutgoingMail } from '@mingdan/outbox';
import { createTransport } from 'nodemailer';
import { z } from 'zod';
import { emailAddress } from '../email-address.ts';
import type { Site } from '../site.ts';
import type { Texts } from '../texts.ts';
import { renderMail } from './render.ts';

export interface MailSettings {
  /** smtp://… or smtps://…, with the login in it where one is needed */
  readonly smtpUrl: string;
  /** whom mails come from: an address, or `Name <address>` */
  readonly from: string;
}

export interface MailChannelDeps {
  readonly texts: Texts;
  readonly orderLink: (orderNo: string) => string;
  /** of the shop, where its pages are served: of one product, or of all */
  readonly shopLink?: (product: string | null, language: string) => string;
  /** where help is */
  readonly site?: () => Promise<Site>;
  /** milliseconds for a connection, a greeting, and each answer */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 20_000;
const FALLBACK_LANGUAGE = 'zh-CN';

export interface SmtpChannel extends MailChannel {
  /** no connection stays open */
  close(): void;
}

/** How mails leave: rendered in the reader's language, by SMTP. */
export function smtpChannel({ smtpUrl, from }: MailSettings, deps: MailChannelDeps): SmtpChannel {
  const timeout = deps.timeoutMs ?? TIMEOUT_MS;
  const transport = createTransport({
    url: smtpUrl,
    connectionTimeout: timeout,
    greetingTimeout: timeout,
    socketTimeout: timeout,
    // Nothing in a mail is read from a file or an address.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const host = hostOf(from);
  return {
    async send(mail: OutgoingMail) {
      const language = mail.language ?? FALLBACK_LANGUAGE;
      const link = mail.orderNo === null ? null : deps.orderLink(mail.orderNo);
      const again = deps.shopLink?.(mail.product, language) ?? null;
      const help = helpText(deps.texts, language, await deps.site?.());
      const { subject, text, html } = renderMail(deps.texts, language, mail.message, { link, again, help });
      await transport.sendMail({
        from,
        // As an object: it is one address, whatever is in it.
        to: { name: '', address: onlyAddress(mail.to) },
        subject,
        text,
        html,
        messageId: `<${mail.messageId}@${host}>`,
        headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
      });
    },
    failureOf,
    close: () => transport.close(),
  };
}

/** Nobody reads the answers to these mails: whom to ask instead, where there is anybody. */
function helpText(texts: Texts, language: string, site: Site | undefined): string {
  const { bot, supportContact: contact } = site ?? {};
  const lines = [
    contact === undefined ? '' : texts.t(language, 'mail.support', { contact }),
    bot ? texts.t(language, 'mail.support_bot', { bot: bot.name, address: bot.address }) : '',
  ];
  return lines.filter((line) => line !== '').join('\n');
}

/** It was checked when it was taken; what is no address any more is refused, and never reaches the server. */
function onlyAddress(to: string): string {
  const found = emailAddress.safeParse(to);
  if (!found.success) throw new NoAddress();
  return found.data;
}

class NoAddress extends Error {}

function hostOf(from: string): string {
  return /@([\w.-]+)>?\s*$/.exec(from)?.[1] ?? 'localhost';
}

const smtpError = z.object({
  code: z.string().optional().catch(undefined),
  command: z.string().optional().catch(undefined),
  responseCode: z.number().optional().catch(undefined),
  response: z.string().optional().catch(undefined),
});

/** There is no such mailbox (RFC 3463 class 5.1, 5.2.1), or the answer of a server without such codes. All else may be ours, or pass. */
const NO_MAILBOX = /^5\.(?:1\.\d+|2\.1)$/;
const NO_MAILBOX_REPLIES = [550, 551, 553];

export function failureOf(error: unknown): MailFailure {
  if (error instanceof NoAddress) return { kind: 'refused', cause: 'no address' };
  const known = smtpError.safeParse(error).data ?? {};
  const enhanced = /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/.exec(known.response ?? '')?.[1];
  // Codes only: the words of servers repeat the address.
  const cause = [known.code, known.command, known.responseCode, enhanced]
    .filter((part) => part !== undefined)
    .join(' ');
  const isGone =
    enhanced === undefined
      ? NO_MAILBOX_REPLIES.includes(known.responseCode ?? 0)
      : NO_MAILBOX.test(enhanced) && (known.responseCode ?? 0) >= 500;
  return { kind: isGone && known.command === 'RCPT TO' ? 'refused' : 'later', cause: cause || 'unknown' };
}
