import { createTransport } from 'nodemailer';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { CALL_TIMEOUT_MS, type Finding, findingsOf } from './finding.ts';
import { isMissing } from './settings.ts';

const { ok, warn, fail } = findingsOf('mail');

/** Whether mails could leave: connects and logs in, and sends nothing. */
export async function checkMail(context: Context): Promise<Finding[]> {
  if (isMissing(context, 'MAIL_FROM')) return [fail('no_from')];
  const { mail } = context.settings().config;
  return mail === null ? [] : [await judgeMailServer(mail.smtpUrl)];
}

/** @param timeoutMs for the connection, the greeting, and each answer */
export async function judgeMailServer(smtpUrl: string, timeoutMs: number = CALL_TIMEOUT_MS): Promise<Finding> {
  const { host, username } = new URL(smtpUrl);
  const transport = createTransport({
    url: smtpUrl,
    dnsTimeout: timeoutMs,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
  });
  try {
    await transport.verify();
    return username === '' ? warn('no_login', { host }) : ok('ready', { host });
  } catch (error) {
    return whatIsWrong(smtpError.parse(error), host);
  } finally {
    transport.close();
  }
}

const text = z.string().optional().catch(undefined);
/** Codes alone: what servers and libraries say may repeat the login. */
const smtpError = z.object({
  code: text,
  originalCode: text,
  responseCode: z.number().optional().catch(undefined),
});

/** What TLS says of a certificate that is not to be trusted: its end, its name, who signed it. */
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO|HOSTNAME_MISMATCH/;

function whatIsWrong({ code, originalCode = '', responseCode }: z.output<typeof smtpError>, host: string): Finding {
  if (code === 'EDNS') return fail('no_host', { host });
  // 454: it could not look at the login just now (RFC 4954).
  if (code === 'EAUTH') return (responseCode ?? 500) < 500 ? warn('login_later', { host }) : fail('login', { host });
  if (originalCode === 'ECONNREFUSED') return fail('refused', { host });
  if (CERTIFICATE.test(originalCode)) return fail('certificate', { host, code: originalCode });
  if (code === 'ETLS' || /SSL|TLS|EPROTO/.test(originalCode)) return fail('tls', { host });
  if (responseCode !== undefined) return fail('error', { host, code: responseCode });
  return fail('no_answer', { host });
}
