import { createHash, timingSafeEqual } from 'node:crypto';
import express, { type Request, type RequestHandler, type Response, type Router } from 'express';
import { bytesOf, rawBody, serviceDoor } from '../../service-door.ts';
import { type Desk, type Details, type Payment, Refused } from '../contract.ts';
import { StripeError, treeOf } from './form.ts';
import { readExpand, readList, readRefund, readSession } from './input.ts';
import type { StripeKeys } from './keys.ts';
import {
  intentIdOf,
  intentObject,
  listObject,
  newSessionId,
  refundObject,
  type StripeObject,
  sessionObject,
  sessionStatus,
} from './objects.ts';

type StripeDesk = Desk<StripeKeys>;

/** The part of Stripe's API that a shop with Checkout needs. */
export function stripeRoutes(desk: StripeDesk): Router {
  const api = express.Router();
  const broken = serviceDoor(desk.door, 'stripe', nameOf, (res, status) => {
    const type = status === 429 ? 'rate_limit_error' : 'api_error';
    complain(res, new StripeError(status, 'the control panel asked for this failure', { type }));
  });
  api.use(rawBody, broken, checkKey(desk.keys.secretKey));
  sessionRoutes(api, desk);
  refundRoutes(api, desk);
  api.get(
    '/payment_intents/:id',
    answer((req) => {
      const payment = find(desk, 'payment_intent', param(req, 'id'));
      return intentObject(desk.till.ledger, payment, readExpand(queryOf(req)));
    }),
  );
  api.use((req, res) => complain(res, new StripeError(404, `Unrecognized request URL (${nameOf(req)}).`)));
  return express.Router().use('/v1', api);
}

function sessionRoutes(api: Router, desk: StripeDesk): void {
  const { ledger } = desk.till;
  const show = (payment: Payment, req: Request) =>
    sessionObject(ledger, payment, desk.pageOf(payment), readExpand(queryOf(req)));
  api.post(
    '/checkout/sessions',
    answer((req) => createSession(desk, req)),
  );
  api.get(
    '/checkout/sessions',
    answer((req) => {
      const { created, status, payment_intent: intentId, ...page } = readList(queryOf(req));
      const expand = readExpand(queryOf(req), 'data.');
      const fitting = [...ledger.payments.values()].reverse().filter((payment) => {
        const at = Math.floor(Date.parse(payment.createdAt) / 1_000);
        const ofIntent = intentId === undefined || intentIdOf(payment) === intentId;
        return (
          at >= created.gte &&
          at < created.lt &&
          ofIntent &&
          (status ?? sessionStatus(payment)) === sessionStatus(payment)
        );
      });
      return pageOf(
        fitting.map((payment) => sessionObject(ledger, payment, desk.pageOf(payment), expand)),
        page,
        '/v1/checkout/sessions',
      );
    }),
  );
  api.get(
    '/checkout/sessions/:id',
    answer((req) => show(find(desk, 'checkout.session', param(req, 'id')), req)),
  );
  api.post(
    '/checkout/sessions/:id/expire',
    answer((req) => {
      const payment = find(desk, 'checkout.session', param(req, 'id'));
      const status = sessionStatus(payment);
      if (status !== 'open')
        throw new StripeError(
          400,
          `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of \`${status}\`.`,
        );
      desk.till.close(payment);
      return show(payment, req);
    }),
  );
}

function createSession(desk: StripeDesk, req: Request): StripeObject {
  const { ledger } = desk.till;
  const repeat = repeated(req, [...ledger.payments.values()]);
  if (repeat) return repeat;
  const { input, amount, name, expiresAt } = readSession(treeOf(bytesOf(req).toString('utf8')), Date.now());
  const paymentId = newSessionId();
  const payment = ledger.create({
    paymentId,
    orderId: input.metadata.gateway_order_id ?? input.client_reference_id ?? '',
    amount,
    subject: name,
    notifyUrl: desk.webhookUrl(),
    returnUrl: input.success_url.replaceAll('{CHECKOUT_SESSION_ID}', paymentId),
    expiresAt,
    details: {
      successUrl: input.success_url,
      cancelUrl: input.cancel_url ?? '',
      reference: input.client_reference_id ?? '',
      metadata: JSON.stringify(input.metadata),
      intentMetadata: JSON.stringify(input.payment_intent_data.metadata),
    },
  });
  return remembered(req, payment.details, sessionObject(ledger, payment, desk.pageOf(payment)));
}

function refundRoutes(api: Router, desk: StripeDesk): void {
  const { till } = desk;
  api.post(
    '/refunds',
    answer((req) => createRefund(desk, req)),
  );
  api.get(
    '/refunds',
    answer((req) => {
      const { payment_intent: intentId, ...page } = readList(queryOf(req));
      const refunds = [...till.ledger.refunds.values()].reverse().map(refundObject);
      const fitting = refunds.filter((refund) => intentId === undefined || refund.payment_intent === intentId);
      return pageOf(fitting, page, '/v1/refunds');
    }),
  );
  api.get(
    '/refunds/:id',
    answer((req) => {
      const id = param(req, 'id');
      const refund = [...till.ledger.refunds.values()].find(({ gatewayRefundId }) => gatewayRefundId === id);
      if (!refund) throw missing('refund', id);
      return refundObject(refund);
    }),
  );
}

function createRefund(desk: StripeDesk, req: Request): StripeObject {
  const { till } = desk;
  const { ledger } = till;
  const repeat = repeated(req, [...ledger.refunds.values()]);
  if (repeat) return repeat;
  const input = readRefund(treeOf(bytesOf(req).toString('utf8')));
  const payment = find(desk, 'payment_intent', input.payment_intent);
  const { amount } = payment.charges[0] ?? payment;
  if (payment.status !== 'paid')
    throw new StripeError(
      400,
      `This PaymentIntent (${input.payment_intent}) does not have a successful charge to refund.`,
    );
  const left = amount.minor - ledger.refundedMinor(payment);
  if (left === 0) throw new StripeError(400, `Charge has already been refunded.`, { code: 'charge_already_refunded' });
  const minor = input.amount ?? left;
  if (minor > left)
    throw new StripeError(400, `Refund amount is greater than unrefunded amount on charge.`, { param: 'amount' });
  const named = input.metadata.refund_id;
  const { refund } = till.refund(payment, {
    amount: { ...amount, minor },
    reason: input.reason ?? '',
    details: { metadata: JSON.stringify(input.metadata) },
    // Known to Stripe as metadata only: for the panel and for tests.
    ...(named !== undefined && !ledger.refunds.has(named) && { refundId: named }),
  });
  return remembered(req, refund.details, refundObject(refund));
}

/** The answer that this Idempotency-Key had before. @throws StripeError 400 `idempotency_error` where the parameters are others now */
function repeated(req: Request, known: readonly { readonly details: Details }[]): StripeObject | undefined {
  const key = req.get('idempotency-key');
  const found = key === undefined ? undefined : known.find(({ details }) => details.key === key);
  if (!found) return undefined;
  if (found.details.asked !== fingerprint(req))
    throw new StripeError(
      400,
      `Keys for idempotent requests can only be used with the same parameters they were first used with.`,
      { type: 'idempotency_error' },
    );
  return JSON.parse(found.details.answered ?? '{}');
}

function remembered(req: Request, details: Details, answered: StripeObject): StripeObject {
  const key = req.get('idempotency-key');
  if (key !== undefined) Object.assign(details, { key, asked: fingerprint(req), answered: JSON.stringify(answered) });
  return answered;
}

function fingerprint(req: Request): string {
  return createHash('sha256').update(bytesOf(req)).digest('hex');
}

function pageOf(
  all: readonly StripeObject[],
  page: { limit: number; starting_after?: string | undefined },
  url: string,
): StripeObject {
  const start = page.starting_after === undefined ? 0 : all.findIndex(({ id }) => id === page.starting_after) + 1;
  const data = all.slice(start, start + page.limit);
  return listObject(data, url, start + page.limit < all.length);
}

/** @throws StripeError 404 */
function find({ till }: StripeDesk, what: 'checkout.session' | 'payment_intent', id: string): Payment {
  const payments = [...till.ledger.payments.values()];
  const found = payments.find(
    (payment) => (what === 'payment_intent' ? intentIdOf(payment) : payment.paymentId) === id,
  );
  if (!found) throw missing(what, id);
  return found;
}

function missing(what: string, id: string): StripeError {
  return new StripeError(404, `No such ${what}: '${id.slice(0, 80)}'`, { code: 'resource_missing', param: 'id' });
}

function checkKey(secretKey: string): RequestHandler {
  return (req, res, next) => {
    const given = Buffer.from(/^Bearer (.+)$/.exec(req.get('authorization') ?? '')?.[1] ?? '');
    const wanted = Buffer.from(secretKey);
    if (given.length === wanted.length && timingSafeEqual(given, wanted)) return next();
    complain(res, new StripeError(401, `Invalid API Key provided: ********${given.toString().slice(-4)}`));
  };
}

function answer(work: (req: Request) => StripeObject): RequestHandler {
  return (req, res) => {
    try {
      res.json(work(req));
    } catch (error) {
      if (error instanceof StripeError) complain(res, error);
      else if (error instanceof Refused) complain(res, new StripeError(400, error.message, { code: error.code }));
      else throw error;
    }
  };
}

function complain(res: Response, { status, type, code, message, param: name }: StripeError): void {
  res.status(status).json({ error: { type, ...(code && { code }), message, ...(name && { param: name }) } });
}

function nameOf(req: Request): string {
  return `${req.method} /v1${req.path}`;
}

function param(req: Request, name: string): string {
  return String(req.params[name] ?? '');
}

function queryOf(req: Request): unknown {
  return treeOf(req.originalUrl.split('?')[1] ?? '');
}
