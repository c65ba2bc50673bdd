import { randomToken } from '@mingdan/kernel';
import { orderLinkToken } from '@mingdan/operations';
import { findProduct, type Language, listProducts, type Product, readSiteSettings } from '@mingdan/orders';
import express, { type Request, type Response, type Router } from 'express';
import { placeOrder } from '../../api/place-order.ts';
import { sendPage } from '../../compression.ts';
import type { HttpDeps } from '../../deps.ts';
import { HttpError, onlyAllow } from '../../errors.ts';
import { languageOf } from '../../language.ts';
import { surfaceOf } from '../../surface.ts';
import { type TextKey, type Texts, textsIn } from '../../texts.ts';
import type { Typed, Wrong } from '../fields.ts';
import { listView } from './list-view.ts';
import { isFormToken, offersOf, readTyped, readWish, type ShopWish } from './order-form.ts';
import { productView } from './product-view.ts';

const formBody = express.urlencoded({ extended: false, limit: '16kb' });

/** `/shop`: what a buyer without an account can have, and the form that orders it; works without scripts. */
export function shopRoutes(deps: HttpDeps): Router {
  const router = express.Router();
  router
    .route(['/shop', '/shop.html'])
    .get(async (req, res) => {
      const [products, settings] = await Promise.all([listProducts(deps.db), readSiteSettings(deps.db)]);
      // Prices and stock must be true: kept, but asked for first.
      res.set('Cache-Control', 'no-cache');
      await sendPage(
        req,
        res,
        listView({ products: products.filter(isForSale), settings, language: languageOf(req, res) }),
      );
    })
    .all(onlyAllow('GET, HEAD'));
  router
    .route('/shop/:slug')
    .get(async (req, res) => {
      const product = await productOf(deps, req);
      await show(deps, req, res, { product, typed: { quantity: '1', ...firstPay(req) }, wrong: {} });
    })
    .post(formBody, async (req, res) => {
      const product = await productOf(deps, req);
      const typed = readTyped(req.body);
      const wrong = await order(deps, req, res, product, typed);
      if (wrong !== undefined)
        await show(deps, req, res.status(422), { product: await productOf(deps, req), typed, wrong });
    })
    .all(onlyAllow('GET, HEAD, POST'));
  return router;
}

/** Coins belong to an account: they are bought in Telegram. So are memberships, but to be given away they are here, too. */
function isForSale({ kind }: Product): boolean {
  return kind !== 'coins';
}

async function productOf({ db }: HttpDeps, req: Request): Promise<Product> {
  const { slug } = req.params;
  const product = typeof slug === 'string' && /^[a-z0-9-]{1,40}$/.test(slug) ? await findProduct(db, slug) : undefined;
  if (product && isForSale(product)) return product;
  throw new HttpError(404, 'product_not_found', 'There is no such product');
}

function firstPay({ query }: Request): Typed {
  return typeof query.pay === 'string' ? { pay: query.pay } : {};
}

async function show(
  deps: HttpDeps,
  req: Request,
  res: Response,
  { product, typed, wrong }: { product: Product; typed: Typed; wrong: Wrong },
): Promise<void> {
  const settings = await readSiteSettings(deps.db);
  const offers = await offersOf(deps, product, 1, settings, surfaceOf(req));
  const view = { product, settings, offers, language: languageOf(req, res), typed, wrong };
  // The token of the form is this reader's own.
  res.set('Cache-Control', 'no-store');
  const given = typed.token;
  const token = given !== undefined && isFormToken(given) ? given : randomToken(18);
  await sendPage(req, res, productView({ ...view, token }));
}

/** Makes the order and leads to its page. @returns what has to be changed, where it was not made */
async function order(
  deps: HttpDeps,
  req: Request,
  res: Response,
  product: Product,
  typed: Typed,
): Promise<Wrong | undefined> {
  const language = languageOf(req, res);
  const t = textsIn(language);
  const settings = await readSiteSettings(deps.db);
  const quantity = Number(typed.quantity ?? '1');
  const offers = await offersOf(
    deps,
    product,
    [1, 2, 3, 4, 5].includes(quantity) ? quantity : 1,
    settings,
    surfaceOf(req),
  );
  const { wish, wrong } = readWish(typed, product, { offers, now: deps.clock.now(), t });
  if (wish === undefined) return wrong;
  try {
    const address = await place(deps, product, wish, { token: typed.token ?? '', language });
    res.set('Cache-Control', 'no-store').redirect(303, address);
    return undefined;
  } catch (error) {
    const refused = error instanceof HttpError ? refusal(error, t) : undefined;
    if (refused === undefined) throw error;
    return refused;
  }
}

/** Under which field a refusal is told, and how. */
const REFUSALS: Readonly<Record<string, { field: string; text: TextKey }>> = {
  sold_out: { field: 'quantity', text: 'shop.soldOutNow' },
  coupon_not_valid: { field: 'coupon', text: 'shop.couponNotValid' },
  too_many_open_orders: { field: 'email', text: 'shop.tooManyOpen' },
  maintenance: { field: '', text: 'shop.maintenance' },
};

function refusal({ code }: HttpError, t: Texts): Wrong | undefined {
  const known = Object.hasOwn(REFUSALS, code) ? REFUSALS[code] : undefined;
  return known && { [known.field]: t(known.text) };
}

async function place(
  deps: HttpDeps,
  product: Product,
  { quantity, email, coupon, input, provider, gift }: ShopWish,
  { token, language }: { token: string; language: Language },
): Promise<string> {
  const wish = { product, user: null, email, language, input, quantity, coupon, gift };
  // The same form twice is one order, as long as it asks for the same.
  const { orderNo } = await placeOrder(deps, { ...wish, requestId: isFormToken(token) ? token : undefined }).catch(
    (error: unknown) => {
      if (error instanceof HttpError && error.code === 'request_id_taken') return placeOrder(deps, wish);
      throw error;
    },
  );
  const query = new URLSearchParams({
    t: orderLinkToken(deps.operations.settings, orderNo),
    lang: language,
    ...(provider === undefined ? {} : { via: provider }),
  });
  return `/order/${orderNo}?${query}`;
}
