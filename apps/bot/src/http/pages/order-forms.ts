import { MingdanError } from '@mingdan/kernel';
import { askForRefund, enterRedPacketCode, verifyOrderLink } from '@mingdan/operations';
import type { Order } from '@mingdan/orders';
import { type ProviderName, providerNames } from '@mingdan/payments';
import express, { type Request, type Response, type Router } from 'express';
import type { HttpDeps } from '../deps.ts';
import { HttpError, onlyAllow } from '../errors.ts';
import { openPayment } from '../open-payment.ts';
import { orderByNumber } from '../orders-by-number.ts';
import { keepReturnLink } from '../return-link.ts';
import { paysAtOnce } from './order-payment.ts';

const formBody = express.urlencoded({ extended: false, limit: '8kb' });

/** What the order page's links and forms do; each ends on the order page or at the gateway's, and works without scripts. */
export function orderFormRoutes(deps: HttpDeps): Router {
  const router = express.Router();
  router
    .route('/order/:orderNo/pay/:provider')
    // A GET, though it opens a payment: a form's POST may not be redirected to a gateway, since our policy's form-action (which Chrome
    // applies to redirects too) names our own pages only. It is harmless to repeat, and spends nothing.
    .get(async (req, res) => {
      const own = ownOrder(await orderByNumber(deps.db, req.params.orderNo), deps, req.query.t, req.query.lang);
      const provider = providerNamed(req.params.provider);
      const next = paysAtOnce(provider)
        ? pageOf(own, { via: provider })
        : await goAndPay(deps, req, res, own, provider);
      res.set('Cache-Control', 'no-store').redirect(303, next);
    })
    // What is paid with the press itself (coins) leads nowhere else, and is nothing that a link may do.
    .post(formBody, async (req, res) => {
      const own = ownOrder(await orderByNumber(deps.db, req.params.orderNo), deps, req.body?.t, req.body?.lang);
      const provider = providerNamed(req.params.provider);
      if (!paysAtOnce(provider))
        throw new HttpError(405, 'method_not_allowed', 'This way to pay is opened by its link');
      res.redirect(303, await goAndPay(deps, req, res, own, provider));
    })
    .all(onlyAllow('GET, HEAD, POST'));
  router
    .route('/order/:orderNo/redpacket')
    .post(formBody, async (req, res) => {
      const own = ownOrder(await orderByNumber(deps.db, req.params.orderNo), deps, req.body?.t, req.body?.lang);
      const code = String(req.body?.code ?? '');
      const { trouble, answer } = await tried(enterRedPacketCode(deps.operations, { orderNo: own.orderNo, code }));
      const told = trouble ?? (answer?.taken === false ? 'code_not_taken' : undefined);
      res.redirect(303, pageOf(own, { via: 'redpacket', ...(told === undefined ? {} : { trouble: told }) }));
    })
    .all(onlyAllow('POST'));
  router
    .route('/order/:orderNo/refund')
    .post(formBody, async (req, res) => {
      const own = ownOrder(await orderByNumber(deps.db, req.params.orderNo), deps, req.body?.t, req.body?.lang);
      const reason = String(req.body?.reason ?? '')
        .trim()
        .slice(0, 500);
      const { outcome } = await askForRefund(deps.operations, { orderNo: own.orderNo, reason, by: 'buyer' });
      res.redirect(303, pageOf(own, { refund: outcome }));
    })
    .all(onlyAllow('POST'));
  return router;
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

function ownOrder({ orderNo }: Order, { settings }: HttpDeps, token: unknown, lang: unknown): OwnOrder {
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
