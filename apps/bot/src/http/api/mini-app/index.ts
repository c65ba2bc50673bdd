import express, { type Request, type RequestHandler, type Response, type Router } from 'express';
import type { HttpDeps } from '../../deps.ts';
import { onlyAllow } from '../../errors.ts';
import { limitCouponTries } from '../../rate-limit.ts';
import { jsonBody } from '../body.ts';
import { createStarsPayment } from './create-payment.ts';
import { activateMembership, membershipStatus } from './membership.ts';

/** The three paths whose answers are not wrapped in `data`, and whose errors are a text with its `code` beside it. */
export function miniAppRoutes(deps: HttpDeps): Router {
  const router = express.Router();
  const answer =
    (work: (deps: HttpDeps, req: Request, res: Response) => Promise<object>): RequestHandler =>
    async (req, res) => {
      const reply = await work(deps, req, res);
      res.set('Cache-Control', 'no-store').json(reply);
    };
  router
    .route('/api/create-payment')
    .post(jsonBody(), limitCouponTries, answer(createStarsPayment))
    .all(onlyAllow('POST'));
  router.route('/api/membership-status').get(answer(membershipStatus)).all(onlyAllow('GET, HEAD'));
  router.route('/api/activate-membership').post(jsonBody(), answer(activateMembership)).all(onlyAllow('POST'));
  return router;
}
