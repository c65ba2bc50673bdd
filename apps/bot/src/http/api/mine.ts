import type { OrderKind } from '@mingdan/kernel';
import { endRenewal, orderLink } from '@mingdan/operations';
import { type Language, type Order, ordersOfUser } from '@mingdan/orders';
import express, { type Request, type Router } from 'express';
import { requireSession } from '../auth/session.ts';
import type { HttpDeps } from '../deps.ts';
import { HttpError, onlyAllow } from '../errors.ts';
import { languageOf, localised } from '../language.ts';
import { orderByNumber } from '../orders-by-number.ts';
import { statusOfOrder } from '../status-of-order.ts';
import { limitOf } from './limit.ts';

/** `/api/my/…`: what who is signed in has bought. */
export function myRoutes(deps: HttpDeps): Router {
  const router = express.Router();
  router
    .route('/api/my/orders')
    .get(async (req, res) => {
      const { userId } = requireSession(deps, req);
      const orders = await ordersOfUser(deps.db, userId, limitOf(req), { kind: kindOf(req) });
      const language = languageOf(req, res);
      const data = await Promise.all(orders.map((order) => orderJson(deps, order, language)));
      res.set('Cache-Control', 'no-store').json({ success: true, data });
    })
    .all(onlyAllow('GET, HEAD'));
  router
    .route('/api/my/reports/:orderNo')
    .get(async (req, res) => {
      const order = await ownOrder(deps, req);
      const report = await deps.readReport(order);
      if (!report) throw new HttpError(409, 'report_not_ready', 'There is no report for this order, or not yet');
      const { title, markdown, chart } = report;
      const data = { order_no: order.orderNo, title, markdown, ...(chart === undefined ? {} : { chart }) };
      res.set('Cache-Control', 'no-store').json({ success: true, data });
    })
    .all(onlyAllow('GET, HEAD'));
  router
    .route('/api/my/end-renewal')
    .post(async (req, res) => {
      const until = await endRenewal(deps.operations, requireSession(deps, req).userId);
      const data = { ended: until !== undefined, ...(until === undefined ? {} : { paid_until: until.toISOString() }) };
      res.set('Cache-Control', 'no-store').json({ success: true, data });
    })
    .all(onlyAllow('POST'));
  return router;
}

const KINDS: readonly OrderKind[] = ['report', 'membership', 'coins', 'goods'];

function kindOf({ query: { kind } }: Request): OrderKind | undefined {
  const known = KINDS.find((each) => each === kind);
  if (kind === undefined || known !== undefined) return known;
  throw new HttpError(422, 'invalid_field', `kind has to be one of ${KINDS.join(', ')}`, 'kind');
}

async function orderJson(deps: HttpDeps, order: Order, language: Language): Promise<object> {
  return {
    ...(await statusOfOrder(deps.db, order)).status,
    kind: order.kind,
    product_slug: order.productSlug,
    product_name: localised(order.productNames, language),
    quantity: order.quantity,
    ...(order.provider === null ? {} : { provider: order.provider }),
    expires_at: order.expiresAt.toISOString(),
    order_url: orderLink(deps.operations.settings, order.orderNo),
    has_report: order.kind === 'report' && !order.gift && (order.status === 'completed' || order.delivery !== 'none'),
  };
}

async function ownOrder(deps: HttpDeps, req: Request): Promise<Order> {
  const { userId } = requireSession(deps, req);
  const order = await orderByNumber(deps.db, req.params.orderNo);
  if (order.userId !== userId)
    throw new HttpError(404, 'order_not_found', 'There is no order of yours with this number', 'order_no');
  return order;
}
