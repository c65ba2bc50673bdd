import { type Logger, messageOf } from '@mingdan/kernel';
import type { FaultBoard } from '../../faults.ts';
import { sign } from './sign.ts';

export interface NoticeBody {
  readonly order_id: string;
  readonly status: 'paid' | 'failed' | 'refunded' | 'refund_failed';
  readonly payment_id?: string;
  readonly refund_id?: string;
  readonly amount?: string;
  readonly currency?: string;
  readonly [more: string]: unknown;
}

/** A notice on its way to the merchant. */
export interface Delivery {
  readonly url: string;
  readonly body: NoticeBody;
  /** status of each answer; null = no answer */
  readonly answers: (number | null)[];
  state: 'sending' | 'taken' | 'given up' | 'lost';
}

export interface NoticeOptions {
  readonly webhookSecret: string;
  readonly retryMs: readonly number[];
  readonly faults: FaultBoard;
  readonly log: Logger;
  readonly onChange: () => void;
}

const TIMEOUT_MS = 10_000;

/** Sends signed notices until the merchant answers 2xx, by the schedule. */
export class NoticeSender {
  readonly deliveries: Delivery[] = [];
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly options: NoticeOptions;

  constructor(options: NoticeOptions) {
    this.options = options;
  }

  /** One event, with the copies that the panel asks for. @returns when the first try of each is through */
  async send(url: string, body: NoticeBody): Promise<void> {
    const copies = 1 + this.options.faults.read().pingpong.notices.repeat;
    if (this.options.faults.takeLostNotice()) {
      this.deliveries.push({ url, body, answers: [], state: 'lost' });
      this.options.onChange();
      return;
    }
    await Promise.all(
      Array.from({ length: copies }, () => {
        const delivery: Delivery = { url, body, answers: [], state: 'sending' };
        this.deliveries.push(delivery);
        return this.attempt(delivery);
      }),
    );
  }

  close(): void {
    for (const timer of this.timers) clearTimeout(timer);
  }

  private async attempt(delivery: Delivery): Promise<void> {
    const status = await this.post(delivery);
    delivery.answers.push(status);
    const wait = this.options.retryMs[delivery.answers.length - 1];
    if (status !== null && status >= 200 && status < 300) delivery.state = 'taken';
    else if (wait === undefined) delivery.state = 'given up';
    else this.later(delivery, wait);
    this.options.onChange();
  }

  private later(delivery: Delivery, ms: number): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      void this.attempt(delivery);
    }, ms);
    this.timers.add(timer.unref());
  }

  private async post({ url, body }: Delivery): Promise<number | null> {
    const bytes = JSON.stringify(body);
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-signature': sign(this.options.webhookSecret, bytes) },
        body: bytes,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await answer.arrayBuffer();
      return answer.status;
    } catch (error) {
      this.options.log.debug({ why: messageOf(error), order_no: body.order_id }, 'a payment notice was not taken');
      return null;
    }
  }
}
