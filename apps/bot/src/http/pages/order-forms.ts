import { MingdanError } from '@mingdan/kernel';
import {
  askForRefund,
  cancelOrder,
  correctOrderEmail,
  enterRedPacketCode,
  newGift,
  payPartWithCoins,
  verifyOrderLink,
} from '@mingdan/operations';
import { type ProviderName, providerNames } from '@mingdan/payments';
import express, { type Request, type RequestHandler, type Response, type Router } from 'express';
import { emailAddress } from '../../email-address.ts';
import type { HttpDeps } from '../deps.ts';
import { HttpError, onlyAllow } from '../errors.ts';
import { openPayment } from '../open-payment.ts';
import { orderByNumber } from '../orders-by-number.ts';
import { keepReturnLink } from '../return-link.ts';
import { surfaceOf } from '../surface.ts';
import { paysAtOnce } from './order-payment.ts';

const formBody = express.urlencoded({ extended: false, limit: '8kb' });

/** What the order page's links and forms do; each ends on the order page or at the gateway's, and works without scripts. */
export function orderFormRoutes(deps: HttpDeps): Router {
  const router = express.Router();
  const leadTo =
    (work: (deps: HttpDeps, req: Request, res: Response) => Promise<string>): RequestHandler =>
    async (req, res) => {
      const address = await work(deps, req, res);
      res.set('Cache-Control', 'no-store').redirect(303, address);
    };
  router
    .route('/order/:orderNo/pay/:provider')
    .get(leadTo(payByLink))
    .post(formBody, leadTo(payByPress))
    .all(onlyAllow('GET, HEAD, POST'));
  router.route('/order/:orderNo/coins').post(formBody, leadTo(useCoins)).all(onlyAllow('POST'));
  router.route('/order/:orderNo/redpacket').post(formBody, leadTo(enterCode)).all(onlyAllow('POST'));
  router.route('/order/:orderNo/gift-link').post(formBody, leadTo(renewLink)).all(onlyAllow('POST'));
  router.route('/order/:orderNo/cancel').post(formBody, leadTo(cancel)).all(onlyAllow('POST'));
  router.route('/order/:orderNo/email').post(formBody, leadTo(correct)).all(onlyAllow('POST'));
  router.route('/order/:orderNo/refund').post(formBody, leadTo(askForMoneyBack)).all(onlyAllow('POST'));
  return router;
}

/**
 * A GET, though it opens a payment: a form's POST may not be redirected to a gateway, since our policy's form-action (which Chrome applies
 * to redirects too) names our own pages only. It is harmless to repeat, and spends nothing.
 */
async function payByLink(deps: HttpDeps, req: Request, res: Response): Promise<string> {
  const own = await ownOrder(deps, req, req.query);
  const provider = providerNamed(req.params.provider);
  return paysAtOnce(provider) ? pageOf(own, { via: provider }) : goAndPay(deps, req, res, own, provider);
}

/** What is paid with the press itself (coins) leads nowhere else, and is nothing that a link may do. */
async function payByPress(deps: HttpDeps, req: Request, res: Response): Promise<string> {
  const own = await ownOrder(deps, req, req.body);
  const provider = providerNamed(req.params.provider);
  if (!paysAtOnce(provider)) throw new HttpError(405, 'method_not_allowed', 'This way to pay is opened by its link');
  return goAndPay(deps, req, res, own, provider);
}

async function enterCode(deps: HttpDeps, req: Request): Promise<string> {
  const own = await ownOrder(deps, req, req.body);
  const code = String(req.body?.code ?? '');
  const { trouble, answer } = await tried(enterRedPacketCode(deps.operations, { orderNo: own.orderNo, code }));
  const told = trouble ?? (answer?.taken === false ? 'code_not_taken' : undefined);
  return pageOf(own, { via: 'redpacket', ...(told === undefined ? {} : { trouble: told }) });
}

/** Their coins for a part of it; the page then asks for the rest. */
async function useCoins(deps: HttpDeps, req: Request): Promise<string> {
  const own = await ownOrder(deps, req, req.body);
  const order = await orderByNumber(deps.db, own.orderNo);
  const { trouble } = await tried(payPartWithCoins(deps.operations, order, surfaceOf(req)));
  return pageOf(own, trouble === undefined ? {} : { via: 'points', trouble });
}

async function askForMoneyBack(deps: HttpDeps, req: Request): Promise<string> {
  const own = await ownOrder(deps, req, req.body);
  const reason = String(req.body?.reason ?? '').trim();
  const wish = { orderNo: own.orderNo, reason: reason.slice(0, 500), by: 'buyer' } as const;
  const { outcome, amount } = await askForRefund(deps.operations, { ...wish, offersPart: true });
  if (outcome !== 'part_offered') return pageOf(own, { refund: outcome });
  // Of coins that are partly spent: only what they have read that they would get.
  if (req.body?.part !== String(amount?.minor)) return `${pageOf(own, { ask: 'refund' })}#refund`;
  const accepted = await askForRefund(deps.operations, wish);
  return pageOf(own, { refund: accepted.outcome });
}

/** What ended it shows on its page; what kept it from being cancelled is said. */
async function cancel(deps: HttpDeps, req: Request): Promise<string> {
  const own = await ownOrder(deps, req, req.body);
  const outcome = await cancelOrder(deps.operations, { orderNo: own.orderNo });
  return pageOf(own, outcome === 'cancelled' ? {} : { cancel: outcome });
}

async function correct(deps: HttpDeps, req: Request): Promise<string> {
  const own = await ownOrder(deps, req, req.body);
  const email = emailAddress.safeParse(String(req.body?.email ?? '').trim());
  if (!email.success) return `${pageOf(own, { ask: 'email', email: 'wrong' })}#email`;
  const order = await orderByNumber(deps.db, own.orderNo);
  return pageOf(own, { email: await correctOrderEmail(deps.operations, order, email.data) });
}

async function renewLink(deps: HttpDeps, req: Request): Promise<string> {
  const own = await ownOrder(deps, req, req.body);
  const given = await newGift(deps.operations, await orderByNumber(deps.db, own.orderNo));
  return `${pageOf(own, { gift: given === undefined ? 'not_open' : 'renewed' })}#gift`;
}

interface OwnOrder {
  readonly orderNo: string;
  readonly token: string;
  readonly lang: string | undefined;
}

/** The gateway's page, or our own with the code to scan, the field for a code, or why it does not work. */
async function goAndPay(
  deps: HttpDeps,
  req: Request,
  res: Response,
  own: OwnOrder,
  provider: ProviderName,
): Promise<string> {
  const { orderNo, token } = own;
  const { trouble, answer } = await tried(openPayment(deps, req, { orderNo, provider }));
  if (trouble !== undefined) {
    deps.log.warn({ order_no: orderNo, provider, cause: trouble }, 'a payment was not opened');
    return pageOf(own, { via: provider, trouble });
  }
  const paymentUrl = answer?.paymentUrl ?? null;
  // It came from a gateway's answer: nothing but a web address is followed.
  if (paymentUrl === null || !/^https?:\/\//i.test(paymentUrl)) return pageOf(own, { via: provider });
  keepReturnLink(res, deps.settings, orderNo, token);
  return paymentUrl;
}

/** What an operation refuses is told on the page. */
async function tried<T>(work: Promise<T>): Promise<{ trouble?: string; answer?: T }> {
  try {
    return { answer: await work };
  } catch (error) {
    if (!(error instanceof MingdanError)) throw error;
    return { trouble: error.code };
  }
}

/** @param sent the query or the form: `t` is the token of the order's link */
async function ownOrder(
  { db, settings }: HttpDeps,
  req: Request,
  sent: Readonly<Record<string, unknown>> | undefined,
): Promise<OwnOrder> {
  const { orderNo } = await orderByNumber(db, req.params.orderNo);
  const { t: token, lang } = sent ?? {};
  if (typeof token !== 'string' || !verifyOrderLink(settings, orderNo, token))
    throw new HttpError(403, 'link_needed', 'This needs the own link of the order');
  return { orderNo, token, lang: typeof lang === 'string' ? lang : undefined };
}

function providerNamed(name: unknown): ProviderName {
  const provider = providerNames.find((known) => known === name);
  if (!provider) throw new HttpError(404, 'provider_not_found', 'There is no such way to pay');
  return provider;
}

function pageOf({ orderNo, token, lang }: OwnOrder, more: Record<string, string>): string {
  const query = { t: token, ...(lang === undefined ? {} : { lang }), ...more };
  return `/order/${orderNo}?${new URLSearchParams(query)}`;
}
