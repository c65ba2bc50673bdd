import express, { type Router } from 'express';
import type { HttpDeps } from '../../deps.ts';
import { onlyAllow } from '../../errors.ts';
import { answerWith } from '../answer-with.ts';
import { jsonBody } from '../body.ts';
import { createPayment } from './create.ts';
import { closeOrder, queryOrder, refundOrder } from './settle.ts';

/** `/api/v1/payments/<provider>/…`: one API over every gateway. Who may call it at all is decided before, in `app.ts`. */
export function paymentRoutes(deps: HttpDeps): Router {
  const router = express.Router();
  const answer = answerWith(deps);
  const base = '/api/v1/payments/:provider';
  router.use('/api/v1', jsonBody());
  router.route(`${base}/create`).post(answer(createPayment)).all(onlyAllow('POST'));
  router.route(`${base}/query/:orderId`).get(answer(queryOrder)).all(onlyAllow('GET, HEAD'));
  router.route(`${base}/close/:orderId`).post(answer(closeOrder)).all(onlyAllow('POST'));
  router.route(`${base}/refund`).post(answer(refundOrder)).all(onlyAllow('POST'));
  return router;
}
