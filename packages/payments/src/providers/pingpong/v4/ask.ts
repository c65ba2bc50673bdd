import type { ClientTools } from '../../../contract.ts';
import {
  type CallName,
  callGateway,
  type GatewayAnswer,
  orderIdUsed,
  refused,
  unreachable,
} from '../../../gateway-call.ts';
import { cleanText, type Fields, jsonObject, textOf } from '../../../wire-text.ts';
import type { V4Bot } from '../settings.ts';
import { judgeSignature, signatureOf } from './wire.ts';

export interface Question extends CallName {
  readonly provider: 'pingpong';
  readonly what: 'create' | 'query' | 'refund' | 'query refund';
  readonly path: string;
  readonly content: Fields;
}

/** `duplicate`: this id is known there already; `missing`: it is not known there */
export type Answer =
  | { readonly found: 'content'; readonly content: Fields }
  | { readonly found: 'duplicate' }
  | { readonly found: 'missing' };

export type Ask = (question: Question) => Promise<Answer>;

/** One signed call of v4. @throws GatewayRefused | OrderIdUsed | GatewayUnreachable */
export function createAsk(settings: V4Bot, tools: ClientTools): Ask {
  return async (question) => {
    const answer = await callGateway(tools, {
      ...question,
      method: 'POST',
      url: `${settings.apiBase}${question.path}`,
      headers: { accept: 'application/json', 'content-type': 'application/json' },
      body: sealed(settings, question.content),
      // The same merchantTransactionId or merchantRefundId again is the same payment or refund.
      repeatable: true,
    });
    return understood(settings, question, answer);
  };
}

function sealed(settings: V4Bot, content: Fields): string {
  const envelope = {
    accId: settings.accId,
    clientId: settings.clientId,
    signType: settings.signType,
    version: '1.0',
    bizContent: JSON.stringify(content),
  };
  return JSON.stringify({ ...envelope, sign: signatureOf(envelope, settings.salt, settings.signType) });
}

export const SEE_CONSOLE = 'See the payment in the console of PingPong';

/** Authentication and signature: PingPong did not even look at what was asked, and may sign its answer or not. */
const KEYS_REFUSED = ['103000', '104000'];
const DONE = ['000000', '001000', '002000'];
const MISSING = ['107001', '107002'];
const DUPLICATE = '107000';
const EXPIRED = '105000';

function understood(settings: V4Bot, question: Question, answer: GatewayAnswer): Answer {
  const envelope = jsonObject(answer.text);
  const code = textOf(envelope?.code) ?? '';
  if (KEYS_REFUSED.includes(code))
    throw refused(
      question,
      `code ${code}`,
      'Compare PINGPONG_CLIENT_ID, PINGPONG_ACC_ID and PINGPONG_SALT with the console',
    );
  if (!envelope || code === '') {
    if (answer.status >= 400) throw refused(question, `HTTP ${answer.status}`, SEE_CONSOLE);
    throw unreachable(question, 'the answer makes no sense');
  }
  if (judgeSignature(envelope, settings) !== 'right')
    throw unreachable(question, `the answer (code ${code}) is not signed with PINGPONG_SALT`);
  if (envelope.accId !== settings.accId || envelope.clientId !== settings.clientId)
    throw unreachable(question, 'the answer is for another merchant');
  return byCode(question, code, envelope);
}

function byCode(question: Question, code: string, envelope: Fields): Answer {
  if (DONE.includes(code)) {
    const text = typeof envelope.bizContent === 'string' ? envelope.bizContent : '';
    const content = jsonObject(text);
    if (!content) throw unreachable(question, 'the answer makes no sense');
    return { found: 'content', content };
  }
  if (code === DUPLICATE) return { found: 'duplicate' };
  if (MISSING.includes(code)) return { found: 'missing' };
  const why = `code ${code} ${cleanText(textOf(envelope.description) ?? '')}`.trim();
  // The time of this order id is over there; under another one the same order can still be paid.
  if (code === EXPIRED) throw orderIdUsed(question, why);
  // Their own trouble: it may have been done.
  if (/^[56]/.test(code)) throw unreachable(question, why);
  throw refused(question, why, /^1(?:01|06)/.test(code) ? 'Ask PingPong to set the shop up for this' : SEE_CONSOLE);
}
