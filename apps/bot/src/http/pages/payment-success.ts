import { verifyOrderLink } from '@mingdan/operations';
import express, { type Router } from 'express';
import type { HttpDeps } from '../deps.ts';
import { onlyAllow } from '../errors.ts';
import { orderByNumber } from '../orders-by-number.ts';

/**
 * `/payment/success`: where gateways send people back. Only our own `order_no` is read, and only to find the order's page; whether
 * it is paid is what the notice or the gateway's answer to a query says, never what an address bar says.
 */
export function paymentSuccessRoutes({ db, settings }: Pick<HttpDeps, 'db' | 'settings'>): Router {
  const router = express.Router();
  router
    .route('/payment/success')
    .get(async (req, res) => {
      // Gateways append their own parameters, some under the same name: ours comes first.
      const [orderNo] = [req.query.order_no].flat();
      const order = await orderByNumber(db, orderNo);
      const token = req.query.t;
      const opened = typeof token === 'string' && verifyOrderLink(settings, order.orderNo, token);
      res.set('Cache-Control', 'no-store');
      res.redirect(303, `/order/${order.orderNo}${opened ? `?t=${token}` : ''}`);
    })
    .all(onlyAllow('GET, HEAD'));
  return router;
}
