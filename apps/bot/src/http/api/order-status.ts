import express, { type Router } from 'express';
import type { HttpDeps } from '../deps.ts';
import { onlyAllow } from '../errors.ts';
import { orderByNumber } from '../orders-by-number.ts';
import { statusOfOrder } from '../status-of-order.ts';

/** `GET /api/order-status/<order_no>`: state and amount, to whoever has the number. */
export function orderStatusRoutes({ db }: Pick<HttpDeps, 'db'>): Router {
  const router = express.Router();
  router
    .route('/api/order-status/:orderNo')
    .get(async (req, res) => {
      const order = await orderByNumber(db, req.params.orderNo);
      res.set('Cache-Control', 'no-store');
      res.json({ success: true, data: (await statusOfOrder(db, order)).status });
    })
    .all(onlyAllow('GET, HEAD'));
  return router;
}
