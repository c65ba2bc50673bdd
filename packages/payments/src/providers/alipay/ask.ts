import { verify as verifySignature } from 'node:crypto';
import { AlipaySdk } from 'alipay-sdk';
import type { ClientTools } from '../../contract.ts';
import { type CallName, callGateway, unreachable } from '../../gateway-call.ts';
import { type Fields, jsonObject, textOf } from '../../wire-text.ts';
import type { AlipayBot } from './settings.ts';
import { ALGORITHM, chinaTime, partsOf } from './wire.ts';

type Parameters = Readonly<Record<string, string>>;

export interface Question extends CallName {
  readonly provider: 'alipay';
  readonly what: 'create' | 'query' | 'close' | 'refund' | 'query refund';
  readonly method: `alipay.trade.${string}`;
  /** parameters beside `biz_content` */
  readonly common: Parameters;
  /** what `biz_content` holds */
  readonly business: Parameters;
}

export interface Answer {
  readonly code: string;
  readonly subCode: string | null;
  readonly fields: Fields;
  /** false: an `error_response` that nobody signed. All else is verified, or thrown. */
  readonly signed: boolean;
}

export interface Alipay {
  /** an address with everything signed in it; nobody is called */
  page(method: string, common: Parameters, business: Parameters): string;
  /** what the Alipay app is called with; nobody is called */
  signed(method: string, common: Parameters, business: Parameters): string;
  /** @throws GatewayUnreachable */
  ask(question: Question): Promise<Answer>;
}

/**
 * The vendor's library writes and signs what we ask; the calls go the way of all other gateways, bounded in time and in size and with
 * one log line. Its own HTTP follows redirects, reads without end and puts whole answers into its errors.
 */
export function openAlipay(settings: AlipayBot, tools: ClientTools): Alipay {
  const sdk = new AlipaySdk({
    appId: settings.appId,
    privateKey: String(settings.privateKey.export({ format: 'pem', type: 'pkcs8' })),
    keyType: 'PKCS8',
    gateway: settings.gatewayUrl,
  });
  // Left to itself the library writes the time of this process's zone, and Alipay reads it as China's.
  const timed = (common: Parameters): Parameters => ({ ...common, timestamp: chinaTime(tools.clock.now()) });
  const signed: Alipay['signed'] = (method, common, business) =>
    sdk.sdkExecute(method, { ...timed(common), bizContent: business });
  return {
    page: (method, common, business) => sdk.pageExecute(method, 'GET', { ...timed(common), bizContent: business }),
    signed,
    async ask(question) {
      const parameters = new URLSearchParams(signed(question.method, question.common, question.business));
      const text = await send(settings, tools, question, parameters);
      return understood(settings, question, text);
    },
  };
}

/** As the vendor's library sends it: what belongs to every call in the address, the business in the body. */
async function send(
  settings: AlipayBot,
  tools: ClientTools,
  question: Question,
  parameters: URLSearchParams,
): Promise<string> {
  const body = new URLSearchParams({ biz_content: parameters.get('biz_content') ?? '' }).toString();
  const url = new URL(settings.gatewayUrl);
  for (const [name, value] of parameters) if (name !== 'biz_content') url.searchParams.set(name, value);
  const answer = await callGateway(tools, {
    ...question,
    method: 'POST',
    url: url.toString(),
    headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' },
    body,
    // Every one of them is one by its order number or refund number, however often it is sent.
    repeatable: true,
  });
  // A no comes with 200 too: anything else is from something on the way.
  if (answer.status !== 200) throw unreachable(question, `HTTP ${answer.status}`);
  return answer.text;
}

/** The one part of the answer that counts, read from the very text that was signed. @throws GatewayUnreachable */
function understood(settings: AlipayBot, question: Question, text: string): Answer {
  const parts = partsOf(text);
  const name = `${question.method.replaceAll('.', '_')}_response`;
  const part = parts?.get(name) ?? parts?.get('error_response');
  const fields = part === undefined ? undefined : jsonObject(part);
  if (!parts || part === undefined || !fields) throw unreachable(question, 'the answer makes no sense');
  const sign = signatureIn(parts.get('sign'));
  const code = textOf(fields.code);
  if (code === null) throw unreachable(question, 'the answer makes no sense');
  const answer = { code, subCode: textOf(fields.sub_code), fields };
  // Where it cannot tell who is asking, Alipay cannot tell how to sign either.
  if (sign === null && !parts.has(name) && code !== '10000') return { ...answer, signed: false };
  if (!isSigned(settings, part, sign ?? ''))
    throw unreachable(
      question,
      "the signature of the answer does not match under ALIPAY_PUBLIC_KEY, which must be Alipay's key and not that of the app",
    );
  return { ...answer, signed: true };
}

/** Its JSON text is a string of base64; an escaped slash is the only thing in it that can need reading. */
function signatureIn(text: string | undefined): string | null {
  const sign: unknown = text === undefined ? null : JSON.parse(text);
  return typeof sign === 'string' ? sign : null;
}

function isSigned({ publicKeys }: AlipayBot, part: string, sign: string): boolean {
  const signature = Buffer.from(sign, 'base64');
  return publicKeys.some((key) => verifySignature(ALGORITHM, Buffer.from(part), key, signature));
}
