import { type Logger, messageOf } from '@mingdan/kernel';
import { type ClientTools, GatewayRefused, GatewayUnreachable, OrderIdUsed, type ProviderName } from './contract.ts';

export type About = Readonly<Partial<Record<'order_no' | 'refund_id', string>>>;

/** What the errors of a call are about. */
export type CallName = Pick<GatewayCall, 'provider' | 'what' | 'about'>;

export interface GatewayCall {
  readonly provider: ProviderName;
  /** what is asked, for log and errors: `create`, `query`, … */
  readonly what: string;
  /** the order or refund that it is about, under the name it has in the log */
  readonly about: About;
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** for everything together: connecting, one repeat, the whole answer. Left out: 3 s to create, 5 s for the rest */
  readonly timeoutMs?: number;
  /** ask once more where the connection broke. Only for what the gateway takes twice as one. */
  readonly repeatable: boolean;
}

export interface GatewayAnswer {
  readonly status: number;
  readonly text: string;
}

// The buyer is waiting for the button; the worker, which asks everything else, is not.
export const CREATE_TIMEOUT_MS = 3_000;
export const TIMEOUT_MS = 5_000;

/** More than any answer of a gateway; what is longer is no answer. */
export const LONGEST_ANSWER = 256 * 1024;

/**
 * One call of a gateway: bounded in time, one log line, no secret in it. Answers of 2xx and 4xx come back.
 * @throws GatewayUnreachable no connection, time-out, redirect, 408, 429 or 5xx: it may have been done
 */
export async function callGateway(tools: ClientTools, call: GatewayCall): Promise<GatewayAnswer> {
  const start = performance.now();
  const { timeoutMs = call.what === 'create' ? CREATE_TIMEOUT_MS : TIMEOUT_MS } = call;
  const signal = AbortSignal.timeout(timeoutMs);
  let outcome: GatewayAnswer | GatewayUnreachable;
  try {
    outcome = judged(call, await ask(tools, call, signal));
  } catch (cause) {
    outcome = unreachable(call, signal.aborted ? `no answer within ${timeoutMs} ms` : messageOf(cause), cause);
  }
  report(tools.log, call, outcome, performance.now() - start);
  if (outcome instanceof GatewayUnreachable) throw outcome;
  return outcome;
}

async function ask(tools: ClientTools, call: GatewayCall, signal: AbortSignal): Promise<GatewayAnswer> {
  const { method, headers, body } = call;
  const request = { method, headers, signal, redirect: 'manual' as const, ...(body === undefined ? {} : { body }) };
  const connect = (): Promise<Response> => (tools.fetch ?? fetch)(call.url, request);
  const response = await connect().catch((error: unknown) => {
    // A connection kept from the last call may have gone away meanwhile: once more, on a new one.
    if (!call.repeatable || signal.aborted) throw error;
    return connect();
  });
  return { status: response.status, text: await readText(response) };
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > LONGEST_ANSWER) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function judged(call: GatewayCall, answer: GatewayAnswer): GatewayAnswer | GatewayUnreachable {
  const { status } = answer;
  const understood =
    (status >= 200 && status < 300) || (status >= 400 && status < 500 && status !== 408 && status !== 429);
  return understood ? answer : unreachable(call, `HTTP ${status}`);
}

/** No answer, or none that we understand. */
export function unreachable(call: CallName, why: string, cause?: unknown): GatewayUnreachable {
  return new GatewayUnreachable('gateway_unreachable', `${title(call)}: ${why}`, {
    hint: 'It may have been done: ask the gateway before repeating it. mingdan doctor checks the address',
    cause,
  });
}

function title(call: CallName): string {
  return [call.provider, call.what, ...Object.values(call.about)].join(' ');
}

/** The gateway said no. */
export function refused(call: CallName, why: string, hint: string): GatewayRefused {
  return new GatewayRefused('gateway_refused', `${title(call)}: ${why}`, { hint });
}

/** The gateway said no because the buyer has paid. */
export function alreadyPaid(call: CallName): GatewayRefused {
  return refused(call, 'it is paid already', 'Ask for the payment: its order is paid');
}

/** The gateway does not take this order id (again). */
export function orderIdUsed(call: CallName, why: string): OrderIdUsed {
  return new OrderIdUsed('order_id_used', `${title(call)}: ${why}`, {
    hint: 'The next attempt goes under a number of its own, by itself',
  });
}

function report(log: Logger, call: GatewayCall, outcome: GatewayAnswer | GatewayUnreachable, ms: number): void {
  const failed = outcome instanceof GatewayUnreachable;
  log.info(
    {
      provider: call.provider,
      call: call.what,
      ...call.about,
      ...(failed ? { problem: outcome.message } : { status: outcome.status }),
      duration_ms: Math.round(ms),
    },
    'outside call',
  );
}
