import { randomBytes, sign } from 'node:crypto';
import type { Clock } from '@mingdan/kernel';
import { z } from 'zod';
import type { CreatedPayment, CreatePayment } from '../../contract.ts';
import { refused } from '../../gateway-call.ts';
import { webAddress } from '../../values.ts';
import { type Ask, type Question, understand } from './ask.ts';
import type { WechatBot } from './settings.ts';
import { appMethods, chinaTime } from './wire.ts';

const MINUTE_MS = 60_000;
const PREPAY_LIFE_MS = 120 * MINUTE_MS;
const H5_LIFE_MS = 5 * MINUTE_MS;
const LONGEST_DESCRIPTION = 127;

const prepayAnswer = z.object({ prepay_id: z.string().min(1).max(64) });
const nativeAnswer = z.object({ code_url: z.url().max(512) });
const h5Answer = z.object({ h5_url: webAddress.max(512) });

/** The same order with the same content is the same payment there, whenever it is asked. */
export async function createPayment(
  settings: WechatBot,
  clock: Clock,
  ask: Ask,
  request: CreatePayment,
): Promise<CreatedPayment> {
  const now = clock.now();
  const kind = request.method.toLowerCase().replace('wechat_', '');
  const question: Question = {
    provider: 'wechat',
    what: 'create',
    about: { order_no: request.gatewayOrderId },
    method: 'POST',
    path: `/v3/pay/transactions/${kind}`,
    fields: fieldsOf(settings, request, now),
  };
  refuseWhatCannotBe(question, request);
  const reply = await ask(question);
  const nothing = { providerPaymentId: null, paymentUrl: null };
  switch (request.method) {
    case 'WECHAT_NATIVE':
      return {
        ...nothing,
        qrCode: understand(question, reply, nativeAnswer).code_url,
        shownUntil: shownUntil(request, now, PREPAY_LIFE_MS),
      };
    case 'WECHAT_H5':
      return {
        ...nothing,
        paymentUrl: understand(question, reply, h5Answer).h5_url,
        shownUntil: new Date(now.getTime() + H5_LIFE_MS),
      };
    default:
      return {
        ...nothing,
        clientParams: clientParams(settings, request.method, understand(question, reply, prepayAnswer).prepay_id, {
          seconds: String(Math.floor(now.getTime() / 1000)),
          nonce: randomBytes(16).toString('hex'),
        }),
        shownUntil: shownUntil(request, now, PREPAY_LIFE_MS),
      };
  }
}

/** Said here, in words that help, before WeChat Pay answers PARAM_ERROR. */
function refuseWhatCannotBe(question: Question, { method, buyer, amount, gatewayOrderId }: CreatePayment): void {
  if (!appMethods.includes(method))
    throw refused(question, `there is no method ${method}`, 'See the methods of wechat');
  if (!/^[0-9A-Za-z_\-|*]{6,32}$/.test(gatewayOrderId))
    throw refused(question, 'WeChat Pay takes 6 to 32 letters, digits and _-|* as an order id', 'Use another order id');
  if (amount.currency !== 'CNY') throw refused(question, 'WeChat Pay takes CNY only', 'Ask for the amount in CNY');
  if (method === 'WECHAT_JSAPI' && buyer.openid === null)
    throw refused(question, 'WECHAT_JSAPI needs the openid of the buyer', 'Send openid along, or use WECHAT_NATIVE');
  if (method === 'WECHAT_H5' && buyer.ip === null)
    throw refused(question, 'WECHAT_H5 needs the address of the buyer', 'Use WECHAT_NATIVE where it is not known');
}

function fieldsOf(settings: WechatBot, request: CreatePayment, now: Date): Record<string, unknown> {
  // An order that is nearly over still gets the shortest life that WeChat Pay takes.
  const earliest = now.getTime() + MINUTE_MS + 5_000;
  const end = new Date(Math.max(request.expiresAt.getTime(), earliest));
  const { openid, ip } = request.buyer;
  return {
    appid: appIdFor(settings, request.method),
    mchid: settings.mchId,
    description: shortened(request.subject, LONGEST_DESCRIPTION),
    out_trade_no: request.gatewayOrderId,
    time_expire: chinaTime(end),
    notify_url: withoutQuery(settings.notifyUrl ?? request.notifyUrl),
    amount: { total: request.amount.minor, currency: request.amount.currency },
    ...(request.method === 'WECHAT_JSAPI' ? { payer: { openid } } : {}),
    ...(request.method === 'WECHAT_H5' ? { scene_info: { payer_client_ip: ip, h5_info: { type: 'Wap' } } } : {}),
  };
}

function appIdFor(settings: WechatBot, method: string): string {
  return settings.appIdByMethod[method] ?? settings.appId;
}

/** To a notify URL with a query string WeChat Pay sends nothing, without a word. */
export function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/s, '');
}

/** Whole characters, in at most so many bytes. */
export function shortened(text: string, bytes: number): string {
  let short = '';
  for (const character of text) {
    if (Buffer.byteLength(short + character) > bytes) break;
    short += character;
  }
  return short;
}

/** Null where the payment ends before what is shown does. */
function shownUntil(request: CreatePayment, now: Date, lifeMs: number): Date | null {
  const end = new Date(now.getTime() + lifeMs);
  return end < request.expiresAt ? end : null;
}

/**
 * What WeixinJSBridge or the SDK of the app is called with. In both the signature is over app id, time, nonce and prepay id, one a line;
 * a page signs `prepay_id=…`, an app the bare id.
 */
export function clientParams(
  settings: WechatBot,
  method: string,
  prepayId: string,
  at: { seconds: string; nonce: string },
): Record<string, string> {
  const appId = appIdFor(settings, method);
  const signed = (last: string): string =>
    sign('sha256', Buffer.from(`${appId}\n${at.seconds}\n${at.nonce}\n${last}\n`), settings.privateKey).toString(
      'base64',
    );
  if (method === 'WECHAT_APP')
    return {
      appid: appId,
      partnerid: settings.mchId,
      prepayid: prepayId,
      package: 'Sign=WXPay',
      noncestr: at.nonce,
      timestamp: at.seconds,
      sign: signed(prepayId),
    };
  return {
    appId,
    timeStamp: at.seconds,
    nonceStr: at.nonce,
    package: `prepay_id=${prepayId}`,
    signType: 'RSA',
    paySign: signed(`prepay_id=${prepayId}`),
  };
}
