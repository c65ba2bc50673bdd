import Stripe from 'stripe';
import type { z } from 'zod';
import { type ClientTools, GatewayRefused, GatewayUnreachable } from '../../contract.ts';
import { readAnswer } from '../../gateway-answer.ts';
import { type CallName, callGateway, refused, unreachable } from '../../gateway-call.ts';
import { cleanText } from '../../wire-text.ts';
import type { StripeBot } from './settings.ts';

export interface Question extends CallName {
  readonly provider: 'stripe';
  readonly what: 'create' | 'query' | 'close' | 'refund' | 'query refund' | 'list';
}

/** One call by the SDK, its answer by the schema. @throws StripeRefused | GatewayUnreachable */
export type Ask = <T>(
  question: Question,
  schema: z.ZodType<T>,
  call: (stripe: Stripe) => Promise<unknown>,
) => Promise<T>;

/** Stripe answered no. Its own message stays behind: the one about a wrong key holds a part of the key. */
export class StripeRefused extends GatewayRefused {
  readonly status: number;
  /** Stripe's code, else its type of error */
  readonly reason: string;

  constructor(question: Question, status: number, reason: string) {
    const { message, hint } = refused(question, `HTTP ${status} ${reason}`.trim(), hintFor(status));
    super('gateway_refused', message, { hint });
    this.status = status;
    this.reason = reason;
  }
}

export function createAsk(settings: StripeBot, tools: ClientTools): Ask {
  return async (question, schema, call) => {
    const fault: { unreachable?: GatewayUnreachable } = {};
    const transport = transportFor(settings, tools, question, fault);
    const stripe = new Stripe(settings.secretKey, {
      maxNetworkRetries: 0,
      telemetry: false,
      httpClient: Stripe.createFetchHttpClient(transport),
    });
    const answer = await call(stripe).catch((error: unknown) => {
      throw fault.unreachable ?? whatIsMeant(question, error);
    });
    return readAnswer(question, answer, schema);
  };
}

/** The SDK words the request; it travels as every call of a gateway does: bounded in time and size, one log line. */
function transportFor(
  settings: StripeBot,
  tools: ClientTools,
  question: Question,
  fault: { unreachable?: GatewayUnreachable },
): typeof fetch {
  return async (input, request = {}) => {
    // The SDK takes host and port, but no path: an API base may have one.
    const { pathname, search } = new URL(input instanceof Request ? input.url : input);
    const headers = new Headers(request.headers);
    headers.delete('content-length');
    try {
      const { status, text } = await callGateway(tools, {
        ...question,
        method: request.method === 'POST' ? 'POST' : 'GET',
        url: `${settings.apiBase}${pathname}${search}`,
        headers: Object.fromEntries(headers),
        ...(typeof request.body === 'string' ? { body: request.body } : {}),
        // Every POST has an idempotency key, ours or one that the SDK made for this request.
        repeatable: true,
      });
      return new Response(text, { status, headers: { 'content-type': 'application/json' } });
    } catch (error) {
      if (error instanceof GatewayUnreachable) fault.unreachable = error;
      throw error;
    }
  };
}

/** The SDK's error in our words, without the error itself: it holds headers and texts of Stripe. */
function whatIsMeant(question: Question, error: unknown): GatewayRefused | GatewayUnreachable {
  if (!(error instanceof Stripe.errors.StripeError) || error.statusCode === undefined || error.statusCode < 400)
    return unreachable(question, 'the answer makes no sense');
  // The first request with the same idempotency key is still running, or the object is locked by another one.
  if (error.statusCode === 409) return unreachable(question, 'HTTP 409');
  return new StripeRefused(question, error.statusCode, cleanText(String(error.code ?? error.rawType ?? '')));
}

function hintFor(status: number): string {
  if (status === 401 || status === 403)
    return 'Compare STRIPE_SECRET_KEY with the dashboard of Stripe: its mode, and what a restricted key may do';
  return 'See the payment in the dashboard of Stripe; Developers → Logs has the request';
}
