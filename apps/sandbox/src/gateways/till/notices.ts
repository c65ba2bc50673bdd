import { setMaxListeners } from 'node:events';
import { type Logger, messageOf, pause } from '@mingdan/kernel';
import type { NoticeFaults } from './faults.ts';

/** One event on its way to the merchant, before it is signed. */
export interface Notice {
  readonly url: string;
  readonly orderId: string;
  /** what it says in the gateway's own word, for the panel: `paid`, `TRADE_SUCCESS`, `charge.refunded` */
  readonly says: string;
  /** what it tells, readable: before it is encrypted, out of its envelope */
  readonly body: Readonly<Record<string, unknown>>;
  /** Called for every try: gateways that sign the time sign each try anew, the others return the same bytes. */
  sign(at: Date): SignedNotice;
}

export interface SignedNotice {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** A merchant's answer to a notice. */
export interface NoticeAnswer {
  readonly status: number;
  readonly body: string;
}

/** A notice and what became of it. */
export interface Delivery {
  readonly id: number;
  /** ISO 8601 */
  readonly at: string;
  readonly url: string;
  readonly orderId: string;
  readonly says: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** status of each answer; null = no answer */
  readonly answers: (number | null)[];
  /** the fault that was played, in words */
  fault: string | null;
  state: 'waiting' | 'sending' | 'taken' | 'given up' | 'lost';
}

export interface NoticeOptions {
  /** waits before the second, third… try, milliseconds */
  readonly retryMs: readonly number[];
  readonly timeoutMs: number;
  accepts(answer: NoticeAnswer): boolean;
  readonly faults: NoticeFaults;
  readonly log: Logger;
  readonly onChange: () => void;
}

const KEPT = 1_000;
/** Older than any gateway's window. */
const STALE_MS = 24 * 3_600_000;

/** Sends signed notices until the merchant acknowledges them, by the gateway's schedule. */
export class NoticeSender {
  readonly deliveries: Delivery[] = [];
  private readonly sent = new WeakMap<Delivery, Notice>();
  private lastId = 0;
  private readonly closing = new AbortController();
  private readonly options: NoticeOptions;

  constructor(options: NoticeOptions) {
    this.options = options;
    // Each notice that waits for its next try listens to it.
    setMaxListeners(0, this.closing.signal);
  }

  /** One event, with the copies that the panel asks for. @returns when the first try of each is through; at once where the panel delays it */
  async send(notice: Notice): Promise<void> {
    const { faults } = this.options;
    const { repeat, lateMs } = faults.read();
    if (faults.takeLost()) {
      this.note(notice, 'lost').fault = 'lost on the way';
      this.options.onChange();
      return;
    }
    const deliveries = Array.from({ length: 1 + repeat }, () => this.note(notice, lateMs > 0 ? 'waiting' : 'sending'));
    const tried = Promise.all(
      deliveries.map(async (delivery) => {
        if (lateMs > 0) await this.wait(delivery, lateMs, `late by ${lateMs} ms`);
        await this.attempt(notice, delivery);
      }),
    );
    if (lateMs > 0) return this.options.onChange();
    await tried;
  }

  /** The same event once more, as from the gateway's console. @returns false where it is not known any more */
  async again(id: number): Promise<boolean> {
    const delivery = this.deliveries.find((known) => known.id === id);
    const notice = delivery && this.sent.get(delivery);
    if (notice) await this.send(notice);
    return notice !== undefined;
  }

  close(): void {
    this.closing.abort();
  }

  private note(notice: Notice, state: Delivery['state']): Delivery {
    const { url, orderId, says, body } = notice;
    const at = new Date().toISOString();
    const delivery: Delivery = { id: ++this.lastId, at, url, orderId, says, body, answers: [], fault: null, state };
    this.sent.set(delivery, notice);
    this.deliveries.push(delivery);
    if (this.deliveries.length > KEPT) this.deliveries.splice(0, KEPT / 4);
    return delivery;
  }

  private async wait(delivery: Delivery, ms: number, fault: string): Promise<void> {
    delivery.fault = fault;
    await pause(ms, this.closing.signal);
  }

  /** @returns when this try is through; the next ones follow by themselves */
  private async attempt(notice: Notice, delivery: Delivery): Promise<void> {
    if (this.closing.signal.aborted) return;
    delivery.state = 'sending';
    const answer = await this.post(notice, delivery);
    delivery.answers.push(answer?.status ?? null);
    const wait = this.options.retryMs[delivery.answers.length - 1];
    if (answer && this.options.accepts(answer)) delivery.state = 'taken';
    else if (wait === undefined) delivery.state = 'given up';
    else void pause(wait, this.closing.signal).then(() => this.attempt(notice, delivery));
    this.options.onChange();
  }

  private async post(notice: Notice, delivery: Delivery): Promise<NoticeAnswer | null> {
    const { faults, timeoutMs, log } = this.options;
    try {
      const stale = faults.takeStale();
      const corrupt = faults.takeCorrupt();
      const { headers, body } = notice.sign(new Date(Date.now() - (stale ? STALE_MS : 0)));
      if (stale) delivery.fault = 'signed a day ago';
      if (corrupt) delivery.fault = 'a byte was changed';
      const answer = await fetch(notice.url, {
        method: 'POST',
        headers: { ...headers },
        body: new Uint8Array(corrupt ? withOneOtherByte(Buffer.from(body)) : Buffer.from(body)),
        // A redirect is no acknowledgement.
        redirect: 'manual',
        signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), this.closing.signal]),
      });
      return { status: answer.status, body: (await answer.text()).slice(0, 1_000) };
    } catch (error) {
      log.debug({ why: messageOf(error), order_no: notice.orderId }, 'a payment notice was not taken');
      return null;
    }
  }
}

/** A digit becomes another one where there is a digit: the body stays readable, and only its signature tells. */
function withOneOtherByte(bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes);
  const isDigit = (byte: number) => byte >= 0x30 && byte <= 0x39;
  const middle = Math.floor(bytes.length / 2);
  const at = bytes.findIndex((byte, index) => index >= middle && isDigit(byte));
  const place = at >= 0 ? at : middle;
  const byte = changed[place] ?? 0x30;
  changed[place] = isDigit(byte) ? 0x30 + ((byte - 0x30 + 1) % 10) : byte ^ 1;
  return changed;
}
