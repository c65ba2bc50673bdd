import { coinPartOf, isPayable, payable, readGoods } from '@mingdan/operations';
import {
  coinBalance,
  giftOfOrder,
  type Language,
  listProducts,
  membershipOf,
  type Order,
  orderPage,
  type Product,
  readSiteSettings,
  runningSubscription,
  type User,
} from '@mingdan/orders';
import { findMethod } from '@mingdan/payments/capabilities';
import express, { type Request, type RequestHandler, type Response, type Router } from 'express';
import { z } from 'zod';
import { siteOf } from '../../../site.ts';
import { jsonBody, readBody } from '../../api/body.ts';
import { checkGivable } from '../../api/ordered-product.ts';
import { couponCode } from '../../api/words.ts';
import { requireUser } from '../../auth/users.ts';
import { sendPage } from '../../compression.ts';
import type { HttpDeps } from '../../deps.ts';
import { HttpError, onlyAllow } from '../../errors.ts';
import { languageOf } from '../../language.ts';
import { orderByNumber } from '../../orders-by-number.ts';
import { productBySlug } from '../../products-by-slug.ts';
import { limitCouponTries } from '../../rate-limit.ts';
import { framedPolicy } from '../../security-headers.ts';
import { statusOfOrder } from '../../status-of-order.ts';
import { textsIn } from '../../texts.ts';
import type { Markup } from '../layout.ts';
import { shownState } from '../order-state.ts';
import { stateText } from '../order-view.ts';
import { homeView, type OrderList, olderOrdersView } from './home-view.ts';
import { appOrderView } from './order-view.ts';
import { appPrice } from './prices.ts';
import { appPriceView, appProductView } from './product-view.ts';
import { appShell } from './shell.ts';

const TELEGRAM_SCRIPT = 'https://telegram.org/js/telegram-web-app.js';
/** Telegram's own clients for browsers show Mini Apps in frames. */
const TELEGRAM_FRAMES = ['https://web.telegram.org', 'https://*.web.telegram.org'];
const ORDERS_SHOWN = 10;

/** `/app`: the Mini App. Its parts are drawn here for who is signed in, and put in place by `assets/app-frame.js`. */
export function appRoutes(deps: HttpDeps): Router {
  const router = express.Router();
  const { mock } = deps.settings;
  const sandbox = mock?.playsTelegram ? mock.sandboxUrl : null;
  const script = sandbox === null ? TELEGRAM_SCRIPT : `${sandbox}/telegram-web-app.js`;
  const frames = sandbox === null ? TELEGRAM_FRAMES : [...TELEGRAM_FRAMES, new URL(sandbox).origin];
  router
    .route('/app')
    .get(framedPolicy({ script, frames }), async (req, res) => {
      res.set('Cache-Control', 'no-cache');
      await sendPage(req, res, appShell(languageOf(req, res), script, await siteOf(deps)));
    })
    .all(onlyAllow('GET, HEAD'));
  const view =
    (draw: (deps: HttpDeps, user: User, req: Request, language: Language) => Promise<Markup>): RequestHandler =>
    async (req: Request, res: Response) => {
      const { user } = await requireUser(deps, req);
      const language = req.query.lang === undefined ? user.language : languageOf(req, res);
      const markup = await draw(deps, user, req, language);
      res.set('Cache-Control', 'no-store').type('html').send(markup);
    };
  router.route('/app/view/home').get(view(home)).all(onlyAllow('GET, HEAD'));
  router.route(['/app/view/report/:slug', '/app/view/member/:slug']).get(view(productPage)).all(onlyAllow('GET, HEAD'));
  router.route('/app/view/price/:slug').post(jsonBody(), limitCouponTries, view(price)).all(onlyAllow('POST'));
  router.route('/app/view/orders/:orderNo').get(view(olderOrders)).all(onlyAllow('GET, HEAD'));
  router.route('/app/view/order/:orderNo').get(view(order)).all(onlyAllow('GET, HEAD'));
  return router;
}

async function home(deps: HttpDeps, user: User, _req: Request, language: Language): Promise<Markup> {
  const { db } = deps;
  const [products, settings, membership, balance, orders, subscription] = await Promise.all([
    listProducts(db),
    readSiteSettings(db),
    membershipOf(db, user.id),
    coinBalance(db, user.id),
    ordersFrom(deps, user, language),
    runningSubscription(db, user.id),
  ]);
  const sold = (kind: Product['kind']) =>
    Promise.all(
      products
        .filter((product) => product.kind === kind)
        .map(async (product) => ({ product, price: await appPrice(deps, product, user, { rates: settings.rates }) })),
    );
  const [reports, plans, packages] = await Promise.all([sold('report'), sold('membership'), sold('coins')]);
  const { maintenance } = settings;
  return homeView({
    language,
    membership,
    subscription,
    balance,
    reports,
    plans,
    packages,
    orders,
    maintenance,
  });
}

/** @param before a number of an order: those that are older than it */
async function ordersFrom(deps: HttpDeps, user: User, language: Language, before?: string): Promise<OrderList> {
  const { entries: orders, next } = await orderPage(deps.db, user.id, { limit: ORDERS_SHOWN, before });
  const shown = await Promise.all(
    orders.map(async (each) => ({ order: each, title: await titleOf(deps, each, language) })),
  );
  return { shown, next };
}

async function olderOrders(deps: HttpDeps, user: User, req: Request, language: Language): Promise<Markup> {
  const { orderNo } = await orderByNumber(deps.db, req.params.orderNo);
  return olderOrdersView(await ordersFrom(deps, user, language, orderNo), language);
}

async function stateOf(deps: HttpDeps, shown: Order) {
  const { status, refund, ...waits } = await statusOfOrder(deps.db, shown);
  return { status, held: waits.held, state: shownState(shown, refund, deps.clock.now(), waits) };
}

async function titleOf(deps: HttpDeps, shown: Order, language: Language): Promise<string> {
  return stateText(textsIn(language), (await stateOf(deps, shown)).state, shown, 'title');
}

async function productPage(deps: HttpDeps, user: User, req: Request, language: Language): Promise<Markup> {
  const product = await productOf(deps, req);
  const [asked, balance] = await Promise.all([appPrice(deps, product, user), coinBalance(deps.db, user.id)]);
  return appProductView(product, asked, balance, language);
}

const priceWish = z.object({
  coupon: couponCode.optional(),
  gift: z.boolean().default(false),
});

/** What it would cost with a coupon, or as a gift. A POST, so that codes are not tried out at the rate of reading. */
async function price(deps: HttpDeps, user: User, req: Request, language: Language): Promise<Markup> {
  const product = await productOf(deps, req);
  const wish = readBody(req, priceWish);
  checkGivable(product, wish.gift);
  const [asked, balance] = await Promise.all([appPrice(deps, product, user, wish), coinBalance(deps.db, user.id)]);
  return appPriceView(product, asked, { balance, language, gift: wish.gift });
}

/** A report, or a membership: what has a page of its own. */
async function productOf({ db }: HttpDeps, { params: { slug } }: Request): Promise<Product> {
  const product = await productBySlug(db, slug);
  if (product?.kind === 'report' || product?.kind === 'membership') return product;
  throw new HttpError(404, 'product_not_found', 'There is no such report');
}

async function order(deps: HttpDeps, user: User, req: Request, language: Language): Promise<Markup> {
  const found = await orderByNumber(deps.db, req.params.orderNo);
  if (found.userId !== user.id)
    throw new HttpError(404, 'order_not_found', 'There is no order of yours with this number');
  const { status, held, state } = await stateOf(deps, found);
  const written = found.status === 'completed' || found.delivery !== 'none';
  const [text, goods, gift, coinPart, membership] = await Promise.all([
    written ? deps.readReport(found) : undefined,
    readGoods(deps.operations, found),
    found.gift ? giftOfOrder(deps.db, deps.operations.vault, found.id) : undefined,
    coinPartOf(deps.operations, found, 'chat'),
    found.kind === 'membership' && !found.gift && state === 'done' ? membershipOf(deps.db, user.id) : undefined,
  ]);
  const { offered } = deps.operations.settings;
  const method = findMethod('stars', 'STARS_INVOICE');
  const waits = isPayable(found, deps.clock.now()) && found.paymentSeenAt === null && !held;
  const open = waits && offered.includes('stars');
  const stars = (open && method && payable(deps.operations, found, method)) || undefined;
  return appOrderView({
    order: found,
    state,
    status,
    report: text,
    goods,
    gift: gift && { ...gift, publicUrl: deps.operations.settings.publicUrl },
    stars,
    // what is left has to be payable here
    coinPart: stars && coinPart,
    memberUntil: membership?.expiresAt ?? undefined,
    language,
  });
}
