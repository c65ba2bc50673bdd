import { type Currency, formatAmount, isCurrency, type Money, parseAmount } from '@mingdan/kernel';
import express, { type Request, type RequestHandler, type Response, type Router } from 'express';
import { z } from 'zod';
import { bytesOf, rawBody, serviceDoor } from '../../service-door.ts';
import { type Desk, type Payment, type Refund, Refused, type Till } from '../contract.ts';
import type { PingPongKeys } from './keys.ts';
import { isSignedBy } from './sign.ts';

const createInput = z.object({
  merchant_id: z.string(),
  order_id: z.string().min(1).max(64),
  amount: z.string(),
  currency: z.string(),
  subject: z.string().max(256).default(''),
  notify_url: z.url(),
  return_url: z.string().default(''),
  /** seconds */
  expires_in: z.number().int().positive().max(604_800).default(1_800),
});

const refundInput = z.object({
  refund_id: z.string().min(1).max(64),
  order_id: z.string(),
  amount: z.string(),
  currency: z.string(),
  reason: z.string().default(''),
});

/** The gateway's API. */
export function pingpongRoutes({ till, keys, door, pageOf }: Desk<PingPongKeys>): Router {
  const router = express.Router();
  const api = express.Router();
  const broken = serviceDoor(door, 'pingpong', nameOf, (res, status, retryAfter) => {
    if (status === 429) res.set('retry-after', String(retryAfter));
    res.status(status).json({ error: { code: 'sandbox_fault', message: 'the control panel asked for this failure' } });
  });
  api.use(rawBody, broken, checkSignature(keys.apiSecret));

  api.post(
    '/payments',
    answer((req) => {
      const payment = create(till, keys, createInput.parse(jsonOf(req)));
      return { ...show(payment), payment_url: pageOf(payment) };
    }),
  );
  api.get(
    '/payments/:orderId',
    answer((req) => show(till.ledger.get(param(req, 'orderId')))),
  );
  api.post(
    '/payments/:orderId/close',
    answer((req) => {
      const payment = till.ledger.get(param(req, 'orderId'));
      till.close(payment);
      return show(payment);
    }),
  );
  api.post(
    '/refunds',
    answer((req) => {
      const input = refundInput.parse(jsonOf(req));
      const amount = money(input.amount, input.currency);
      const wanted = { refundId: input.refund_id, amount, reason: input.reason };
      return showRefund(till.refund(till.ledger.get(input.order_id), wanted).refund);
    }),
  );
  api.get(
    '/refunds/:refundId',
    answer((req) => showRefund(till.ledger.getRefund(param(req, 'refundId')))),
  );
  api.use((_req, res) => complain(res, new Refused(404, 'not_found', 'there is no such path')));

  router.use('/v1', api);
  return router;
}

/** The same order_id again is the same payment, whatever else the request says now. */
function create({ ledger }: Till, keys: PingPongKeys, input: z.infer<typeof createInput>): Payment {
  if (input.merchant_id !== keys.merchantId) throw new Refused(403, 'unknown_merchant', 'merchant_id is not known');
  return (
    ledger.find(input.order_id) ??
    ledger.create({
      orderId: input.order_id,
      amount: money(input.amount, input.currency),
      subject: input.subject,
      notifyUrl: input.notify_url,
      returnUrl: input.return_url,
      expiresAt: Date.now() + input.expires_in * 1_000,
    })
  );
}

function money(text: string, currency: string): Money {
  if (!isCurrency(currency)) throw new Refused(422, 'bad_currency', `${currency.slice(0, 10)} is no currency here`);
  try {
    return parseAmount(text, currency satisfies Currency);
  } catch {
    throw new Refused(422, 'bad_amount', `"${text.slice(0, 20)}" is no amount in ${currency}`);
  }
}

function nameOf(req: Request): string {
  return `${req.method} /v1${req.path}`;
}

function param(req: Request, name: string): string {
  return String(req.params[name] ?? '');
}

/**
 * X-Signature is over the raw body, or over the path where there is no body. Clients whose base URL has a path of its own may sign
 * the whole path (`/pingpong/v1/…`) or what follows the base (`/v1/…`): the protocol leaves it open, so both hold.
 */
function checkSignature(secret: string): RequestHandler {
  return (req, res, next) => {
    const signature = req.get('x-signature') ?? '';
    const body = bytesOf(req);
    const path = req.originalUrl.split('?')[0] ?? '';
    const signed = body.length > 0 ? [body] : [path, path.slice(path.indexOf('/v1/'))].map((text) => Buffer.from(text));
    const fresh = Math.abs(Date.now() / 1_000 - Number(req.get('x-timestamp') ?? 'x')) <= 300;
    if (!signed.some((message) => isSignedBy(secret, message, signature))) {
      return complain(res, new Refused(401, 'invalid_signature', 'X-Signature does not fit the request'));
    }
    if (!fresh) return complain(res, new Refused(401, 'stale_request', 'X-Timestamp is missing or over 5 minutes off'));
    next();
  };
}

function answer(work: (req: Request) => unknown): RequestHandler {
  return (req, res) => {
    try {
      res.json(work(req));
    } catch (error) {
      if (error instanceof Refused) complain(res, error);
      else if (error instanceof z.ZodError) complain(res, new Refused(422, 'invalid_parameter', readable(error)));
      else throw error;
    }
  };
}

function complain(res: Response, error: Refused): void {
  res.status(error.status).json({ error: { code: error.code, message: error.message } });
}

function readable(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
}

function jsonOf(req: Request): unknown {
  try {
    return JSON.parse(bytesOf(req).toString('utf8'));
  } catch {
    throw new Refused(400, 'invalid_json', 'the body is no JSON');
  }
}

/** What came in counts, where something did: a merchant must see a wrong amount in the query too. */
function show(payment: Payment) {
  const [charge] = payment.charges;
  const amount = charge?.amount ?? payment.amount;
  return {
    payment_id: payment.paymentId,
    order_id: payment.orderId,
    status: payment.status,
    amount: formatAmount(amount),
    currency: amount.currency,
    ...(charge && { paid_at: charge.at }),
  };
}

function showRefund(refund: Refund) {
  return {
    refund_id: refund.refundId,
    order_id: refund.orderId,
    status: refund.status,
    amount: formatAmount(refund.amount),
    currency: refund.amount.currency,
  };
}
