import { type ReadMail, readMime } from './mime.ts';

export interface SandboxMail extends ReadMail {
  readonly id: number;
  /** of the envelope */
  readonly from: string;
  readonly to: readonly string[];
  readonly messageId: string;
  /** how often a mail with this Message-ID came; only the first is kept, as mailboxes do */
  readonly copies: number;
  readonly receivedAt: Date;
  readonly source: string;
}

/** What the mail server is to do with the next mails; `left` counts them down. */
export interface MailTrouble {
  /** `lost`: takes the mail, and hangs up before it says so */
  readonly kind: 'lost' | 'busy' | 'refused' | 'login' | 'silent';
  readonly left: number;
}

const MOST_KEPT = 500;

/** Mails that came, and the troubles that the server plays. */
export class Inbox {
  readonly #mails: SandboxMail[] = [];
  readonly changes = new Set<() => void>();
  #trouble: MailTrouble | undefined;
  #last = 0;

  take(envelope: { from: string; to: readonly string[] }, source: string): void {
    const read = readMime(source);
    const messageId = read.headers['message-id'] ?? '';
    const before = this.#mails.findIndex((mail) => messageId !== '' && mail.messageId === messageId);
    const kept = this.#mails[before];
    if (kept) this.#mails[before] = { ...kept, copies: kept.copies + 1 };
    else {
      this.#last += 1;
      const mail = { ...read, ...envelope, id: this.#last, messageId, copies: 1, receivedAt: new Date(), source };
      this.#mails.push(mail);
    }
    if (this.#mails.length > MOST_KEPT) this.#mails.shift();
    for (const changed of [...this.changes]) changed();
  }

  /** oldest first */
  list(): readonly SandboxMail[] {
    return this.#mails;
  }

  find(id: number): SandboxMail | undefined {
    return this.#mails.find((mail) => mail.id === id);
  }

  clear(): void {
    this.#mails.length = 0;
  }

  play(trouble: MailTrouble | undefined): void {
    this.#trouble = trouble;
  }

  /** True once for each mail that the trouble is for. */
  meets(kind: MailTrouble['kind']): boolean {
    const now = this.#trouble;
    if (now?.kind !== kind || now.left <= 0) return false;
    this.#trouble = { kind, left: now.left - 1 };
    return true;
  }
}
