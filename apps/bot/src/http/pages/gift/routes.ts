import { dayText } from '@mingdan/fulfilment';
import { randomToken } from '@mingdan/kernel';
import { claimForUser, orderClaimedGift, orderLinkToken } from '@mingdan/operations';
import {
  endOfPeriod,
  findGift,
  findProductById,
  type Gift,
  type GiftStanding,
  giftCause,
  type Language,
  type Product,
  standingOf,
  type User,
} from '@mingdan/orders';
import express, { type Request, type Response, type Router } from 'express';
import { type Site, siteOf } from '../../../site.ts';
import { answering } from '../../api/operation-errors.ts';
import { newOrderOf } from '../../api/place-order.ts';
import { userOfSession } from '../../auth/users.ts';
import type { HttpDeps } from '../../deps.ts';
import { HttpError, onlyAllow } from '../../errors.ts';
import { languageOf } from '../../language.ts';
import { textsIn } from '../../texts.ts';
import type { Typed, Wrong } from '../fields.ts';
import { isFormToken, readTyped } from '../shop/typed.ts';
import { readClaim } from './claim-form.ts';
import { endedGiftView, openGiftView } from './view.ts';

const formBody = express.urlencoded({ extended: false, limit: '16kb' });

/** `/gift/<token>`: what a claim link gives, to whoever has it. Looking at it claims nothing; the form does. */
export function giftRoutes(deps: HttpDeps): Router {
  const router = express.Router();
  router
    .route('/gift/:token')
    .all((_req, res, next) => {
      res.set('Cache-Control', 'no-store').set('X-Robots-Tag', 'noindex, nofollow');
      next();
    })
    .get(async (req, res) => show(deps, res, await visitOf(deps, req, res)))
    .post(formBody, async (req, res) => {
      const visit = await visitOf(deps, req, res);
      const { gift, user } = visit;
      if (!gift || (gift.kind === 'membership' && !user)) return show(deps, res, visit);
      if (gift.kind === 'membership') return claimMembership(deps, res, visit);
      return claimReport(deps, req, res, visit, gift);
    })
    .all(onlyAllow('GET, HEAD, POST'));
  return router;
}

interface Visit {
  readonly token: string;
  readonly gift: Gift | undefined;
  /** who is signed in */
  readonly user: User | null;
  readonly language: Language;
  readonly site: Site;
}

async function visitOf(deps: HttpDeps, req: Request, res: Response): Promise<Visit> {
  const token = typeof req.params.token === 'string' ? req.params.token : '';
  const [gift, user, site] = await Promise.all([findGift(deps.db, token), userOfSession(deps, req), siteOf(deps)]);
  return { token, gift, user, language: languageOf(req, res), site };
}

const STATUS: Readonly<Record<GiftStanding, number>> = { open: 200, yours: 200, own: 200, taken: 410, revoked: 410 };

/** @param standing as a claim found it; as it is now where there was none */
async function show(
  deps: HttpDeps,
  res: Response,
  visit: Visit,
  { typed = {}, wrong = {}, standing }: { typed?: Typed; wrong?: Wrong; standing?: GiftStanding | undefined } = {},
): Promise<void> {
  const { gift, token, language, user, site } = visit;
  res.type('html');
  if (!gift) return void res.status(404).send(endedGiftView({ token, language, site, state: 'unknown' }));
  const stands = standing ?? standingOf(gift, { userId: user?.id ?? null });
  if (Object.keys(wrong).length === 0) res.status(STATUS[stands]);
  const isToClaim = stands === 'open' || (stands === 'yours' && gift.kind === 'report' && gift.orderNo === null);
  if (!isToClaim) return void res.send(await ended(deps, visit, gift, stands));
  const { token: given = '' } = typed;
  const formToken = isFormToken(given) ? given : randomToken(18);
  const product = await productOf(deps, gift);
  const isSignedIn = user !== null;
  res.send(openGiftView({ token, site, product, isSignedIn, language, typed, wrong, formToken }));
}

async function ended(deps: HttpDeps, visit: Visit, gift: Gift, standing: GiftStanding): Promise<string> {
  const { token, language, user, site } = visit;
  if (standing === 'taken' || standing === 'revoked') return endedGiftView({ token, language, site, state: standing });
  if (standing === 'own') {
    // Somebody who gave the address of the buyer has not proved that it is theirs.
    const order = user !== null && user.id === gift.buyerId ? { orderNo: gift.buyerOrderNo } : {};
    return endedGiftView({ token, language, site, state: 'own', ...order });
  }
  if (gift.orderNo !== null) return endedGiftView({ token, language, site, state: 'used', orderNo: gift.orderNo });
  const end = await endOfPeriod(deps.db, giftCause(gift.id));
  return endedGiftView({ token, language, site, state: 'member', until: end === undefined ? '' : dayText(end) });
}

/** What was paid for is given, also when the catalogue sells it no more. */
async function productOf({ db }: HttpDeps, { productId }: Gift): Promise<Product> {
  const product = productId === null ? undefined : await findProductById(db, productId);
  if (!product) throw new HttpError(404, 'product_not_found', 'There is no such product');
  return product;
}

async function claimMembership(deps: HttpDeps, res: Response, visit: Visit): Promise<void> {
  const { token, user, language } = visit;
  const { outcome } = await claimForUser(deps.operations, token, user?.id ?? 0);
  if (outcome === 'claimed' || outcome === 'yours')
    return res.redirect(303, `/gift/${token}?${new URLSearchParams({ lang: language })}`);
  return show(deps, res, { ...visit, gift: await findGift(deps.db, token) }, { standing: known(outcome) });
}

const known = (outcome: 'unknown' | GiftStanding): GiftStanding | undefined =>
  outcome === 'unknown' ? undefined : outcome;

async function claimReport(deps: HttpDeps, req: Request, res: Response, visit: Visit, gift: Gift): Promise<void> {
  const { token, user, language } = visit;
  const t = textsIn(language);
  const typed = readTyped(req.body);
  const product = await productOf(deps, gift);
  const { claim, wrong } = readClaim(typed, { product, isSignedIn: user !== null, now: deps.clock.now(), t });
  if (claim === undefined) return show(deps, res.status(422), visit, { typed, wrong });
  const requestId = isFormToken(typed.token ?? '') ? typed.token : undefined;
  const request = newOrderOf(deps, { product, user, language, requestId, ...claim });
  const answer = await orderIt(deps, token, request);
  if (answer === 'maintenance')
    return show(deps, res.status(503), visit, { typed, wrong: { '': t('gift.maintenance') } });
  if ('order' in answer) {
    const { orderNo } = answer.order;
    const query = new URLSearchParams({ t: orderLinkToken(deps.operations.settings, orderNo), lang: language });
    return res.redirect(303, `/order/${orderNo}?${query}`);
  }
  const now = { ...visit, gift: await findGift(deps.db, token) };
  return show(deps, res, now, { standing: known(answer.outcome) });
}

async function orderIt(deps: HttpDeps, token: string, request: ReturnType<typeof newOrderOf>) {
  try {
    return await answering(orderClaimedGift(deps.operations, token, request));
  } catch (error) {
    if (error instanceof HttpError && error.code === 'maintenance') return 'maintenance';
    throw error;
  }
}
