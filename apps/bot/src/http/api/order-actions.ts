import { giftPage } from '@mingdan/fulfilment';
import { formatAmount, type Money } from '@mingdan/kernel';
import { askForRefund, enterRedPacketCode, newGift, payPartWithCoins, verifyOrderLink } from '@mingdan/operations';
import { giftOfOrder, type Language, type Order, refundStatusOf } from '@mingdan/orders';
import express, { type Request, type Response, type Router } from 'express';
import { z } from 'zod';
import { sessionOf } from '../auth/session.ts';
import type { HttpDeps } from '../deps.ts';
import { HttpError, onlyAllow } from '../errors.ts';
import { languageOf } from '../language.ts';
import { moneyText } from '../money-text.ts';
import { openPayment } from '../open-payment.ts';
import { orderByNumber } from '../orders-by-number.ts';
import { surfaceOf } from '../surface.ts';
import { answerWith } from './answer-with.ts';
import { jsonBody, readBody } from './body.ts';
import { answering } from './operation-errors.ts';

export const oxapayBody = z.object({ order_no: z.string().max(64) });
export const codeBody = z.object({ code: z.string().trim().min(1).max(200) });
/** left out: as many as there are */
export const coinsBody = z.object({ coins: z.number().int().min(1).max(1_000_000_000).optional() });
export const reasonBody = z.object({
  reason: z.string().trim().min(1).max(500),
  /** yes to the part that was offered: of coins that are partly spent only the rest goes back by itself */
  part: z.boolean().optional(),
});

/** What a buyer does with an order of theirs: pay it in USDT, enter a red-packet code, pass a gift on, ask for the money back. */
export function orderActionRoutes(deps: HttpDeps): Router {
  const router = express.Router();
  const answer = answerWith(deps);
  router.route('/api/oxapay-payment').post(jsonBody(), answer(payInUsdt)).all(onlyAllow('POST'));
  router.route('/api/order/:orderNo/coins').post(jsonBody(), answer(useCoins)).all(onlyAllow('POST'));
  router.route('/api/order/:orderNo/redpacket').post(jsonBody(), answer(enterCode)).all(onlyAllow('POST'));
  router.route('/api/order/:orderNo/refund-request').post(jsonBody(), answer(askForMoneyBack)).all(onlyAllow('POST'));
  router.route('/api/order/:orderNo/gift').get(answer(readGift)).all(onlyAllow('GET, HEAD'));
  router.route('/api/order/:orderNo/gift-link').post(jsonBody(), answer(renewGiftLink)).all(onlyAllow('POST'));
  return router;
}

async function payInUsdt(deps: HttpDeps, req: Request): Promise<object> {
  const { orderNo } = await orderByNumber(deps.db, readBody(req, oxapayBody).order_no);
  const started = await answering(openPayment(deps, req, { orderNo, provider: 'oxapay' }));
  const { providerPaymentId, paymentUrl, expiresAt } = started;
  return {
    order_no: orderNo,
    track_id: providerPaymentId,
    payment_url: paymentUrl,
    expires_at: expiresAt.toISOString(),
  };
}

async function enterCode(deps: HttpDeps, req: Request): Promise<object> {
  const { orderNo } = await ownOrder(deps, req);
  const { code } = readBody(req, codeBody);
  const { state, reason, taken } = await answering(enterRedPacketCode(deps.operations, { orderNo, code }));
  return { order_no: orderNo, status: state, ...(reason === undefined ? {} : { reason }), taken };
}

/** Coins of the buyer's for a part of it; the rest is then asked of a gateway. */
async function useCoins(deps: HttpDeps, req: Request): Promise<object> {
  const order = await ownOrder(deps, req);
  const { coins: wanted } = readBody(req, coinsBody);
  const { coins, worth, due } = await answering(payPartWithCoins(deps.operations, order, surfaceOf(req), wanted));
  return {
    order_no: order.orderNo,
    coins_used: coins,
    coins_worth: Number(formatAmount(worth)),
    amount_due: Number(formatAmount(due)),
    currency: due.currency,
  };
}

async function askForMoneyBack(deps: HttpDeps, req: Request, res: Response): Promise<object> {
  const { id, orderNo } = await ownOrder(deps, req);
  const { reason, part = false } = readBody(req, reasonBody);
  const wish = { orderNo, reason, by: 'buyer', offersPart: !part } as const;
  const { outcome, amount, coins } = await answering(askForRefund(deps.operations, wish));
  return {
    order_no: orderNo,
    outcome,
    refund_status: await refundStatusOf(deps.db, id),
    ...(amount ? amountJson(amount, languageOf(req, res)) : {}),
    ...(coins ? { coins_left: coins.left, coins_unspent: coins.unspent } : {}),
  };
}

function amountJson(amount: Money, language: Language): object {
  return {
    amount: Number(formatAmount(amount)),
    currency: amount.currency,
    amount_text: moneyText(amount, language),
  };
}

async function readGift(deps: HttpDeps, req: Request): Promise<object> {
  const order = await giftOrder(deps, req);
  const gift = await giftOfOrder(deps.db, deps.operations.vault, order.id);
  return {
    order_no: order.orderNo,
    status: gift?.state ?? 'not_ready',
    ...(gift?.token === undefined ? {} : { claim_url: giftPage(deps.operations.settings.publicUrl, gift.token) }),
    ...(gift?.claimedAt ? { claimed_at: gift.claimedAt.toISOString() } : {}),
  };
}

async function renewGiftLink(deps: HttpDeps, req: Request): Promise<object> {
  const order = await giftOrder(deps, req);
  const given = await newGift(deps.operations, order);
  if (given === undefined)
    throw new HttpError(
      409,
      'gift_not_open',
      'The gift is not paid yet, or was claimed or taken back: there is no new link',
    );
  return { order_no: order.orderNo, status: 'open', claim_url: given.page };
}

async function giftOrder(deps: HttpDeps, req: Request): Promise<Order> {
  const order = await ownOrder(deps, req);
  if (!order.gift) throw new HttpError(404, 'not_found', 'This order is no gift');
  return order;
}

/**
 * Their own order, proved by their session, or by the token of its signed link: `?t=`, `token` in the body, or `Authorization: Bearer`.
 * @throws HttpError 401 | 403 | 404
 */
async function ownOrder(deps: HttpDeps, req: Request): Promise<Order> {
  const order = await orderByNumber(deps.db, req.params.orderNo);
  const inBody: unknown = req.body?.token ?? req.body?.t;
  const [, bearer] = /^Bearer\s+(\S+)$/i.exec(req.get('authorization') ?? '') ?? [];
  const token = [req.query.t, inBody, bearer].find((each) => typeof each === 'string');
  if (typeof token === 'string' && verifyOrderLink(deps.settings, order.orderNo, token)) return order;
  const session = sessionOf(deps, req);
  if (session && order.userId === session.userId) return order;
  throw new HttpError(401, 'unauthorized', "This needs the order's own link (its t=…), or the session of its buyer");
}
