import { providerNames } from '@mingdan/payments';
import express, { type Router } from 'express';
import { HttpError } from './errors.ts';
import { hintInLog } from './request-log.ts';

const HINT =
  'Payment notices belong to the webhook process: send POST of this path to WEBHOOK_PORT (see the Caddyfile), and set WEBHOOK_URL to its public address';

/** Where gateways send their notices: never here, but a proxy or a merchant console that is set up wrongly sends them here. */
const patterns = [
  '/webhook/:provider',
  '/webhook/:provider/refund',
  '/oxapay-webhook',
  '/api/payment/webhook/:provider',
  '/api/payment/:provider/notify',
  '/api/v1/payments/:provider/notify',
  '/api/v1/payments/:provider/refund/notify',
];

/** 421 for every notice path; 404 (by going on) for a provider that does not exist. */
export function refuseNotices(): Router {
  const router = express.Router();
  const known = new Set<string>(providerNames);
  router.post(patterns, (req, res, next) => {
    const provider: unknown = req.params.provider;
    if (provider !== undefined && !known.has(String(provider))) {
      next();
      return;
    }
    hintInLog(res, HINT);
    next(new HttpError(421, 'misdirected_notice', 'Payment notices are taken by the webhook process, not here'));
  });
  return router;
}
