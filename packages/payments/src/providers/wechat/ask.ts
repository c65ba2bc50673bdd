import type { KeyObject } from 'node:crypto';
import { type Money, messageOf } from '@mingdan/kernel';
import { Decorator } from 'wechatpay-axios-plugin';
import { z } from 'zod';
import type { ClientTools } from '../../contract.ts';
import { readAnswer } from '../../gateway-answer.ts';
import {
  type CallName,
  callGateway,
  type GatewayAnswer,
  LONGEST_ANSWER,
  orderIdUsed,
  refused,
  unreachable,
} from '../../gateway-call.ts';
import { type Fields, jsonObject, textOf, translate } from '../../wire-text.ts';
import type { WechatBot } from './settings.ts';
import { PUBLIC_KEY_ID } from './wire.ts';

export interface Question extends CallName {
  readonly provider: 'wechat';
  readonly what: 'create' | 'query' | 'close' | 'refund' | 'query refund';
  readonly method: 'GET' | 'POST';
  /** below the root of the API, with its query */
  readonly path: string;
  readonly fields?: Fields;
}

export type Ask = (question: Question) => Promise<GatewayAnswer>;

/** Calls of WeChat Pay: signed, and their answers' signatures checked, by wechatpay-axios-plugin; bounded and logged as of any gateway. */
export function createAsk(settings: WechatBot, tools: ClientTools): Ask {
  const plugin = new Decorator(pluginSettings(settings));
  return (question) =>
    callGateway(
      { ...tools, fetch: (_, request) => throughPlugin(plugin, question, request?.signal ?? undefined) },
      {
        ...question,
        url: `${settings.apiBase}${question.path}`,
        headers: {},
        // Every call is idempotent by out_trade_no or out_refund_no. A second try also passes the answers that WeChat Pay now and then
        // signs wrongly on purpose (WECHATPAY/SIGNTEST/): the right one follows.
        repeatable: true,
      },
    );
}

function pluginSettings(settings: WechatBot) {
  const certs: Record<string, KeyObject> = {};
  // Answers name a key as WeChat Pay writes it: a serial of a certificate has 40 characters, zeros in front among them.
  for (const { id, publicKey } of settings.platformKeys) {
    certs[id] = publicKey;
    if (!PUBLIC_KEY_ID.test(id)) certs[id.padStart(40, '0')] = publicKey;
  }
  const headers: Record<string, string> = {};
  const publicKeyId = settings.platformKeys.find(({ id }) => PUBLIC_KEY_ID.test(id))?.id;
  // Asks for answers that are signed with the public key, while certificates count beside it.
  if (publicKeyId !== undefined) headers['Wechatpay-Serial'] = publicKeyId;
  return {
    mchid: settings.mchId,
    serial: settings.serial,
    privateKey: settings.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certs,
    baseURL: `${settings.apiBase}/`,
    headers,
    maxRedirects: 0,
    maxContentLength: LONGEST_ANSWER,
    proxy: false as const,
  };
}

/** The plugin as a `fetch`. Its errors hold keys and headers of the call: nothing of them gets out but a word. */
async function throughPlugin(plugin: Decorator, question: Question, signal?: AbortSignal): Promise<Response> {
  try {
    const answer: unknown = await plugin.request(
      `v3${question.path.slice('/v3'.length)}`,
      question.method.toLowerCase(),
      question.fields,
      signal ? { signal } : {},
    );
    return asResponse(answerSchema.parse(answer));
  } catch (error) {
    const { response, code } = failureSchema.parse(error);
    if (code?.startsWith('EV3_')) throw new Error(`the answer is not rightly signed by WeChat Pay (${code})`);
    if (response) return asResponse(response);
    throw new Error(code ?? messageOf(error));
  }
}

const answerSchema = z.object({ status: z.number(), data: z.unknown() });
const failureSchema = z
  .object({ response: answerSchema.optional().catch(undefined), code: z.string().optional().catch(undefined) })
  .catch({});

function asResponse({ status, data }: z.output<typeof answerSchema>): Response {
  const hasBody = status !== 204 && status !== 304;
  const text = typeof data === 'string' ? data : JSON.stringify(data ?? '');
  return new Response(hasBody ? text : null, { status });
}

/** A 2xx answer by its schema; everything else is thrown. @throws GatewayRefused | OrderIdUsed | GatewayUnreachable */
export function understand<T>(question: Question, reply: GatewayAnswer, schema: z.ZodType<T>): T {
  if (reply.status >= 400) throw refusal(question, reply);
  return readAnswer(question, jsonObject(reply.text), schema);
}

/** The gateway's own word for a refusal; null where it gives none. */
export function errorCode(reply: GatewayAnswer): string | null {
  return textOf(jsonObject(reply.text)?.code);
}

const HINTS: Readonly<Record<string, string>> = {
  SIGN_ERROR:
    'Compare WECHAT_API_CLIENT_KEY and WECHAT_API_SERIAL_NO with the merchant console, and the clock of this machine',
  APPID_MCHID_NOT_MATCH:
    'Bind WECHAT_APP_ID to WECHAT_MCH_ID in the merchant console, or set WECHAT_APP_IDS for this method',
  NO_AUTH: 'Apply for this product in the merchant console: WeChat Pay has not opened it for this merchant',
  NOT_ENOUGH: 'Top up the balance that refunds are taken from, then let the refund be tried again',
  RULE_LIMIT: 'WeChat Pay limits this merchant or this buyer: see the notices in the merchant console',
  ORDERPAID: 'Ask for the payment: its order is paid',
};
/** The id was closed or belongs to a payment with other content. Never a payment that was made: that is ORDERPAID. */
const ID_USED: readonly string[] = ['OUT_TRADE_NO_USED', 'ORDER_CLOSED'];
/** No answer to what was asked: it may work the next time. */
const LATER: readonly string[] = [
  'SYSTEM_ERROR',
  'SYSTEMERROR',
  'FREQUENCY_LIMITED',
  'RATELIMIT_EXCEEDED',
  'BANK_ERROR',
];

function refusal(question: Question, reply: GatewayAnswer): Error {
  const code = errorCode(reply) ?? '';
  const why = `HTTP ${reply.status} ${code}`.trim();
  if (LATER.includes(code)) return unreachable(question, why);
  if (question.what === 'create' && ID_USED.includes(code)) return orderIdUsed(question, why);
  return refused(question, why, translate(HINTS, code) ?? 'See the payment in the merchant console of WeChat Pay');
}

/** True where the answer names another amount or currency; each may be left out. */
export function namesOtherMoney(asked: Money, fen = asked.minor, currency: string = asked.currency): boolean {
  return fen !== asked.minor || currency !== asked.currency;
}
