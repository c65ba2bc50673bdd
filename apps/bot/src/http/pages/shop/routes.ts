import { botStart } from '@mingdan/fulfilment';
import { randomToken } from '@mingdan/kernel';
import { orderLinkToken } from '@mingdan/operations';
import { type Language, listProducts, type Product, readSiteSettings, type User } from '@mingdan/orders';
import express, { type Request, type Response, type Router } from 'express';
import { type Site, siteOf } from '../../../site.ts';
import { clientOf, placeOrder } from '../../api/place-order.ts';
import { userOfSession } from '../../auth/users.ts';
import type { HttpDeps } from '../../deps.ts';
import { HttpError, onlyAllow } from '../../errors.ts';
import { languageOf } from '../../language.ts';
import { productBySlug } from '../../products-by-slug.ts';
import { limitCouponTries } from '../../rate-limit.ts';
import { surfaceOf } from '../../surface.ts';
import { type TextKey, type Texts, textsIn } from '../../texts.ts';
import type { Typed, Wrong } from '../fields.ts';
import { offersOf } from '../offers.ts';
import { type AccountCard, listView } from './list-view.ts';
import { isGift, isQuantity, readWish, type ShopWish } from './order-form.ts';
import { productView } from './product-view.ts';
import { pricedFor, sendShopPage } from './shopper.ts';
import { isFormToken, readTyped } from './typed.ts';

const formBody = express.urlencoded({ extended: false, limit: '16kb' });

/** `/shop`: what buyers with and without an account can have, and the form that orders it; works without scripts. */
export function shopRoutes(deps: HttpDeps): Router {
  const router = express.Router();
  router
    .route(['/shop', '/shop.html'])
    .get(async (req, res) => {
      const user = await userOfSession(deps, req);
      // Prices and stock must be true: kept, but asked for first.
      res.set('Cache-Control', 'no-cache');
      await sendShopPage(req, res, user, await list(deps, user, languageOf(req, res)));
    })
    .all(onlyAllow('GET, HEAD'));
  router
    .route('/shop/:slug')
    .get(async (req, res) => {
      const product = await productOf(deps, req);
      const user = await userOfSession(deps, req);
      await show(deps, req, res, { product, user, typed: { quantity: '1', ...firstPay(req) }, wrong: {} });
    })
    .post(formBody, limitCouponTries, async (req, res) => {
      const product = await productOf(deps, req);
      const user = await userOfSession(deps, req);
      const typed = readTyped(req.body);
      const refused = await order(deps, req, res, { product, user, typed });
      if (refused === undefined) return;
      const now = { product: await productOf(deps, req), user, typed };
      await show(deps, req, res.status(422), { ...now, ...soldOutNow(refused, now.product, languageOf(req, res)) });
    })
    .all(onlyAllow('GET, HEAD, POST'));
  return router;
}

async function list(deps: HttpDeps, user: User | null, language: Language): Promise<string> {
  const [all, settings, site] = await Promise.all([listProducts(deps.db), readSiteSettings(deps.db), siteOf(deps)]);
  const products = await Promise.all(
    all.filter(isForSale).map((product) => pricedFor(deps, product, user, product.kind === 'membership')),
  );
  const accountCards = accountCardsOf(all, site, language);
  return listView({ products, settings, language, isKnown: user !== null, accountCards, site });
}

/** Coins and memberships of one's own, which belong to an account: where to get them, and from what price. */
function accountCardsOf(products: readonly Product[], { bot }: Site, language: Language): AccountCard[] {
  const cheapest = (kind: Product['kind']) =>
    products.filter((each) => each.kind === kind).sort((one, other) => one.price.minor - other.price.minor)[0];
  const [coins, plan] = [cheapest('coins'), cheapest('membership')];
  const cards: AccountCard[] = [];
  if (coins) {
    const address = `/coin?${new URLSearchParams({ lang: language })}`;
    cards.push({ kind: 'coins', from: coins.price, address });
  }
  if (plan) {
    const address = bot && botStart(bot.address, `buy_${plan.slug}`);
    cards.push({ kind: 'membership', from: plan.price, address });
  }
  return cards;
}

/** Coins belong to an account: they are bought in Telegram. So are memberships, but to be given away they are here, too. */
function isForSale({ kind }: Product): boolean {
  return kind !== 'coins';
}

async function productOf({ db }: HttpDeps, req: Request): Promise<Product> {
  const product = await productBySlug(db, req.params.slug);
  if (product && isForSale(product)) return product;
  throw new HttpError(404, 'product_not_found', 'There is no such product');
}

function firstPay({ query }: Request): Typed {
  return typeof query.pay === 'string' ? { pay: query.pay } : {};
}

interface Form {
  readonly product: Product;
  readonly user: User | null;
  readonly typed: Typed;
}

async function show(
  deps: HttpDeps,
  req: Request,
  res: Response,
  { product, user, typed, wrong, isJustSoldOut = false }: Form & { wrong: Wrong; isJustSoldOut?: boolean },
): Promise<void> {
  const [settings, priced] = await Promise.all([
    readSiteSettings(deps.db),
    pricedFor(deps, product, user, isGift(typed, product)),
  ]);
  const offers = await offersOf(deps, priced, 1, settings, surfaceOf(req), user);
  const view = { product: priced, settings, offers, language: languageOf(req, res), typed, wrong };
  // The token of the form is this reader's own.
  res.set('Cache-Control', 'no-store');
  const given = typed.token;
  const token = given !== undefined && isFormToken(given) ? given : randomToken(18);
  const shown = { ...view, token, isKnown: user !== null, isJustSoldOut, site: await siteOf(deps) };
  await sendShopPage(req, res, user, productView(shown));
}

/** Makes the order and leads to its page. @returns what has to be changed, or that it is sold out, where it was not made */
async function order(
  deps: HttpDeps,
  req: Request,
  res: Response,
  { product, user, typed }: Form,
): Promise<Wrong | 'sold_out' | undefined> {
  const language = languageOf(req, res);
  const t = textsIn(language);
  const [settings, priced] = await Promise.all([
    readSiteSettings(deps.db),
    pricedFor(deps, product, user, isGift(typed, product)),
  ]);
  const quantity = Number(typed.quantity ?? '1');
  const count = isQuantity(quantity) ? quantity : 1;
  const offers = await offersOf(deps, priced, count, settings, surfaceOf(req), user);
  const { wish, wrong } = readWish(typed, priced, { offers, now: deps.clock.now(), t, isKnown: user !== null });
  if (wish === undefined) return wrong;
  try {
    const placed = { product, user, client: clientOf(deps, req), language, token: typed.token ?? '' };
    const address = await place(deps, wish, placed);
    res.set('Cache-Control', 'no-store').redirect(303, address);
    return undefined;
  } catch (error) {
    if (error instanceof HttpError && error.code === 'sold_out') return 'sold_out';
    const refused = error instanceof HttpError ? refusal(error, t) : undefined;
    if (refused === undefined) throw error;
    return refused;
  }
}

/** Nothing is left, which nobody can correct; or less than they want, which they can. */
function soldOutNow(
  refused: Wrong | 'sold_out',
  { stock }: Product,
  language: Language,
): { wrong: Wrong; isJustSoldOut?: boolean } {
  if (refused !== 'sold_out') return { wrong: refused };
  if (stock === null || stock === 0) return { wrong: {}, isJustSoldOut: true };
  return { wrong: { quantity: textsIn(language)('shop.onlyLeft', { count: String(stock) }) } };
}

/** Under which field a refusal is told, and how. */
const REFUSALS: Readonly<Record<string, { field: string; text: TextKey }>> = {
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
  { quantity, email, coupon, input, provider, gift }: ShopWish,
  {
    product,
    user,
    client,
    token,
    language,
  }: Omit<Form, 'typed'> & {
    client: Buffer | undefined;
    token: string;
    language: Language;
  },
): Promise<string> {
  const wish = { product, user, email, client, language, input, quantity, coupon, gift };
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
