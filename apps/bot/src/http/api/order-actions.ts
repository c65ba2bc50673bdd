import { askForRefund, enterRedPacketCode, verifyOrderLink } from '@mingdan/operations';
import { type Order, refundStatusOf } from '@mingdan/orders';
import express, { type Request, type Router } from 'express';
import { z } from 'zod';
import type { HttpDeps } from '../deps.ts';
import { HttpError, onlyAllow } from '../errors.ts';
import { openPayment } from '../open-payment.ts';
import { orderByNumber } from '../orders-by-number.ts';
import { jsonBody, readBody } from './body.ts';
import { answering } from './operation-errors.ts';

const oxapayBody = z.object({ order_no: z.string().max(64) });
const codeBody = z.object({ code: z.string().trim().min(1).max(200) });
const reasonBody = z.object({ reason: z.string().trim().min(1).max(500) });

/** What a buyer does with an order of theirs: pay it in USDT, enter a red-packet code, ask for the money back. */
export function orderActionRoutes(deps: HttpDeps): Router {
  const router = express.Router();
  router
    .route('/api/oxapay-payment')
    .post(jsonBody(), async (req, res) => {
      const order = await orderByNumber(deps.db, readBody(req, oxapayBody).order_no);
      const started = await answering(openPayment(deps, req, { orderNo: order.orderNo, provider: 'oxapay' }));
      const { orderNo, providerPaymentId, paymentUrl, expiresAt } = started;
      res.set('Cache-Control', 'no-store').json({
        success: true,
        data: {
          order_no: orderNo,
          track_id: providerPaymentId,
          payment_url: paymentUrl,
          expires_at: expiresAt.toISOString(),
        },
      });
    })
    .all(onlyAllow('POST'));
  router
    .route('/api/order/:orderNo/redpacket')
    .post(jsonBody(), async (req, res) => {
      const order = await ownOrder(deps, req);
      const { code } = readBody(req, codeBody);
      const answer = await answering(enterRedPacketCode(deps.operations, { orderNo: order.orderNo, code }));
      const { state, reason, taken } = answer;
      const data = { order_no: order.orderNo, status: state, ...(reason === undefined ? {} : { reason }), taken };
      res.set('Cache-Control', 'no-store').json({ success: true, data });
    })
    .all(onlyAllow('POST'));
  router
    .route('/api/order/:orderNo/refund-request')
    .post(jsonBody(), async (req, res) => {
      const order = await ownOrder(deps, req);
      const { reason } = readBody(req, reasonBody);
      const { outcome } = await answering(
        askForRefund(deps.operations, { orderNo: order.orderNo, reason, by: 'buyer' }),
      );
      const data = { order_no: order.orderNo, outcome, refund_status: await refundStatusOf(deps.db, order.id) };
      res.set('Cache-Control', 'no-store').json({ success: true, data });
    })
    .all(onlyAllow('POST'));
  return router;
}

/** Their own order, proved by the token of its signed link: `?t=`, `token` in the body, or `Authorization: Bearer`. @throws HttpError 401 | 404 */
async function ownOrder(deps: HttpDeps, req: Request): Promise<Order> {
  const order = await orderByNumber(deps.db, req.params.orderNo);
  const inBody: unknown = req.body?.token ?? req.body?.t;
  const [, bearer] = /^Bearer\s+(\S+)$/i.exec(req.get('authorization') ?? '') ?? [];
  const token = [req.query.t, inBody, bearer].find((each) => typeof each === 'string');
  if (typeof token === 'string' && verifyOrderLink(deps.settings, order.orderNo, token)) return order;
  throw new HttpError(401, 'unauthorized', "This needs the order's own link (its t=…)");
}
