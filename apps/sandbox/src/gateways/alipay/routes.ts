import express, { type Request, type Response, type Router } from 'express';
import { z } from 'zod';
import { escapeHtml } from '../../html.ts';
import { page } from '../../page.ts';
import { bytesOf, rawBody, serviceDoor } from '../../service-door.ts';
import { type Desk, type Payment, Refused } from '../contract.ts';
import type { AlipayKeys } from './keys.ts';
import { fromChinaTime, isSignedByApp, type Parameters, signedAnswer } from './sign.ts';
import { isPage, methods, openPage } from './trades.ts';

/** A clock that is further off belongs to another zone. How much Alipay itself bears is not published. */
const CLOCK_MS = 3_600_000;

/** One address for everything: what is asked stands in `method`. */
export function alipayRoutes(desk: Desk<AlipayKeys>): Router {
  const router = express.Router();
  const broken = serviceDoor(desk.door, 'alipay', nameOf, (res, status) => {
    const part = { code: '20000', msg: 'Service Currently Unavailable', sub_code: 'isp.unknow-error' };
    res
      .status(status)
      .type('html')
      .send(JSON.stringify({ error_response: part }));
  });
  router.all('/gateway.do', rawBody, broken, (req, res) => {
    const parameters = parametersOf(req);
    if (isPage(parameters.method)) showPage(desk, parameters, res);
    else res.type('html').send(answerTo(desk, parameters));
  });
  return router;
}

/** What /scan finds an app's order by: the signed text that the app would be called with. */
export function openByOrderString(desk: Desk<AlipayKeys>, text: string): Payment | undefined {
  const parameters = Object.fromEntries(new URLSearchParams(text));
  if (parameters.method !== 'alipay.trade.app.pay') return undefined;
  try {
    checkRequest(desk.keys, parameters);
    return openPage(desk.till, parameters);
  } catch (error) {
    refusalOf(error);
    return undefined;
  }
}

function nameOf(req: Request): string {
  return parametersOf(req).method ?? `${req.method} ${req.path}`;
}

/** From address and body together, as the gateway takes them. */
function parametersOf(req: Request): Parameters {
  const address = new URL(req.originalUrl, 'http://gateway').searchParams;
  return Object.fromEntries([...address, ...new URLSearchParams(bytesOf(req).toString('utf8'))]);
}

/** @throws Refused */
function checkRequest(keys: AlipayKeys, parameters: Parameters): void {
  if (parameters.app_id !== keys.appId) throw new Refused(40002, 'isv.invalid-app-id', '无效的AppID参数');
  if (parameters.sign_type !== 'RSA2') throw new Refused(40002, 'isv.invalid-signature-type', '无效的签名类型');
  if (parameters.charset?.toLowerCase() !== 'utf-8') throw new Refused(40002, 'isv.invalid-charset', '字符集错误');
  if (!isSignedByApp(keys.appPublicKey, parameters))
    throw new Refused(40002, 'isv.invalid-signature', '验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配');
  if (Number.isNaN(fromChinaTime(parameters.timestamp ?? '')))
    throw new Refused(40002, 'isv.invalid-timestamp', '非法的时间戳参数');
}

function answerTo({ keys, till }: Desk<AlipayKeys>, parameters: Parameters): string {
  const name = `${(parameters.method ?? '').replace(/[^\w.]/g, '').replaceAll('.', '_')}_response`;
  try {
    checkRequest(keys, parameters);
    if (Math.abs(fromChinaTime(parameters.timestamp ?? '') - Date.now()) > CLOCK_MS)
      throw new Refused(40002, 'isv.invalid-timestamp', '非法的时间戳参数');
    const method = Object.hasOwn(methods, parameters.method ?? '') ? methods[parameters.method ?? ''] : undefined;
    if (!method) throw new Refused(40002, 'isv.invalid-method', '不存在的方法名');
    return signedAnswer(keys.alipayPrivateKey, name, { code: '10000', msg: 'Success', ...method(till, parameters) });
  } catch (error) {
    const { status, code, message } = refusalOf(error);
    const part = { code: String(status), msg: MESSAGES[status] ?? 'Error', sub_code: code, sub_msg: message };
    // For an app that it does not know it has no key to sign with.
    if (code === 'isv.invalid-app-id') return JSON.stringify({ error_response: part });
    return signedAnswer(keys.alipayPrivateKey, name, part);
  }
}

const MESSAGES: Readonly<Record<number, string>> = { 40002: 'Invalid Arguments', 40004: 'Business Failed' };

/** The buyer follows the merchant's signed address: the trade is opened, and its page is shown. */
function showPage(desk: Desk<AlipayKeys>, parameters: Parameters, res: Response): void {
  try {
    checkRequest(desk.keys, parameters);
    const payment = openPage(desk.till, parameters);
    res.redirect(303, desk.pageOf(payment));
  } catch (error) {
    const { code, message } = refusalOf(error);
    const content = `<main class="till"><h1>支付宝无法受理</h1><p>${escapeHtml(message)}</p><p data-testid="error">${escapeHtml(code)}</p></main>`;
    const styles = ['/assets/checkout.css', '/assets/gateways/alipay/theme.css'];
    res
      .status(400)
      .type('html')
      .send(page({ title: '支付宝 Alipay (sandbox)', styles, content }));
  }
}

function refusalOf(error: unknown): Refused {
  if (error instanceof Refused) return error;
  if (!(error instanceof z.ZodError)) throw error;
  const fields = error.issues.map(({ path }) => path.join('.')).join(', ');
  return new Refused(40002, 'isv.invalid-parameter', `参数无效：${fields}`);
}
