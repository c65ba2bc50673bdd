import express, { type Request, type RequestHandler, type Response, type Router } from 'express';
import { z } from 'zod';
import { bytesOf, rawBody, serviceDoor } from '../../service-door.ts';
import { type Desk, type Payment, Refused } from '../contract.ts';
import { create, kinds } from './create.ts';
import type { WechatKeys } from './keys.ts';
import { refundInput, refundPayment } from './refund.ts';
import { chinaTime, showRefund, showTransaction, tradeState } from './show.ts';
import { faultOf, type Signer, sealed, signedHeaders } from './sign.ts';

const PLATFORM_CERTIFICATE_LIFE_MS = 5 * 365 * 86_400_000;

/** The gateway's API v3. */
export function wechatRoutes(desk: Desk<WechatKeys>): Router {
  const { keys, till } = desk;
  const { ledger } = till;
  const router = express.Router();
  const api = express.Router();
  const broken = serviceDoor(desk.door, 'wechat', nameOf, (res, status, retryAfter) => {
    if (status === 429) res.set('retry-after', String(retryAfter));
    complain(keys, res, new Refused(status, status === 429 ? 'FREQUENCY_LIMITED' : 'SYSTEM_ERROR', '系统错误'));
  });
  const answer = answerWith(keys);
  api.use(rawBody, broken, checkCall(keys));

  for (const kind of kinds)
    api.post(
      `/pay/transactions/${kind}`,
      answer((req) => create(desk, kind, jsonOf(req))),
    );
  const show = (payment: Payment) =>
    showTransaction(keys, payment, payment.charges[0], tradeState(payment, ledger.refundsOf(payment)));
  api.get(
    '/pay/transactions/out-trade-no/:id',
    answer((req) => show(orderOf(desk, req, ({ orderId }, id) => orderId === id))),
  );
  api.get(
    '/pay/transactions/id/:id',
    answer((req) => show(orderOf(desk, req, ({ charges }, id) => charges.some(({ paymentId }) => paymentId === id)))),
  );
  api.post(
    '/pay/transactions/out-trade-no/:id/close',
    answer((req) => close(desk, req)),
  );
  api.post(
    '/refund/domestic/refunds',
    answer((req) => refundPayment(desk, refundInput.parse(jsonOf(req)))),
  );
  api.get(
    '/refund/domestic/refunds/:id',
    answer((req) => {
      const refund = ledger.refunds.get(param(req));
      if (!refund) throw new Refused(404, 'RESOURCE_NOT_EXISTS', '退款单不存在');
      return showRefund(ledger.get(refund.paymentId), refund);
    }),
  );
  api.get(
    '/certificates',
    answer(() => certificates(keys)),
  );
  api.use((_req, res) => complain(keys, res, new Refused(404, 'RESOURCE_NOT_EXISTS', '无此接口')));

  router.use('/v3', api);
  return router;
}

function orderOf(
  { keys, till }: Desk<WechatKeys>,
  req: Request,
  fits: (payment: Payment, id: string) => boolean,
): Payment {
  if (req.query['mchid'] !== keys.mchId) throw new Refused(400, 'PARAM_ERROR', 'mchid 与证书不符');
  const found = [...till.ledger.payments.values()].findLast((payment) => fits(payment, param(req)));
  if (!found) throw new Refused(404, 'ORDER_NOT_EXIST', '订单不存在');
  return found;
}

function close({ keys, till }: Desk<WechatKeys>, req: Request): null {
  const { mchid } = z.object({ mchid: z.string() }).parse(jsonOf(req));
  if (mchid !== keys.mchId) throw new Refused(400, 'PARAM_ERROR', 'mchid 与证书不符');
  const payment = [...till.ledger.payments.values()].findLast(({ orderId }) => orderId === param(req));
  if (!payment) throw new Refused(404, 'ORDER_NOT_EXIST', '订单不存在');
  if (payment.status === 'paid') throw new Refused(400, 'ORDERPAID', '该订单已支付');
  if (payment.status === 'closed') throw new Refused(400, 'ORDER_CLOSED', '订单已关闭');
  till.close(payment);
  return null;
}

function certificates(keys: WechatKeys) {
  const { id, certificate } = keys.byCertificate;
  return {
    data: [
      {
        serial_no: id,
        effective_time: chinaTime(Date.now() - 86_400_000),
        expire_time: chinaTime(Date.now() + PLATFORM_CERTIFICATE_LIFE_MS),
        encrypt_certificate: sealed(keys.apiV3Key, certificate, 'certificate'),
      },
    ],
  };
}

function nameOf(req: Request): string {
  const [path = ''] = req.path.split(/\/(?=out-trade-no\/|id\/)/);
  return `${req.method} /v3${path}${req.path.endsWith('/close') ? '/close' : ''}`.replace(/(refunds)\/.*$/, '$1/:id');
}

function param(req: Request): string {
  return String(req.params['id'] ?? '');
}

/** Every call has to be signed by the merchant, and to say what it is and what it takes. */
function checkCall(keys: WechatKeys): RequestHandler {
  return (req, res, next) => {
    const full = req.originalUrl;
    const call = {
      authorization: req.get('authorization') ?? '',
      method: req.method,
      paths: [full, full.slice(full.indexOf('/v3/'))],
      body: bytesOf(req).toString('utf8'),
    };
    const fault = faultOf(keys, call, Date.now());
    if (fault !== null) return complain(keys, res, new Refused(401, 'SIGN_ERROR', `签名错误: ${fault}`));
    if (!req.get('user-agent') || !/application\/json|\*\/\*/.test(req.get('accept') ?? ''))
      return complain(keys, res, new Refused(400, 'PARAM_ERROR', 'Accept 或 User-Agent 缺失'));
    next();
  };
}

function answerWith(keys: WechatKeys) {
  return (work: (req: Request) => object | null): RequestHandler =>
    (req, res) => {
      try {
        const result = work(req);
        if (result === null) send(keys, res, 204, '');
        else send(keys, res, 200, JSON.stringify(result));
      } catch (error) {
        if (error instanceof Refused) complain(keys, res, error);
        else if (error instanceof z.ZodError) complain(keys, res, new Refused(400, 'PARAM_ERROR', readable(error)));
        else throw error;
      }
    };
}

function complain(keys: WechatKeys, res: Response, error: Refused): void {
  send(keys, res, error.status, JSON.stringify({ code: error.code, message: error.message }));
}

/** Signed with the key that the caller asks for, else with the certificate, as for merchants who have not changed over. */
function send(keys: WechatKeys, res: Response, status: number, body: string): void {
  const asked = res.req.get('wechatpay-serial');
  const signer: Signer = asked === keys.byPublicKey.id ? keys.byPublicKey : keys.byCertificate;
  res.status(status).set(signedHeaders(signer, body, new Date()));
  if (status === 204) return void res.end();
  res.type('application/json').send(body);
}

function readable(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
}

function jsonOf(req: Request): unknown {
  try {
    return JSON.parse(bytesOf(req).toString('utf8'));
  } catch {
    throw new Refused(400, 'PARAM_ERROR', '请求不是合法的 JSON');
  }
}
