import { z } from 'zod';
import type { ClientTools, RefundOrder } from '../../../contract.ts';
import { readAnswer } from '../../../gateway-answer.ts';
import { type CallName, callGateway, type GatewayAnswer, refused, unreachable } from '../../../gateway-call.ts';
import { gatewayId } from '../../../values.ts';
import { isSameMoney } from '../../../wire-money.ts';
import { type Fields, isFields, jsonObject, textOf } from '../../../wire-text.ts';
import type { PlainBot } from '../settings.ts';
import { PLAIN_SIGNATURE_HEADER } from '../wire.ts';
import { namedMoney, signature } from './wire.ts';

export interface Question extends CallName {
  readonly provider: 'pingpong';
  readonly what: 'create' | 'query' | 'close' | 'refund' | 'query refund';
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly fields?: Fields;
}

export type Ask = (question: Question) => Promise<GatewayAnswer>;

/** One signed call of the plain protocol. */
export function createAsk(settings: PlainBot, tools: ClientTools): Ask {
  return (question) => {
    const url = `${settings.apiBase}${question.path}`;
    const body = question.fields === undefined ? undefined : JSON.stringify(question.fields);
    return callGateway(tools, {
      ...question,
      url,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        [PLAIN_SIGNATURE_HEADER]: signature(settings.apiSecret, body ?? new URL(url).pathname).toString('hex'),
        'x-timestamp': String(Math.floor(tools.clock.now().getTime() / 1000)),
      },
      ...(body === undefined ? {} : { body }),
      // Every call of this protocol is idempotent by the order number or the refund's id.
      repeatable: true,
    });
  };
}

/** Where an answer names its order or its money, they must be those that were asked about. */
export const named = z.object({
  order_id: gatewayId.nullish(),
  amount: z.unknown().optional(),
  currency: z.unknown().optional(),
});
type Named = z.output<typeof named>;
type Asked = Partial<Pick<RefundOrder, 'gatewayOrderId' | 'amount'>>;

/** A 2xx answer by its schema and about what was asked; everything else is thrown. @throws GatewayRefused | GatewayUnreachable */
export function understand<T extends Named>(
  question: Question,
  reply: GatewayAnswer,
  schema: z.ZodType<T>,
  asked: Asked,
): T {
  const fields = jsonObject(reply.text);
  if (reply.status >= 400)
    throw refused(question, `HTTP ${reply.status} ${reasonIn(fields)}`.trim(), hintFor(reply.status));
  const answer = readAnswer(question, fields, schema);
  const difference = otherThanAsked(answer, asked);
  if (difference) throw unreachable(question, difference);
  return answer;
}

function otherThanAsked({ order_id, amount, currency }: Named, asked: Asked): string | null {
  const orderId = order_id ?? null;
  if (asked.gatewayOrderId !== undefined && orderId !== null && orderId !== asked.gatewayOrderId)
    return 'the answer is about another order';
  if (asked.amount === undefined || amount === undefined || amount === null) return null;
  const money = namedMoney(amount, currency ?? asked.amount.currency);
  return isSameMoney(money.amount, asked.amount) ? null : 'the answer names another amount';
}

/** The gateway's own word for its refusal, where it gives one. */
function reasonIn(fields: Fields | undefined): string {
  const error = fields?.error;
  return textOf(isFields(error) ? error.code : error) ?? textOf(fields?.code) ?? '';
}

function hintFor(status: number): string {
  if (status === 401 || status === 403)
    return 'Compare PINGPONG_MERCHANT_ID and PINGPONG_API_SECRET with the merchant console';
  return 'See the payment in the console of PingPong';
}
