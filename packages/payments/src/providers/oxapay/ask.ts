import { z } from 'zod';
import { type ClientTools, GatewayRefused } from '../../contract.ts';
import { type CallName, callGateway, type GatewayAnswer, refused, unreachable } from '../../gateway-call.ts';
import { cleanText, type Fields, isFields } from '../../wire-text.ts';
import type { OxapayBot } from './settings.ts';
import { fieldsWithNumbersAsText } from './wire.ts';

export interface Question extends CallName {
  readonly provider: 'oxapay';
  readonly what: 'create' | 'query' | 'look up' | 'list';
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
  /** less than any call has, where several share one time */
  readonly timeoutMs?: number;
}

export type Ask = (question: Question) => Promise<Fields>;

const MISSING = 'oxapay_not_found';

/** True for the refusal of a payment that OxaPay does not know. */
export function isNotFound(error: unknown): boolean {
  return error instanceof GatewayRefused && error.code === MISSING;
}

/** One call of the v1 API. @returns the `data` of its answer, numbers as their own text */
export function createAsk(settings: OxapayBot, tools: ClientTools): Ask {
  return async (question) => {
    const { body } = question;
    const answer = await callGateway(tools, {
      ...question,
      url: `${settings.apiBase}${question.path}`,
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        merchant_api_key: settings.secretKey,
      },
      ...(body === undefined ? {} : { body }),
      // OxaPay knows no idempotency key: an invoice asked for twice is made twice.
      repeatable: question.method === 'GET',
    });
    return dataOf(question, answer);
  };
}

const envelope = z.object({ status: z.coerce.number().optional(), error: z.unknown(), data: z.unknown() });

function dataOf(question: Question, answer: GatewayAnswer): Fields {
  const parsed = envelope.safeParse(fieldsWithNumbersAsText(Buffer.from(answer.text)));
  const status = answer.status >= 400 ? answer.status : (parsed.data?.status ?? answer.status);
  if (status >= 400) throw refusal(question, status, parsed.data?.error);
  if (!parsed.success || !isFields(parsed.data.data)) throw unreachable(question, 'the answer makes no sense');
  return parsed.data.data;
}

function refusal(question: Question, status: number, error: unknown): Error {
  // Said in the envelope of an answer of HTTP 200, such a status is no more an answer than the same one of HTTP.
  if (status >= 500 || status === 408 || status === 429) return unreachable(question, `status ${status}`);
  const key = isFields(error) && typeof error.key === 'string' ? ` ${cleanText(error.key)}` : '';
  const why = `HTTP ${status}${key}`;
  if (status === 404) {
    const message = `${question.provider} ${question.what}: ${why}`;
    return new GatewayRefused(MISSING, message, { hint: 'Look for the payment in the dashboard of OxaPay' });
  }
  return refused(question, why, hintFor(status));
}

function hintFor(status: number): string {
  if (status === 401 || status === 403)
    return 'Compare OXAPAY_SECRET_KEY with the merchant API key in the dashboard of OxaPay (the payout key is another one)';
  return 'See the payment in the dashboard of OxaPay';
}
