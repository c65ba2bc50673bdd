import express, { type Express } from 'express';
import { chartPreviewRoutes } from './api/chart-preview.ts';
import { coinApiRoutes } from './api/coins/index.ts';
import { createOrderRoutes } from './api/create-order.ts';
import { myRoutes } from './api/mine.ts';
import { miniAppRoutes } from './api/mini-app/index.ts';
import { orderActionRoutes } from './api/order-actions.ts';
import { orderEventRoutes } from './api/order-events.ts';
import { orderStatusRoutes } from './api/order-status.ts';
import { paymentRoutes } from './api/payments/index.ts';
import { priceRoutes } from './api/price.ts';
import { productRoutes } from './api/products.ts';
import { sessionRoutes } from './api/session.ts';
import { settingsRoutes } from './api/settings.ts';
import { testTelegramRoutes } from './api/test-telegram.ts';
import { assetRoutes } from './assets.ts';
import { requireKeyOrSession } from './auth/key-or-session.ts';
import { loginRoutes } from './auth/login.ts';
import { refuseStrangers } from './auth/origin.ts';
import { checkSignedCalls } from './auth/signed-calls.ts';
import { allowOrigins } from './cors.ts';
import type { HttpDeps } from './deps.ts';
import { answerErrors, notFound } from './errors.ts';
import { healthRoutes } from './health.ts';
import { metricsRoutes } from './metrics-routes.ts';
import { mockPaymentRoutes } from './mock/routes.ts';
import { refuseNotices } from './notice-paths.ts';
import { apiDocsRoutes } from './pages/api-docs.ts';
import { appRoutes } from './pages/app/routes.ts';
import { coinRoutes } from './pages/coin/routes.ts';
import { giftRoutes } from './pages/gift/routes.ts';
import { homeRoutes } from './pages/home.ts';
import { orderPageRoutes } from './pages/order.ts';
import { orderFormRoutes } from './pages/order-forms.ts';
import { paymentSuccessRoutes } from './pages/payment-success.ts';
import { promoteRoutes } from './pages/promote/routes.ts';
import { lostLinkRoutes } from './pages/shop/lost-link.ts';
import { shopRoutes } from './pages/shop/routes.ts';
import { limitRates, type RateLimits, usualLimits } from './rate-limit.ts';
import { logRequests } from './request-log.ts';
import { robotsRoutes } from './robots.ts';
import { securityHeaders } from './security-headers.ts';

/** What other sites may read from a browser (CORS_ORIGINS). */
const OPEN_TO_ORIGINS = [
  '/api/products',
  '/api/settings',
  '/api/order-status',
  '/api/create-order',
  '/api/oxapay-payment',
  '/api/order',
  '/api/order-events',
  '/api/coin',
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
  app.use(metricsRoutes(deps));
  app.use(refuseNotices());
  // Telegram proves itself by its secret header, so its bursts are not for the limiter.
  if (deps.telegramWebhook) app.post('/telegram/webhook', deps.telegramWebhook);
  if (deps.settings.servesPages) usePages(app, deps, limits);
  app.use(notFound);
  app.use(answerErrors(deps));
  return app;
}

function usePages(app: Express, deps: HttpDeps, limits: RateLimits): void {
  app.use(OPEN_TO_ORIGINS, allowOrigins(deps.settings.corsOrigins));
  app.use('/api', refuseStrangers(deps.settings, OPEN_TO_ORIGINS));
  // Before rates are counted and bodies read: without key or session one neither uses up anybody's share nor makes us parse anything.
  app.use('/api/v1', requireKeyOrSession(deps));
  app.use(limitRates(limits));
  const { apiKey, requireSignature } = deps.settings;
  app.use('/api', checkSignedCalls({ clock: deps.clock, apiKey, required: requireSignature }));
  app.use(assetRoutes(), robotsRoutes());
  app.use(productRoutes(deps), priceRoutes(deps), settingsRoutes(deps), orderStatusRoutes(deps));
  app.use(createOrderRoutes(deps), orderActionRoutes(deps), paymentRoutes(deps));
  app.use(sessionRoutes(deps), loginRoutes(deps), coinApiRoutes(deps), myRoutes(deps));
  app.use(miniAppRoutes(deps), orderEventRoutes(deps), testTelegramRoutes(deps));
  app.use(homeRoutes(), orderPageRoutes(deps), orderFormRoutes(deps), paymentSuccessRoutes(deps), giftRoutes(deps));
  app.use(
    lostLinkRoutes(deps),
    shopRoutes(deps),
    promoteRoutes(deps),
    coinRoutes(deps),
    appRoutes(deps),
    chartPreviewRoutes(deps),
  );
  if (deps.settings.mock) app.use(mockPaymentRoutes(deps, deps.settings.mock), apiDocsRoutes(deps));
}
