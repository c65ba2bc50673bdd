import { orderNumberPattern, randomToken } from '@mingdan/kernel';
import type { Found } from '@mingdan/operations';
import {
  coinBalance,
  coinHistory,
  findOrder,
  findProductById,
  listProducts,
  type Order,
  openOrdersOf,
  readSiteSettings,
  type User,
} from '@mingdan/orders';
import express, { type Request, type Response, type Router } from 'express';
import { siteOf } from '../../../site.ts';
import { coinsOf } from '../../api/coins/packages.ts';
import { placeOrder, requestId } from '../../api/place-order.ts';
import { findSignedIn, requireUser, type SignedIn } from '../../auth/users.ts';
import type { HttpDeps } from '../../deps.ts';
import { HttpError, onlyAllow } from '../../errors.ts';
import { languageOf } from '../../language.ts';
import { surfaceOf } from '../../surface.ts';
import { type TextKey, textsIn } from '../../texts.ts';
import { createAsker } from '../ask-gateway.ts';
import type { Typed, Wrong } from '../fields.ts';
import { coinOffers, open } from './buy.ts';
import { type PanelPart, panelPart } from './panel.ts';
import { type Account, coinView } from './view.ts';

const formBody = express.urlencoded({ extended: false, limit: '8kb' });
const ENTRIES_SHOWN = 20;

interface Said {
  readonly typed: Typed;
  readonly wrong: Wrong;
}

/** `/coin`: balance, history and packages of who is signed in; a package is bought and paid here, with or without scripts. */
export function coinRoutes(deps: HttpDeps): Router {
  const router = express.Router();
  const ask = createAsker(deps);
  router
    .route('/coin')
    .get(async (req, res) => {
      const who = await signedIn(deps, req);
      const panel = who && (await panelOf(deps, req, who.user, ask));
      const { package: slug } = req.query;
      const typed: Typed = typeof slug === 'string' ? { package: slug } : {};
      await send(deps, req, res, { who, panel, said: { typed, wrong: {} } });
    })
    .post(formBody, async (req, res) => {
      const who = await signedIn(deps, req, requireUser);
      if (!who) return send(deps, req, res.status(401), { sessionOver: true });
      const said = await buy(deps, req, res, who.user);
      if (said) await send(deps, req, res.status(422), { who, said });
    })
    .all(onlyAllow('GET, HEAD, POST'));
  return router;
}

/** A session that is over, or of nobody, leads to signing in. @param by what else is wrong with it is thrown */
async function signedIn(
  deps: HttpDeps,
  req: Request,
  by: (deps: HttpDeps, req: Request) => Promise<SignedIn | undefined> = findSignedIn,
): Promise<SignedIn | undefined> {
  try {
    return await by(deps, req);
  } catch (error) {
    if (error instanceof HttpError && error.status === 401) return undefined;
    throw error;
  }
}

async function panelOf(
  deps: HttpDeps,
  req: Request,
  user: User,
  ask: (order: Order) => Promise<{ order: Order; asked: Found | undefined }>,
): Promise<PanelPart | undefined> {
  const { order: orderNo, back, trouble } = req.query;
  const found =
    typeof orderNo === 'string' && orderNumberPattern.test(orderNo) ? await findOrder(deps.db, orderNo) : undefined;
  // Somebody else's order is no order here.
  if (!found || found.userId !== user.id || found.kind !== 'coins') return undefined;
  const { order, asked } = back === undefined ? { order: found, asked: undefined } : await ask(found);
  const product = order.productId === null ? undefined : await findProductById(deps.db, order.productId);
  const coins = product ? coinsOf(product) : 0;
  return panelPart(deps, order, { coins, asked, trouble: typeof trouble === 'string' ? trouble : undefined });
}

interface Page {
  readonly who?: SignedIn | undefined;
  readonly panel?: PanelPart | undefined;
  readonly said?: Said;
  readonly sessionOver?: boolean;
}

async function send(
  deps: HttpDeps,
  req: Request,
  res: Response,
  { who, panel, said = { typed: {}, wrong: {} }, sessionOver = false }: Page,
): Promise<void> {
  const language = languageOf(req, res);
  const before = beforeOn(req);
  const shown = {
    ...(panel ? { order: panel.order.orderNo } : {}),
    ...(before === undefined ? {} : { before: String(before) }),
  };
  res.set('Cache-Control', 'no-store').set('X-Robots-Tag', 'noindex, nofollow').type('html');
  const [account, site] = await Promise.all([who && accountOf(deps, req, who, panel, said), siteOf(deps)]);
  res.send(coinView({ account, language, shown, site, sessionOver }));
}

async function accountOf(
  deps: HttpDeps,
  req: Request,
  { user, session }: SignedIn,
  panel: PanelPart | undefined,
  said: Said,
): Promise<Account> {
  const { db } = deps;
  const [products, settings, balance, history, openOrders] = await Promise.all([
    listProducts(db),
    readSiteSettings(db),
    coinBalance(db, user.id),
    coinHistory(db, user.id, { limit: ENTRIES_SHOWN, before: beforeOn(req) }),
    openOrdersOf(db, user.id, 'coins'),
  ]);
  const packages = products.filter(({ kind }) => kind === 'coins');
  const [first] = packages;
  const offers = first ? await coinOffers(deps, first, user, settings, surfaceOf(req)) : [];
  // The form beside an open payment begins as that was chosen.
  const chosen: Typed = panel
    ? { package: panel.order.productSlug, ...(panel.attempt ? { pay: panel.attempt.provider } : {}) }
    : {};
  return {
    balance,
    name: session.name ?? undefined,
    telegramId: user.telegramId,
    canSignOut: req.get('authorization') === undefined,
    openOrders,
    usdtRate: settings.rates.usdt_to_cny_rate,
    history,
    packages,
    offers,
    maintenance: settings.maintenance,
    panel,
    wrong: said.wrong,
    typed: { ...chosen, ...said.typed },
    token: randomToken(18),
  };
}

/** Whoever follows a link to older entries; what is no number of an entry shows the newest. */
function beforeOn({ query: { before } }: Request): number | undefined {
  return typeof before === 'string' && /^[1-9]\d{0,14}$/.test(before) ? Number(before) : undefined;
}

const REFUSALS: Readonly<Record<string, TextKey>> = {
  too_many_open_orders: 'coin.tooManyOpen',
  maintenance: 'shop.maintenance',
  request_id_taken: 'coin.packageMissing',
};

/** Orders a package, opens its payment, and leads to the page that shows it. @returns what has to be changed instead */
async function buy(deps: HttpDeps, req: Request, res: Response, user: User): Promise<Said | undefined> {
  const language = languageOf(req, res);
  const t = textsIn(language);
  const typed = { package: textOf(req, 'package'), pay: textOf(req, 'pay') };
  const [products, settings] = await Promise.all([listProducts(deps.db), readSiteSettings(deps.db)]);
  const product = products.find(({ kind, slug }) => kind === 'coins' && slug === typed.package);
  if (!product) return { typed, wrong: { package: t('coin.packageMissing') } };
  const offers = await coinOffers(deps, product, user, settings, surfaceOf(req));
  const offer = offers.find(({ provider }) => provider === typed.pay);
  if (!offer) return { typed, wrong: { pay: t('shop.payMissing') } };
  try {
    const token = requestId.safeParse(textOf(req, 'token')).data;
    const order = await placeOrder(deps, { product, user, language, requestId: token });
    const trouble = await open(deps, req, order, offer);
    const query = { order: order.orderNo, lang: language, ...(trouble === undefined ? {} : { trouble }) };
    res.set('Cache-Control', 'no-store').redirect(303, `/coin?${new URLSearchParams(query)}`);
    return undefined;
  } catch (error) {
    const key = error instanceof HttpError ? REFUSALS[error.code] : undefined;
    if (key === undefined) throw error;
    return { typed, wrong: { '': t(key) } };
  }
}

function textOf(req: Request, name: string): string {
  const value: unknown = req.body?.[name];
  return typeof value === 'string' ? value.slice(0, 100) : '';
}
