import {
  orderLinkToken,
  type RefundOutcome,
  readGoods,
  refundPreview,
  refundWished,
  verifyOrderLink,
} from '@mingdan/operations';
import {
  correctionsLeft,
  endOfPeriod,
  giftCause,
  giftOfOrder,
  type Language,
  membershipCause,
  type Order,
  openEmail,
  readSiteSettings,
  refundLines,
} from '@mingdan/orders';
import { providerNames } from '@mingdan/payments';
import express, { type Request, type Response, type Router } from 'express';
import { siteOf } from '../../site.ts';
import { sessionOf } from '../auth/session.ts';
import type { HttpDeps } from '../deps.ts';
import { onlyAllow } from '../errors.ts';
import { languageOf } from '../language.ts';
import { orderByNumber } from '../orders-by-number.ts';
import { statusOfOrder } from '../status-of-order.ts';
import { surfaceOf } from '../surface.ts';
import { type Asked, createAsker } from './ask-gateway.ts';
import { giftAnswers } from './gift-of-order.ts';
import type { ReceiptPart } from './order-facts.ts';
import { type ChangePart, cancelAnswers, emailAnswers } from './order-own.ts';
import { paymentPart } from './order-payment.ts';
import type { RefundPart } from './order-refund.ts';
import { orderView } from './order-view.ts';

/** `/order/<order_no>`: state and amount for who has the number; with the signed link (`?t=`) all that is the buyer's own. */
export function orderPageRoutes(deps: HttpDeps): Router {
  const router = express.Router();
  const askOnce = createAsker(deps);
  router
    .route('/order/:orderNo')
    .get(async (req, res) => {
      const found = await orderByNumber(deps.db, req.params.orderNo);
      const { order, asked } = req.query.back === undefined ? { order: found, asked: undefined } : await askOnce(found);
      res.set('Cache-Control', 'no-store').set('X-Robots-Tag', 'noindex, nofollow');
      res.type('html').send(await render(deps, { order, asked }, req, res));
    })
    .all(onlyAllow('GET, HEAD'));
  return router;
}

async function render(deps: HttpDeps, { order, asked }: Asked, req: Request, res: Response): Promise<string> {
  const named = tokenOf(req);
  const token = ownToken(deps, order, req, named);
  const status = await statusOfOrder(deps.db, order);
  return orderView({
    order,
    ...status,
    site: await siteOf(deps),
    language: languageOf(req, res),
    now: deps.clock.now(),
    asked,
    linkRefused: named !== undefined && token === undefined,
    own: token === undefined ? undefined : { token, ...(await ownPart(deps, order, req, status.held)) },
    languageLinks: linksByLanguage(order.orderNo, token, req),
  });
}

/** By their signed link, or signed in: then the page's own forms get the link's token. */
function ownToken(deps: HttpDeps, order: Order, req: Request, named: string | undefined): string | undefined {
  if (named !== undefined && verifyOrderLink(deps.settings, order.orderNo, named)) return named;
  const session = sessionOf(deps, req);
  return session !== undefined && session.userId === order.userId
    ? orderLinkToken(deps.settings, order.orderNo)
    : undefined;
}

function tokenOf(req: Request): string | undefined {
  const token = req.query.t;
  return typeof token === 'string' ? token : undefined;
}

const REFUND_ANSWERS: readonly RefundOutcome[] = [
  'requested',
  'with_operators',
  'already_requested',
  'nothing_to_refund',
  'coins_held',
];

/** What only the signed link shows. */
async function ownPart(deps: HttpDeps, order: Order, req: Request, held: boolean) {
  const written = order.status === 'completed' || order.delivery !== 'none';
  const { via, trouble, gift: giftTold } = req.query;
  const [report, goods, gift, payment, receipt, refund, change] = await Promise.all([
    written ? deps.readReport(order) : undefined,
    readGoods(deps.operations, order),
    order.gift ? giftOfOrder(deps.db, deps.operations.vault, order.id) : undefined,
    paymentPart(deps, order, {
      surface: surfaceOf(req),
      via: providerNames.find((name) => name === via),
      trouble: typeof trouble === 'string' ? trouble : undefined,
    }),
    receiptPart(deps, order),
    refundPart(deps, order, req),
    changePart(deps, order, req, held),
  ]);
  return {
    report,
    goods,
    gift: gift && {
      ...gift,
      publicUrl: deps.operations.settings.publicUrl,
      answer: giftAnswers.find((answer) => answer === giftTold),
    },
    payment,
    receipt,
    refund,
    change,
  };
}

async function receiptPart({ db, operations }: HttpDeps, order: Order): Promise<ReceiptPart> {
  const { claimsGift, orderNo } = order;
  const cause = claimsGift === null ? membershipCause(orderNo) : giftCause(claimsGift);
  const [refunds, { siteName }, memberUntil] = await Promise.all([
    refundLines(db, order.id),
    readSiteSettings(db),
    order.kind === 'membership' ? endOfPeriod(db, cause) : undefined,
  ]);
  return { refunds, seller: siteName, memberUntil, email: emailOf(operations, order) };
}

/** An address whose data key is gone keeps nobody from their order. */
function emailOf({ vault }: HttpDeps['operations'], order: Order): string | undefined {
  try {
    return openEmail(vault, order);
  } catch {
    return undefined;
  }
}

async function refundPart({ operations }: HttpDeps, order: Order, { query }: Request): Promise<RefundPart> {
  const isAsked = query.ask === 'refund';
  const [wished, preview] = await Promise.all([
    refundWished(operations, order),
    isAsked ? refundPreview(operations, order) : undefined,
  ]);
  return { answer: REFUND_ANSWERS.find((outcome) => outcome === query.refund), isAsked, wished, preview };
}

async function changePart({ db }: HttpDeps, order: Order, { query }: Request, held: boolean): Promise<ChangePart> {
  const { ask } = query;
  return {
    asks: ask === 'cancel' || ask === 'email' ? ask : undefined,
    cancellable: order.status === 'pending_payment' && order.paymentSeenAt === null && !held,
    cancelAnswer: cancelAnswers.find((each) => each === query.cancel),
    correctionsLeft: await correctionsLeft(db, order.id),
    emailAnswer: emailAnswers.find((each) => each === query.email),
  };
}

/** The same page in each language: what is open on it stays open. */
function linksByLanguage(orderNo: string, token: string | undefined, { query }: Request): Record<Language, string> {
  const open = ['via', 'ask'].flatMap((name): [string, string][] => {
    const value = query[name];
    return token !== undefined && typeof value === 'string' ? [[name, value]] : [];
  });
  const kept = { ...(token === undefined ? {} : { t: token }), ...Object.fromEntries(open) };
  const address = (lang: Language) => `/order/${orderNo}?${new URLSearchParams({ ...kept, lang })}`;
  return { 'zh-CN': address('zh-CN'), 'zh-TW': address('zh-TW'), en: address('en') };
}
