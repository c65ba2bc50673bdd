import express, { type Request, type Router } from 'express';
import { hasApiKey, noApiKey } from './api/api-key.ts';
import type { HttpDeps } from './deps.ts';
import { onlyAllow } from './errors.ts';
import { isLoopback } from './rate-limit.ts';

/** `/metrics`: to collectors on this machine, and to whoever has ADMIN_TOKEN: what a shop sells is nobody else's business. */
export function metricsRoutes({ metrics, settings }: Pick<HttpDeps, 'metrics' | 'settings'>): Router {
  const router = express.Router();
  router
    .route('/metrics')
    .get(async (req, res) => {
      res.set('Cache-Control', 'no-store');
      if (!isFromHere(req) && !hasApiKey(req, settings.adminToken)) {
        res.set('WWW-Authenticate', 'Bearer realm="mingdan"');
        throw noApiKey('ADMIN_TOKEN');
      }
      res.type(metrics.registry.contentType).send(await metrics.render());
    })
    .all(onlyAllow('GET, HEAD'));
  return router;
}

/** From this machine, and for nobody else: what a proxy on it passes on comes from loopback, too, and says for whom. */
function isFromHere(req: Request): boolean {
  const forwarded = ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via'].some((name) => req.get(name) !== undefined);
  return !forwarded && isLoopback(req.socket.remoteAddress ?? '');
}
