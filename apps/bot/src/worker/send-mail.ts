import { type Db, holdLease } from '@mingdan/db';
import { alarm } from '@mingdan/fulfilment';
import { type Logger, pause, type Vault } from '@mingdan/kernel';
import { type DueMail, dueMails, type MailChannel, type MailSenderDeps, sendMail } from '@mingdan/outbox';

export interface MailLoopDeps {
  readonly db: Db;
  readonly vault: Vault;
  readonly log: Logger;
  /** null: there is no mail server */
  readonly channel: MailChannel | null;
  readonly operatorChatId: number | null;
  readonly holder: string;
  /** how long a mail is tried, hours */
  readonly maxHours: number;
  readonly retryBaseMs?: number;
}

export interface MailLoop {
  wake(): void;
  stop(): Promise<void>;
}

/** A few connections: mail servers think little of many. */
const SIDE_BY_SIDE = 4;
const LEASE_SECONDS = 15;
const LOOK_AGAIN_MS = 1_000;
const LAST_WAIT_MS = 8_000;

/** Sends mails, one process at a time and beside the chats: a mail server that hangs holds up no message. */
export function createMailSender(deps: MailLoopDeps): MailLoop {
  const stop = new AbortController();
  let ring: () => void = () => undefined;

  async function send(signal: AbortSignal): Promise<void> {
    const sending = new Map<number, Promise<void>>();
    const sender: MailSenderDeps = { ...deps, signal, onGivenUp: (tx, mail, cause) => tell(deps, tx, mail, cause) };
    while (!signal.aborted) {
      const bell = new Promise<void>((resolve) => {
        ring = resolve;
      });
      // Without a mail server they lie where they are; only what is too old is looked at.
      const due = deps.channel === null ? await tooOld(deps) : await next(deps, sending);
      for (const mail of due)
        sending.set(
          mail.id,
          sendOne(sender, mail, () => sending.delete(mail.id)),
        );
      if (sending.size >= SIDE_BY_SIDE) await Promise.race([...sending.values(), pause(LOOK_AGAIN_MS, signal)]);
      else if (due.length === 0) await Promise.race([bell, pause(LOOK_AGAIN_MS, signal)]);
    }
    // What is in hand may end; a server that takes its time must not keep the process from stopping. The next one repeats it.
    const ended = new AbortController();
    await Promise.race([Promise.all(sending.values()), pause(LAST_WAIT_MS, ended.signal)]);
    ended.abort();
  }

  const { db, log, holder } = deps;
  const lease = { db, name: 'mail-sender', holder, seconds: LEASE_SECONDS, log, signal: stop.signal };
  const running = holdLease(lease, send);
  return {
    wake: () => ring(),
    async stop() {
      stop.abort();
      await running;
    },
  };
}

function next({ db, maxHours }: MailLoopDeps, sending: ReadonlyMap<number, unknown>): Promise<DueMail[]> {
  return dueMails(db, SIDE_BY_SIDE - sending.size, { except: [...sending.keys()], maxHours }).catch(() => []);
}

async function tooOld({ db, maxHours }: MailLoopDeps): Promise<DueMail[]> {
  const waiting = await dueMails(db, SIDE_BY_SIDE, { except: [], maxHours }).catch(() => []);
  return waiting.filter((mail) => mail.tooOld);
}

function sendOne(sender: MailSenderDeps, mail: DueMail, done: () => void): Promise<void> {
  return sendMail(sender, mail)
    .catch((error: unknown) => sender.log.error({ err: error, outbox_id: mail.id }, 'a mail could not be written down'))
    .finally(done);
}

function tell(deps: MailLoopDeps, tx: Db, mail: DueMail, cause: string): Promise<void> {
  const params = { orderNo: mail.orderNo ?? '-', cause };
  // One order, one alarm: its next mails will not arrive either.
  return alarm(deps, tx, `mail:${mail.orderNo ?? mail.id}`, { template: 'alarm_mail_given_up', params }, mail.orderId);
}
