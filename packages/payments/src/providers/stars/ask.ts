import { z } from 'zod';
import type { ClientTools } from '../../contract.ts';
import { readAnswer } from '../../gateway-answer.ts';
import { type CallName, callGateway, refused, unreachable } from '../../gateway-call.ts';
import { jsonObject } from '../../wire-text.ts';
import type { StarsBot } from './settings.ts';

export interface Question extends CallName {
  readonly provider: 'stars';
  readonly what: 'create' | 'refund' | 'list' | 'end_subscription';
  /** of the Bot API */
  readonly method: string;
  readonly fields: object;
}

/** One call of the Bot API, its result by the schema. @throws GatewayRefused with Telegram's own word, GatewayUnreachable */
export type Ask = <T>(question: Question, schema: z.ZodType<T>) => Promise<T>;

const answer = z.looseObject({
  ok: z.boolean(),
  result: z.unknown().optional(),
  description: z.string().catch(''),
});

export function createAsk(settings: StarsBot, tools: ClientTools): Ask {
  return async (question, schema) => {
    const reply = await callGateway(tools, {
      ...question,
      method: 'POST',
      url: `${settings.apiRoot}/bot${settings.token}/${question.method}`,
      headers: { accept: 'application/json', 'content-type': 'application/json' },
      body: JSON.stringify(question.fields),
      // A second link is the same payment, a second refund is answered CHARGE_ALREADY_REFUNDED.
      repeatable: true,
    });
    // A wrong token or address says nothing about this payment: it is tried again once that is mended.
    if (reply.status === 401 || reply.status === 404)
      throw unreachable(question, `HTTP ${reply.status}, check the bot token`);
    const { ok, result, description } = readAnswer(question, jsonObject(reply.text), answer);
    if (!ok) throw refused(question, refusalIn(description), hintFor(description));
    return readAnswer(question, result, schema);
  };
}

/** The error names of `payments.refundStarsCharge`, as they stand in a description. */
function refusalIn(description: string): string {
  return /\b[A-Z]+(?:_[A-Z]+)+\b/.exec(description)?.[0] ?? description.slice(0, 100);
}

function hintFor(description: string): string {
  if (description.includes('BALANCE_TOO_LOW')) return 'The bot has too few Stars left to give these back';
  if (description.includes('CHARGE_NOT_FOUND')) return 'Was this payment made to another bot?';
  return 'See the payments of the bot at @BotFather';
}
