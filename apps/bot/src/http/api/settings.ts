import { languages } from '@mingdan/orders';
import express, { type Router } from 'express';
import type { HttpDeps, PaymentMethod } from '../deps.ts';
import { onlyAllow } from '../errors.ts';
import { languageOf } from '../language.ts';
import { readSiteSettings } from '../site-settings.ts';
import { type Texts, textsIn } from '../texts.ts';

/** `GET /api/settings`: what a shop page must know before it shows anything. */
export function settingsRoutes({ db, paymentMethods }: Pick<HttpDeps, 'db' | 'paymentMethods'>): Router {
  const router = express.Router();
  router
    .route('/api/settings')
    .get(async (req, res) => {
      const settings = await readSiteSettings(db);
      const texts = textsIn(languageOf(req, res));
      res.set('Cache-Control', 'no-cache');
      res.json({
        success: true,
        data: {
          site_name: settings.siteName,
          usdt_to_cny_rate: settings.usdtToCnyRate,
          languages,
          maintenance: settings.maintenance,
          payment_methods: paymentMethods.map((method) => methodJson(method, texts)),
        },
      });
    })
    .all(onlyAllow('GET, HEAD'));
  return router;
}

function methodJson(method: PaymentMethod, texts: Texts) {
  return {
    provider: method.provider,
    method: method.method,
    name: texts(`providers.${method.provider}`),
    currency: method.currency,
    ...(method.min === null ? {} : { min: method.min }),
    ...(method.max === null ? {} : { max: method.max }),
  };
}
