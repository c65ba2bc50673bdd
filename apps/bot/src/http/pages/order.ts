import { type Db, row } from '@mingdan/db';
import { orderStatusJson, verifyOrderLink } from '@mingdan/operations';
import { type Language, languages, type Order, refundStatusOf } from '@mingdan/orders';
import express, { type Request, type Response, type Router } from 'express';
import type { HttpDeps } from '../deps.ts';
import { onlyAllow } from '../errors.ts';
import { languageOf } from '../language.ts';
import { orderByNumber } from '../orders-by-number.ts';
import { orderView } from './order-view.ts';

type OrderPageDeps = Pick<HttpDeps, 'db' | 'clock' | 'settings' | 'readReport'>;

/** `/order/<order_no>`: state and amount for who has the number; with the signed link (`?t=`) all that is the buyer's own. */
export function orderPageRoutes(deps: OrderPageDeps): Router {
  const router = express.Router();
  router
    .route('/order/:orderNo')
    .get(async (req, res) => {
      const order = await orderByNumber(deps.db, req.params.orderNo);
      res.set('Cache-Control', 'no-store').set('X-Robots-Tag', 'noindex, nofollow');
      res.type('html').send(await render(deps, order, req, res));
    })
    .all(onlyAllow('GET, HEAD'));
  return router;
}

async function render(deps: OrderPageDeps, order: Order, req: Request, res: Response): Promise<string> {
  const token = tokenOf(req);
  const opened = token !== undefined && verifyOrderLink(deps.settings, order.orderNo, token);
  const refund = await refundStatusOf(deps.db, order.id);
  return orderView({
    order,
    refund,
    status: orderStatusJson(order, refund),
    language: languageOf(req, res),
    now: deps.clock.now(),
    linkRefused: token !== undefined && !opened,
    own: opened ? await ownPart(deps, order) : undefined,
    languageLinks: linksByLanguage(order.orderNo, opened ? token : undefined),
  });
}

function tokenOf(req: Request): string | undefined {
  const token = req.query.t;
  return typeof token === 'string' ? token : undefined;
}

/** What only the signed link shows. */
async function ownPart(deps: OrderPageDeps, order: Order) {
  const written = order.status === 'completed' || order.delivery !== 'none';
  const [report, paymentUrl] = await Promise.all([
    written ? deps.readReport(order) : undefined,
    order.status === 'pending_payment' ? openPaymentUrl(deps.db, order.id) : undefined,
  ]);
  return { report, paymentUrl };
}

/** Where the order can be paid now: the latest attempt that is open. Undefined while none was started. */
async function openPaymentUrl(db: Db, orderId: number): Promise<string | undefined> {
  const attempt = await row<{ url: string }>(
    db,
    `select payment_url as url from payment_attempts where order_id = :orderId and status = 'open' and payment_url is not null order by id desc limit 1`,
    { orderId },
  );
  // It came from a gateway's answer: nothing but a web address becomes a link.
  return attempt && /^https?:\/\//i.test(attempt.url) ? attempt.url : undefined;
}

function linksByLanguage(orderNo: string, token: string | undefined): Record<Language, string> {
  const address = (language: Language) =>
    `/order/${orderNo}?${new URLSearchParams({ ...(token === undefined ? {} : { t: token }), lang: language })}`;
  return Object.fromEntries(languages.map((language) => [language, address(language)])) as Record<Language, string>;
}
