import { formatAmount } from '@mingdan/kernel';
import { amountIn } from '@mingdan/operations';
import { type Language, listProducts, type Product, readSiteSettings, type SiteSettings } from '@mingdan/orders';
import express, { type Request, type Response, type Router } from 'express';
import { sessionOf } from '../auth/session.ts';
import { sendJson } from '../compression.ts';
import type { HttpDeps } from '../deps.ts';
import { HttpError, onlyAllow } from '../errors.ts';
import { languageOf, localised } from '../language.ts';
import { productBySlug } from '../products-by-slug.ts';
import { coinsOf } from './coins/packages.ts';
import { inDollars } from './prices.ts';

/** `GET /api/products`, `GET /api/products/<slug>`: what can be bought now, named in the caller's language. */
export function productRoutes(deps: Pick<HttpDeps, 'db' | 'clock' | 'settings' | 'operations'>): Router {
  const { db, operations } = deps;
  const router = express.Router();
  router
    .route('/api/products')
    .get(async (req, res) => {
      const [products, settings] = await Promise.all([listProducts(db), readSiteSettings(db)]);
      const language = languageOf(req, res);
      const isKnown = knowsReader(deps, req, res);
      const data = products.map((product) => productJson(product, { language, settings, isKnown, operations }));
      await sendJson(req, res, { success: true, data });
    })
    .all(onlyAllow('GET, HEAD'));
  router
    .route('/api/products/:slug')
    .get(async (req, res) => {
      const product = await productBySlug(db, req.params.slug);
      if (!product) throw new HttpError(404, 'product_not_found', 'There is no such product');
      const language = languageOf(req, res);
      const settings = await readSiteSettings(db);
      const isKnown = knowsReader(deps, req, res);
      res.json({ success: true, data: productJson(product, { language, settings, isKnown, operations }) });
    })
    .all(onlyAllow('GET, HEAD'));
  return router;
}

/** Whether somebody is signed in: members' prices are shown to them only. Stock and prices must be true: caches ask first, by the ETag. */
function knowsReader(deps: Pick<HttpDeps, 'clock' | 'settings'>, req: Request, res: Response): boolean {
  const isKnown = sessionOf(deps, req) !== undefined;
  res.vary('Authorization').vary('Cookie');
  res.set('Cache-Control', isKnown ? 'private, no-cache' : 'no-cache');
  return isKnown;
}

interface Reader {
  readonly language: Language;
  readonly settings: SiteSettings;
  readonly isKnown: boolean;
  readonly operations: HttpDeps['operations'];
}

/** What Stars it costs now, by its own price or by the rate; null where it is not sold for them. */
function starsOf({ price, priceStars }: Product, { settings: { rates }, operations }: Reader): number | null {
  if (priceStars !== null || price.minor === 0) return priceStars;
  const { offered, starsByRate } = operations.settings;
  if (!offered.includes('stars')) return null;
  return amountIn({ amount: price, amountStars: null, rates }, 'XTR', starsByRate)?.minor ?? null;
}

function productJson(product: Product, reader: Reader) {
  const { language, settings, isKnown } = reader;
  const stars = starsOf(product, reader);
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
    // what it takes to order it, and what is in it
    input: product.input,
    ...(stars === null ? {} : { price_stars: stars }),
    ...(product.coins === null ? {} : { coins: coinsOf(product), bonus_coins: product.bonusCoins }),
    ...(product.months === null ? {} : { months: product.months }),
    ...(isKnown && product.memberPrice ? { member_price: Number(formatAmount(product.memberPrice)) } : {}),
  };
}
