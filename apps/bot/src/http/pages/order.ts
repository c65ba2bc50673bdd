import { orderLinkToken, orderStatusJson, type RefundOutcome, readGoods, verifyOrderLink } from '@mingdan/operations';
import { giftOfOrder, hasHeldMoney, type Language, type Order, refundOfOrder } from '@mingdan/orders';
import { providerNames } from '@mingdan/payments';
import express, { type Request, type Response, type Router } from 'express';
import { sessionOf } from '../auth/session.ts';
import type { HttpDeps } from '../deps.ts';
import { onlyAllow } from '../errors.ts';
import { languageOf } from '../language.ts';
import { orderByNumber } from '../orders-by-number.ts';
import { surfaceOf } from '../surface.ts';
import { type Asked, createAsker } from './ask-gateway.ts';
import { giftAnswers } from './gift-of-order.ts';
import { paymentPart } from './order-payment.ts';
import { orderView } from './order-view.ts';

/** `/order/<order_no>`: state and amount for who has the number; with the signed link (`?t=`) all that is the buyer's own. */
export function orderPageRoutes(deps: HttpDeps): Router {
  const router = express.Router();
  const askOnce = createAsker(deps);
  router
    .route('/order/:orderNo')
    .get(async (req, res) => {
      const found = await orderByNumber(deps.db, req.params.orderNo);
      const { order, asked } = req.query.back === undefined ? { order: found, asked: undefined } : await askOnce(found);
      res.set('Cache-Control', 'no-store').set('X-Robots-Tag', 'noindex, nofollow');
      res.type('html').send(await render(deps, { order, asked }, req, res));
    })
    .all(onlyAllow('GET, HEAD'));
  return router;
}

async function render(deps: HttpDeps, { order, asked }: Asked, req: Request, res: Response): Promise<string> {
  const named = tokenOf(req);
  const token = ownToken(deps, order, req, named);
  const [refund, held] = await Promise.all([
    refundOfOrder(deps.db, order.id),
    order.status === 'pending_payment' && hasHeldMoney(deps.db, order.id),
  ]);
  return orderView({
    order,
    // A part that went back changes nothing about the order.
    refund: refund.status === 'succeeded' && !refund.whole ? 'none' : refund.status,
    status: orderStatusJson(order, refund),
    language: languageOf(req, res),
    now: deps.clock.now(),
    asked,
    held,
    linkRefused: named !== undefined && token === undefined,
    own: token === undefined ? undefined : { token, ...(await ownPart(deps, order, req)) },
    languageLinks: linksByLanguage(order.orderNo, token, req),
  });
}

/** By their signed link, or signed in: then the page's own forms get the link's token. */
function ownToken(deps: HttpDeps, order: Order, req: Request, named: string | undefined): string | undefined {
  if (named !== undefined && verifyOrderLink(deps.settings, order.orderNo, named)) return named;
  const session = sessionOf(deps, req);
  return session !== undefined && session.userId === order.userId
    ? orderLinkToken(deps.settings, order.orderNo)
    : undefined;
}

function tokenOf(req: Request): string | undefined {
  const token = req.query.t;
  return typeof token === 'string' ? token : undefined;
}

const REFUND_ANSWERS: readonly RefundOutcome[] = [
  'requested',
  'with_operators',
  'already_requested',
  'nothing_to_refund',
];

/** What only the signed link shows. */
async function ownPart(deps: HttpDeps, order: Order, req: Request) {
  const written = order.status === 'completed' || order.delivery !== 'none';
  const { via, trouble, refund, ask, gift: giftTold } = req.query;
  const [report, goods, gift, payment] = await Promise.all([
    written ? deps.readReport(order) : undefined,
    readGoods(deps.operations, order),
    order.gift ? giftOfOrder(deps.db, deps.operations.vault, order.id) : undefined,
    paymentPart(deps, order, {
      surface: surfaceOf(req),
      via: providerNames.find((name) => name === via),
      trouble: typeof trouble === 'string' ? trouble : undefined,
    }),
  ]);
  return {
    report,
    goods,
    gift: gift && {
      ...gift,
      publicUrl: deps.operations.settings.publicUrl,
      answer: giftAnswers.find((answer) => answer === giftTold),
    },
    payment,
    refundAnswer: REFUND_ANSWERS.find((outcome) => outcome === refund),
    asksForRefund: ask === 'refund',
  };
}

/** The same page in each language: what is open on it stays open. */
function linksByLanguage(orderNo: string, token: string | undefined, { query }: Request): Record<Language, string> {
  const open = ['via', 'ask'].flatMap((name): [string, string][] => {
    const value = query[name];
    return token !== undefined && typeof value === 'string' ? [[name, value]] : [];
  });
  const kept = { ...(token === undefined ? {} : { t: token }), ...Object.fromEntries(open) };
  const address = (lang: Language) => `/order/${orderNo}?${new URLSearchParams({ ...kept, lang })}`;
  return { 'zh-CN': address('zh-CN'), 'zh-TW': address('zh-TW'), en: address('en') };
}
