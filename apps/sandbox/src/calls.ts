import type { Service } from './services.ts';
import { waitUntil } from './wait.ts';

export type { Service } from './services.ts';
export { waitUntil } from './wait.ts';

/** One call that reached the sandbox. */
export interface Call {
  readonly id: number;
  /** ISO 8601 */
  readonly at: string;
  readonly service: Service;
  /** Bot API method, or `POST /v1/payments` */
  readonly name: string;
  /** what was sent, parsed where it could be */
  readonly request: unknown;
  /** null while it runs, and where the connection was dropped */
  status: number | null;
  /** milliseconds until the answer was through; null while it runs */
  ms: number | null;
  /** the fault that was played, in words */
  fault: string | null;
}

export interface CallFilter {
  readonly service?: Service;
  /** the exact name, or a pattern of it */
  readonly name?: string | RegExp;
  /** only calls with a greater id */
  readonly after?: number;
}

/** The last calls, oldest first. */
export class CallLog {
  private readonly kept: Call[] = [];
  private readonly waiting = new Set<() => void>();
  private lastId = 0;

  begin(service: Service, name: string, request: unknown): Call {
    const call: Call = {
      id: ++this.lastId,
      at: new Date().toISOString(),
      service,
      name,
      request,
      status: null,
      ms: null,
      fault: null,
    };
    this.kept.push(call);
    if (this.kept.length > 2_000) this.kept.splice(0, 500);
    return call;
  }

  finish(call: Call, status: number | null, ms: number): void {
    call.status = status;
    call.ms = Math.round(ms);
    for (const look of [...this.waiting]) look();
  }

  list(filter: CallFilter = {}): Call[] {
    return this.kept.filter((call) => matches(call, filter));
  }

  /** The first finished call that fits, now or later. @throws Error after `timeoutMs` */
  waitFor(filter: CallFilter, timeoutMs = 10_000): Promise<Call> {
    return waitUntil(
      this.waiting,
      () => this.list(filter).find((call) => call.ms !== null),
      timeoutMs,
      () => `no call ${filter.service ?? ''} ${filter.name ?? ''} within ${timeoutMs} ms`,
    );
  }
}

function matches(call: Call, filter: CallFilter): boolean {
  if (filter.service && call.service !== filter.service) return false;
  if (filter.after !== undefined && call.id <= filter.after) return false;
  if (filter.name === undefined) return true;
  return typeof filter.name === 'string' ? call.name === filter.name : filter.name.test(call.name);
}
