import { waitUntil } from '../wait.ts';
import type { Inbox, MailTrouble, SandboxMail } from './inbox.ts';

export interface MailMatch {
  readonly to?: string;
  readonly subject?: RegExp;
  readonly text?: RegExp;
}

/** What tests see of mails, and what the mail server is told to do. */
export interface MailControl {
  /** oldest first */
  list(match?: MailMatch): SandboxMail[];
  /** The first mail that fits, now or later. */
  waitFor(match: MailMatch, timeoutMs?: number): Promise<SandboxMail>;
  /** The next mails meet this; `undefined` ends it. */
  play(trouble: MailTrouble | undefined): void;
  clear(): void;
}

export function mailControl(inbox: Inbox): MailControl {
  const list = (match: MailMatch = {}): SandboxMail[] => inbox.list().filter((mail) => fits(mail, match));
  return {
    list,
    waitFor: (match, timeoutMs = 10_000) =>
      waitUntil(
        inbox.changes,
        () => list(match)[0],
        timeoutMs,
        () =>
          `no such mail came; there are: ${
            inbox
              .list()
              .map(({ subject }) => subject)
              .join(', ') || 'none'
          }`,
      ),
    play: (trouble) => inbox.play(trouble),
    clear: () => inbox.clear(),
  };
}

function fits(mail: SandboxMail, { to, subject, text }: MailMatch): boolean {
  return (
    (to === undefined || mail.to.includes(to)) &&
    (subject === undefined || subject.test(mail.subject)) &&
    (text === undefined || text.test(mail.text))
  );
}
