import { messageOf, pause } from '@mingdan/kernel';
import { checkPayment, type Found, orderStatusJson, type RefundOutcome, verifyOrderLink } from '@mingdan/operations';
import { findOrder, type Language, type Order, refundOfOrder } from '@mingdan/orders';
import { providerNames } from '@mingdan/payments';
import express, { type Request, type Response, type Router } from 'express';
import type { HttpDeps } from '../deps.ts';
import { onlyAllow } from '../errors.ts';
import { languageOf } from '../language.ts';
import { orderByNumber } from '../orders-by-number.ts';
import { surfaceOf } from '../surface.ts';
import { paymentPart } from './order-payment.ts';
import { orderView } from './order-view.ts';

/** Somebody who came back from a gateway waits this long for what it says; the page asks on by itself. */
const ASK_FOR_MS = 2_500;
/** The gateway is not asked about one order more often, however often its page is loaded. */
const ASK_AGAIN_MS = 10_000;

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

interface Asked {
  readonly order: Order;
  /** undefined while no gateway has answered yet */
  readonly asked: Found | undefined;
}

/** Asks the gateways about an unpaid order: at most once in ten seconds, and nobody waits long for it. */
function createAsker(deps: HttpDeps): (order: Order) => Promise<Asked> {
  const answers = new Map<string, { at: number; found?: Found }>();
  return async (order) => {
    const now = Date.now();
    for (const [orderNo, { at }] of answers) if (now - at > ASK_AGAIN_MS) answers.delete(orderNo);
    if (order.paidAt !== null || order.amount.minor === 0) return { order, asked: undefined };
    const before = answers.get(order.orderNo);
    if (before) return { order, asked: before.found };
    const answer: { at: number; found?: Found } = { at: now };
    answers.set(order.orderNo, answer);
    const asking = checkPayment(deps.operations, order.orderNo).then(
      ({ found }) => {
        answer.found = found;
      },
      (error: unknown) =>
        deps.log.warn({ order_no: order.orderNo, cause: messageOf(error) }, 'a payment could not be asked about'),
    );
    const enough = new AbortController();
    await Promise.race([asking, pause(ASK_FOR_MS, enough.signal)]);
    enough.abort();
    return { order: (await findOrder(deps.db, order.orderNo)) ?? order, asked: answer.found };
  };
}

async function render(deps: HttpDeps, { order, asked }: Asked, req: Request, res: Response): Promise<string> {
  const token = tokenOf(req);
  const opened = token !== undefined && verifyOrderLink(deps.settings, order.orderNo, token);
  const refund = await refundOfOrder(deps.db, order.id);
  return orderView({
    order,
    // A part that went back changes nothing about the order.
    refund: refund.status === 'succeeded' && !refund.whole ? 'none' : refund.status,
    status: orderStatusJson(order, refund),
    language: languageOf(req, res),
    now: deps.clock.now(),
    asked,
    linkRefused: token !== undefined && !opened,
    own: opened ? { token, ...(await ownPart(deps, order, req)) } : undefined,
    languageLinks: linksByLanguage(order.orderNo, opened ? token : undefined, req),
  });
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
];

/** What only the signed link shows. */
async function ownPart(deps: HttpDeps, order: Order, req: Request) {
  const written = order.status === 'completed' || order.delivery !== 'none';
  const { via, trouble, refund, ask } = req.query;
  const [report, payment] = await Promise.all([
    written ? deps.readReport(order) : undefined,
    paymentPart(deps, order, {
      surface: surfaceOf(req),
      via: providerNames.find((name) => name === via),
      trouble: typeof trouble === 'string' ? trouble : undefined,
    }),
  ]);
  return {
    report,
    payment,
    refundAnswer: REFUND_ANSWERS.find((outcome) => outcome === refund),
    asksForRefund: ask === 'refund',
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
