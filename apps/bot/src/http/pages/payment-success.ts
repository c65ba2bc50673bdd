import type { Db } from '@mingdan/db';
import { splitGatewayOrderId } from '@mingdan/kernel';
import { verifyOrderLink } from '@mingdan/operations';
import { findOrder, findOrderByPayment, type Language, type Order } from '@mingdan/orders';
import express, { type Request, type Router } from 'express';
import { html } from 'ghtml';
import { type Site, siteOf } from '../../site.ts';
import { sendPage } from '../compression.ts';
import type { HttpDeps } from '../deps.ts';
import { onlyAllow } from '../errors.ts';
import { languageOf } from '../language.ts';
import { returnLinkToken } from '../return-link.ts';
import { textsIn } from '../texts.ts';
import { layout, type Markup } from './layout.ts';

/** Where gateways put our order number into the address that they send people back to; ours comes first. */
const ORDER_FIELDS = [
  'order_no',
  'out_trade_no',
  'merchantTransactionId',
  'order_id',
  'orderId',
  'client_reference_id',
];
/** Where they put their own number of the payment. */
const PAYMENT_FIELDS = ['session_id', 'track_id', 'trackId', 'transactionId', 'trade_no', 'payment_id'];

/**
 * `/payment/success`: where gateways send people back. What the address bar says only finds the order's page, which asks the gateway
 * whether it is paid. Without an order in it, it says how to find one.
 */
export function paymentSuccessRoutes(deps: HttpDeps): Router {
  const { db, settings } = deps;
  const router = express.Router();
  router
    .route('/payment/success')
    .get(async (req, res) => {
      const order = await orderIn(db, req);
      if (!order) {
        res.set('Cache-Control', 'no-store');
        return sendPage(req, res, noOrderPage(languageOf(req, res), await siteOf(deps)));
      }
      const given = req.query.t;
      const isGood = typeof given === 'string' && verifyOrderLink(settings, order.orderNo, given);
      const token = isGood ? given : returnLinkToken(req, settings, order.orderNo);
      const query = new URLSearchParams({ ...(token === undefined ? {} : { t: token }), back: '1' });
      res.set('Cache-Control', 'no-store');
      return res.redirect(303, `/order/${order.orderNo}?${query}`);
    })
    .all(onlyAllow('GET, HEAD'));
  return router;
}

/** The address names no order of ours: who paid one is not to read that something went wrong. */
function noOrderPage(language: Language, site: Site): Markup {
  const t = textsIn(language);
  const lang = (each: Language) => `?${new URLSearchParams({ lang: each })}`;
  const here = (each: Language) => `/payment/success${lang(each)}`;
  return layout({
    language,
    site,
    title: t('paid.title'),
    languageLinks: { 'zh-CN': here('zh-CN'), 'zh-TW': here('zh-TW'), en: here('en') },
    body: html`<section class="card">
<h1>${t('paid.title')}</h1>
<p>${t('paid.text')}</p>
<p>${t('paid.chat')}</p>
<p><a class="button" href="/shop/lost-link${lang(language)}">${t('paid.find')}</a></p>
<p><a href="/shop${lang(language)}">${t('paid.shop')}</a></p>
</section>`,
  });
}

async function orderIn(db: Db, req: Request): Promise<Order | undefined> {
  for (const field of ORDER_FIELDS) {
    const named = splitGatewayOrderId(firstText(req.query[field]));
    const order = named ? await findOrder(db, named.orderNo) : undefined;
    if (order) return order;
  }
  for (const field of PAYMENT_FIELDS) {
    const paymentId = firstText(req.query[field]);
    if (!/^[\w-]{4,200}$/.test(paymentId)) continue;
    const found = await findOrderByPayment(db, paymentId);
    if (found) return found;
  }
  return undefined;
}

/** Gateways append their own parameters, some under the same name: the first one is ours. */
function firstText(value: unknown): string {
  const [first] = [value].flat();
  return typeof first === 'string' ? first : '';
}
