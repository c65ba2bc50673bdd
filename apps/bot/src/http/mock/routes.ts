import { orderStatusJson } from '@mingdan/operations';
import { refundOfOrder } from '@mingdan/orders';
import express, { type Router } from 'express';
import type { HttpDeps, MockGate } from '../deps.ts';
import { HttpError, onlyAllow } from '../errors.ts';
import { languageOf } from '../language.ts';
import { mockPage } from './page.ts';
import { type Outcome, paymentToPlay, play } from './play.ts';

/** Development only: these routes are not there in production. */
export function mockPaymentRoutes(deps: HttpDeps, gate: MockGate): Router {
  const router = express.Router();
  router
    .route('/api/payment/mock/:outcome/:id')
    .post(async (req, res) => {
      const outcome = outcomeOf(req.params.outcome);
      const order = await play(deps, gate, await paymentToPlay(deps, req.params.id), outcome);
      if (!order) throw new HttpError(404, 'order_not_found', 'There is no order with this number');
      const data = orderStatusJson(order, await refundOfOrder(deps.db, order.id));
      res.set('Cache-Control', 'no-store').json({ success: true, data });
    })
    .all(onlyAllow('POST'));
  router
    .route('/payment/mock/:id')
    .get(async (req, res) => {
      const payment = await paymentToPlay(deps, req.params.id);
      res.set('Cache-Control', 'no-store').type('html');
      res.send(mockPage(payment, req.params.id, languageOf(req, res)));
    })
    .post(express.urlencoded({ extended: false, limit: '1kb' }), async (req, res) => {
      const payment = await paymentToPlay(deps, req.params.id);
      await play(deps, gate, payment, outcomeOf(req.body?.outcome));
      res.redirect(303, `/payment/success?order_no=${payment.orderNo}`);
    })
    .all(onlyAllow('GET, HEAD, POST'));
  return router;
}

function outcomeOf(word: unknown): Outcome {
  if (word === 'success' || word === 'failure') return word;
  throw new HttpError(404, 'not_found', 'A payment is played as success or as failure');
}
