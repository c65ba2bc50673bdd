import { timingSafeEqual } from 'node:crypto';
import { isCurrency, type Money, parseAmount } from '@mingdan/kernel';
import express, { type Request, type RequestHandler, type Response, type Router } from 'express';
import { z } from 'zod';
import { bytesOf, rawBody, serviceDoor } from '../../service-door.ts';
import { type Desk, type Payment, Refused, type Till } from '../contract.ts';
import { secondsOf, show } from './invoice.ts';
import type { OxaPayKeys } from './keys.ts';

const createInput = z.object({
  amount: z.number().positive(),
  currency: z.string().default('USD'),
  /** minutes */
  lifetime: z.number().int().min(15).max(2_880).default(60),
  fee_paid_by_payer: z.literal([0, 1]).default(0),
  under_paid_coverage: z.number().min(0).max(60).default(0),
  mixed_payment: z.boolean().default(false),
  callback_url: z.url().default(''),
  return_url: z.string().default(''),
  order_id: z.string().max(64).default(''),
  description: z.string().max(500).default(''),
});

const number = z.coerce.number();
const historyInput = z.object({
  track_id: z.string().optional(),
  status: z.string().optional(),
  from_date: number.default(0),
  to_date: number.default(Number.MAX_SAFE_INTEGER),
  sort_type: z.enum(['asc', 'desc']).default('desc'),
  page: number.int().min(1).default(1),
  size: number.int().min(1).max(200).default(10),
});

/** The gateway's API, version 1. There is no idempotency, no closing and no refund in it. */
export function oxapayRoutes({ till, keys, door, pageOf }: Desk<OxaPayKeys>): Router {
  const api = express.Router();
  const broken = serviceDoor(
    door,
    'oxapay',
    (req) => `${req.method} /v1${req.path}`,
    (res, status) => {
      complain(res, new Refused(status, 'sandbox_fault', 'the control panel asked for this failure'));
    },
  );
  api.use(rawBody, broken, checkKey(keys.merchantKey));

  api.post(
    '/payment/invoice',
    answer((req) => {
      const payment = create(till, createInput.parse(jsonOf(req)));
      return {
        track_id: payment.paymentId,
        payment_url: pageOf(payment),
        expired_at: secondsOf(payment.expiresAt),
        date: secondsOf(Date.parse(payment.createdAt)),
      };
    }),
  );
  api.get(
    '/payment',
    answer((req) => history(till, historyInput.parse(req.query))),
  );
  api.get(
    '/payment/:trackId',
    answer((req) => {
      const payment = till.ledger.payments.get(String(req.params.trackId));
      if (!payment) throw new Refused(404, 'payment_not_found', 'there is no payment of this track_id');
      return show(till, payment);
    }),
  );
  api.use((_req, res) => complain(res, new Refused(404, 'not_found', 'there is no such path')));
  return express.Router().use('/v1', api);
}

/** Always a new one: the same order_id again is another invoice. */
function create({ ledger }: Till, input: z.infer<typeof createInput>): Payment {
  return ledger.create({
    orderId: input.order_id,
    amount: money(input.amount, input.currency.toUpperCase()),
    subject: input.description,
    notifyUrl: input.callback_url,
    returnUrl: input.return_url,
    expiresAt: Date.now() + input.lifetime * 60_000,
    details: {
      lifetime: String(input.lifetime),
      feePaidByPayer: String(input.fee_paid_by_payer),
      coverage: String(input.under_paid_coverage),
      mixed: String(input.mixed_payment),
    },
  });
}

function money(amount: number, currency: string): Money {
  if (!isCurrency(currency)) throw new Refused(400, 'invalid_currency', 'this currency is not known');
  try {
    return parseAmount(String(amount), currency);
  } catch {
    throw new Refused(400, 'invalid_amount', 'this is no amount in that currency');
  }
}

function history(till: Till, wish: z.infer<typeof historyInput>) {
  const shown = [...till.ledger.payments.values()]
    .map((payment) => show(till, payment))
    .filter(
      ({ date, track_id, status }) =>
        date >= wish.from_date &&
        date <= wish.to_date &&
        (wish.track_id === undefined || track_id === wish.track_id) &&
        (wish.status === undefined || status === wish.status.toLowerCase()),
    );
  if (wish.sort_type === 'desc') shown.reverse();
  const list = shown.slice((wish.page - 1) * wish.size, wish.page * wish.size);
  const last_page = Math.max(1, Math.ceil(shown.length / wish.size));
  return { list, meta: { page: wish.page, last_page, total: shown.length } };
}

function checkKey(merchantKey: string): RequestHandler {
  return (req, res, next) => {
    const given = Buffer.from(req.get('merchant_api_key') ?? '');
    const wanted = Buffer.from(merchantKey);
    if (given.length === wanted.length && timingSafeEqual(given, wanted)) return next();
    complain(res, new Refused(401, 'invalid_merchant_api_key', 'merchant_api_key is not known'));
  };
}

function answer(work: (req: Request) => unknown): RequestHandler {
  return (req, res) => {
    try {
      res.json({
        data: work(req),
        message: 'Operation completed successfully!',
        error: {},
        status: 200,
        version: '1.0.0',
      });
    } catch (error) {
      if (error instanceof Refused) complain(res, error);
      else if (error instanceof z.ZodError) complain(res, new Refused(400, 'validation_error', readable(error)));
      else throw error;
    }
  };
}

function complain(res: Response, { status, code, message }: Refused): void {
  const error = { type: 'invalid_request', key: code, message };
  res.status(status).json({ data: {}, message: 'The request was not completed.', error, status, version: '1.0.0' });
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
