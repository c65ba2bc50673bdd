import { formatAmount } from '@mingdan/kernel';
import {
  findProduct,
  type Language,
  listProducts,
  type Product,
  readSiteSettings,
  type SiteSettings,
} from '@mingdan/orders';
import express, { type Router } from 'express';
import type { HttpDeps } from '../deps.ts';
import { HttpError, onlyAllow } from '../errors.ts';
import { languageOf, localised } from '../language.ts';
import { inDollars } from './prices.ts';

/** `GET /api/products`, `GET /api/products/<slug>`: what can be bought now, named in the caller's language. */
export function productRoutes({ db }: Pick<HttpDeps, 'db'>): Router {
  const router = express.Router();
  router
    .route('/api/products')
    .get(async (req, res) => {
      const [products, settings] = await Promise.all([listProducts(db), readSiteSettings(db)]);
      const language = languageOf(req, res);
      // Stock and prices must be true: caches may keep it, but ask first (the ETag makes that cheap).
      res.set('Cache-Control', 'no-cache');
      res.json({ success: true, data: products.map((product) => productJson(product, language, settings)) });
    })
    .all(onlyAllow('GET, HEAD'));
  router
    .route('/api/products/:slug')
    .get(async (req, res) => {
      const slug = req.params.slug;
      const product = /^[a-z0-9-]{1,40}$/.test(slug) ? await findProduct(db, slug) : undefined;
      if (!product) throw new HttpError(404, 'product_not_found', 'There is no such product');
      res.set('Cache-Control', 'no-cache');
      res.json({ success: true, data: productJson(product, languageOf(req, res), await readSiteSettings(db)) });
    })
    .all(onlyAllow('GET, HEAD'));
  return router;
}

function productJson(product: Product, language: Language, settings: SiteSettings) {
  const dollars = inDollars(product.price, settings.rates.usdt_to_cny_rate);
  return {
    id: product.id,
    slug: product.slug,
    name: localised(product.names, language),
    description: localised(product.descriptions, language),
    kind: product.kind,
    price: Number(formatAmount(product.price)),
    currency: product.price.currency,
    price_usd: dollars,
    price_usdt: dollars,
    price_unit: product.price.currency,
    stock: product.stock,
    stock_quantity: product.stock,
  };
}
