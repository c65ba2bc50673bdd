import type { Logger } from '@mingdan/kernel';
import { messageOf } from '@mingdan/kernel';
import { BotApiError } from './errors.ts';
import { GrowingIds } from './ids.ts';
import type { Update, UpdateBody } from './types.ts';

export interface PullRequest {
  readonly offset: number;
  readonly limit: number;
  /** seconds */
  readonly timeout: number;
  readonly allowedUpdates?: readonly string[] | undefined;
}

export interface Webhook {
  readonly url: string;
  readonly secretToken: string;
  readonly maxConnections: number;
}

interface OpenPoll {
  readonly request: PullRequest;
  readonly answer: (updates: Update[]) => void;
  readonly refuse: (error: BotApiError) => void;
  timer: NodeJS.Timeout;
}

export interface UpdateQueueOptions {
  readonly log: Logger;
  /** first wait before an update is sent to the webhook again, milliseconds */
  readonly retryMs: number;
  /** a webhook may answer with a Bot API call in its body */
  readonly onReply: (body: unknown) => void;
}

const WEBHOOK_TIMEOUT_MS = 30_000;

/** Updates on their way to the bot, by long polling or by webhook; kept until the bot has confirmed them. */
export class UpdateQueue {
  private waiting: Update[] = [];
  private readonly ids = new GrowingIds();
  private allowed: readonly string[] = [];
  private poll: OpenPoll | null = null;
  private hook: Webhook | null = null;
  private hookRunning = false;
  private lastError: { date: number; message: string } | null = null;
  private closed = false;
  private wakeHook: () => void = () => undefined;
  private readonly options: UpdateQueueOptions;

  constructor(options: UpdateQueueOptions) {
    this.options = options;
  }

  get pending(): number {
    return this.waiting.length;
  }

  push(body: UpdateBody): Update | null {
    const kind = Object.keys(body)[0] ?? '';
    if (this.allowed.length > 0 && !this.allowed.includes(kind)) return null;
    const update: Update = { update_id: this.ids.next(), ...body };
    this.waiting.push(update);
    this.answerPoll();
    this.wakeHook();
    return update;
  }

  /** getUpdates. @throws BotApiError 409 while a webhook is set, or when another poll takes over */
  pull(request: PullRequest): Promise<Update[]> {
    if (this.hook) {
      const why = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
      throw new BotApiError(409, `Conflict: ${why}`);
    }
    this.endPoll(
      new BotApiError(
        409,
        'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running',
      ),
    );
    if (request.allowedUpdates) this.allowed = request.allowedUpdates;
    if (request.offset < 0) this.waiting = this.waiting.slice(request.offset);
    else this.waiting = this.waiting.filter((update) => update.update_id >= request.offset);
    return new Promise((answer, refuse) => {
      const timer = setTimeout(() => this.finishPoll([]), request.timeout * 1_000);
      this.poll = { request, answer, refuse, timer };
      this.answerPoll();
    });
  }

  /** The client hung up. */
  abandonPoll(): void {
    this.finishPoll([]);
  }

  setWebhook(
    hook: Webhook | null,
    options: { dropPending: boolean; allowedUpdates?: readonly string[] | undefined },
  ): void {
    if (options.dropPending) this.waiting = [];
    if (options.allowedUpdates) this.allowed = options.allowedUpdates;
    this.hook = hook;
    this.lastError = null;
    this.wakeHook();
    if (!hook) return;
    this.endPoll(new BotApiError(409, 'Conflict: terminated by setWebhook request'));
    void this.deliver();
  }

  webhookInfo() {
    return {
      url: this.hook?.url ?? '',
      has_custom_certificate: false,
      pending_update_count: this.waiting.length,
      ...(this.hook && { max_connections: this.hook.maxConnections }),
      ...(this.allowed.length > 0 && { allowed_updates: this.allowed }),
      ...(this.lastError && { last_error_date: this.lastError.date, last_error_message: this.lastError.message }),
    };
  }

  close(): void {
    this.closed = true;
    this.hook = null;
    this.wakeHook();
    this.finishPoll([]);
  }

  private answerPoll(): void {
    if (this.poll && this.waiting.length > 0) this.finishPoll(this.waiting.slice(0, this.poll.request.limit));
  }

  private finishPoll(updates: Update[]): void {
    if (!this.poll) return;
    const { timer, answer } = this.poll;
    this.poll = null;
    clearTimeout(timer);
    answer(updates);
  }

  private endPoll(error: BotApiError): void {
    if (!this.poll) return;
    const { timer, refuse } = this.poll;
    this.poll = null;
    clearTimeout(timer);
    refuse(error);
  }

  /** One loop: updates reach a webhook in order, and one that was not taken is sent again before the next. */
  private async deliver(): Promise<void> {
    if (this.hookRunning) return;
    this.hookRunning = true;
    let failures = 0;
    while (this.hook && !this.closed) {
      const update = this.waiting[0];
      if (!update) {
        await this.pauseHook(null);
        continue;
      }
      const taken = await this.post(this.hook, update);
      if (taken) this.waiting = this.waiting.filter((other) => other.update_id !== update.update_id);
      failures = taken ? 0 : failures + 1;
      if (!taken) await this.pauseHook(Math.min(60_000, this.options.retryMs * 2 ** (failures - 1)));
    }
    this.hookRunning = false;
  }

  private async post(hook: Webhook, update: Update): Promise<boolean> {
    try {
      const answer = await fetch(hook.url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(hook.secretToken && { 'x-telegram-bot-api-secret-token': hook.secretToken }),
        },
        body: JSON.stringify(update),
        signal: AbortSignal.timeout(WEBHOOK_TIMEOUT_MS),
      });
      const body = await answer.text();
      if (!answer.ok) throw new Error(`Wrong response from the webhook: ${answer.status} ${answer.statusText}`);
      if (body.startsWith('{')) this.options.onReply(JSON.parse(body));
      return true;
    } catch (error) {
      this.lastError = { date: Math.floor(Date.now() / 1_000), message: messageOf(error) };
      this.options.log.warn({ err: error }, 'the bot did not take an update by webhook');
      return false;
    }
  }

  /** Until the time is over (null: for ever), or something changed. */
  private pauseHook(ms: number | null): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === null ? undefined : setTimeout(resolve, ms);
      this.wakeHook = () => {
        // A retry keeps its waiting time; new updates queue behind it.
        if (ms !== null && this.hook && !this.closed) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
