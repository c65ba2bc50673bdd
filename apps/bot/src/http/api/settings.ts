import { formatAmount } from '@mingdan/kernel';
import { type Offer, offersAtAll } from '@mingdan/operations';
import { type Language, languages, readSiteSettings } from '@mingdan/orders';
import { providerCapabilities } from '@mingdan/payments/capabilities';
import express, { type Router } from 'express';
import type { HttpDeps } from '../deps.ts';
import { onlyAllow } from '../errors.ts';
import { languageOf, localised } from '../language.ts';

/** `GET /api/settings`: what a shop page must know before it shows anything. */
export function settingsRoutes({ db, operations }: Pick<HttpDeps, 'db' | 'operations'>): Router {
  const router = express.Router();
  router
    .route('/api/settings')
    .get(async (req, res) => {
      const [settings, offers] = await Promise.all([readSiteSettings(db), offersAtAll(operations)]);
      const language = languageOf(req, res);
      res.set('Cache-Control', 'no-cache');
      res.json({
        success: true,
        data: {
          site_name: settings.siteName,
          usdt_to_cny_rate: settings.rates.usdt_to_cny_rate,
          languages,
          maintenance: settings.maintenance,
          payment_methods: offers.map((offer) => methodJson(offer, language)),
        },
      });
    })
    .all(onlyAllow('GET, HEAD'));
  return router;
}

function methodJson({ provider, method }: Offer, language: Language) {
  const { currency, min, max } = method;
  return {
    provider,
    method: method.method,
    name: localised(providerCapabilities.get(provider)?.names ?? {}, language),
    currency,
    min: Number(formatAmount({ minor: min, currency })),
    ...(max === null ? {} : { max: Number(formatAmount({ minor: max, currency })) }),
  };
}
