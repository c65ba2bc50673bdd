import express, { type Express } from 'express';
import { requireApiKey } from './api/api-key.ts';
import { createOrderRoutes } from './api/create-order.ts';
import { orderActionRoutes } from './api/order-actions.ts';
import { orderStatusRoutes } from './api/order-status.ts';
import { paymentRoutes } from './api/payments/index.ts';
import { productRoutes } from './api/products.ts';
import { settingsRoutes } from './api/settings.ts';
import { assetRoutes } from './assets.ts';
import { allowOrigins } from './cors.ts';
import type { HttpDeps } from './deps.ts';
import { answerErrors, notFound } from './errors.ts';
import { healthRoutes } from './health.ts';
import { mockPaymentRoutes } from './mock/routes.ts';
import { refuseNotices } from './notice-paths.ts';
import { orderPageRoutes } from './pages/order.ts';
import { orderFormRoutes } from './pages/order-forms.ts';
import { paymentSuccessRoutes } from './pages/payment-success.ts';
import { limitRates, type RateLimits, usualLimits } from './rate-limit.ts';
import { logRequests } from './request-log.ts';
import { securityHeaders } from './security-headers.ts';

/** What other sites may read from a browser (CORS_ORIGINS). */
const OPEN_TO_ORIGINS = [
  '/api/products',
  '/api/settings',
  '/api/order-status',
  '/api/create-order',
  '/api/oxapay-payment',
  '/api/order',
];

/** The HTTP side of the bot process. Health and metrics are always there; pages and API where `servesPages` says so. */
export function createHttpApp(deps: HttpDeps, limits: RateLimits = usualLimits): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  const { trustProxy } = deps.settings;
  if (trustProxy !== null) app.set('trust proxy', typeof trustProxy === 'number' ? trustProxy : [...trustProxy]);

  app.use(logRequests(deps.log, deps.metrics));
  app.use(securityHeaders());
  app.use(healthRoutes(deps.db, deps.log));
  app.get('/metrics', async (_req, res) => {
    res
      .set('Cache-Control', 'no-store')
      .type(deps.metrics.registry.contentType)
      .send(await deps.metrics.render());
  });
  app.use(refuseNotices());
  // Telegram proves itself by its secret header, so its bursts are not for the limiter.
  if (deps.telegramWebhook) app.post('/telegram/webhook', deps.telegramWebhook);
  if (deps.settings.servesPages) usePages(app, deps, limits);
  app.use(notFound);
  app.use(answerErrors(deps.log));
  return app;
}

function usePages(app: Express, deps: HttpDeps, limits: RateLimits): void {
  app.use(OPEN_TO_ORIGINS, allowOrigins(deps.settings.corsOrigins));
  // Before rates are counted and bodies read: without the key one neither uses up anybody's share nor makes us parse anything.
  app.use('/api/v1', requireApiKey(deps.settings.apiKey));
  app.use(limitRates(limits));
  app.use(assetRoutes());
  app.use(productRoutes(deps), settingsRoutes(deps), orderStatusRoutes(deps));
  app.use(createOrderRoutes(deps), orderActionRoutes(deps), paymentRoutes(deps));
  app.use(orderPageRoutes(deps), orderFormRoutes(deps), paymentSuccessRoutes(deps));
  if (deps.settings.mock) app.use(mockPaymentRoutes(deps, deps.settings.mock));
}
