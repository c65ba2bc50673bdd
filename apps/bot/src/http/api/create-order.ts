import { BirthError, checkOrderBirth } from '@mingdan/bazi';
import { formatAmount, randomToken } from '@mingdan/kernel';
import { orderLink, payable } from '@mingdan/operations';
import { createOrder, findProduct, type Order, type Product, readSiteSettings } from '@mingdan/orders';
import { type ProviderName, providerNames } from '@mingdan/payments';
import { providerCapabilities } from '@mingdan/payments/capabilities';
import express, { type Request, type Router } from 'express';
import { z } from 'zod';
import type { HttpDeps } from '../deps.ts';
import { HttpError, onlyAllow } from '../errors.ts';
import { languageOf } from '../language.ts';
import { openPayment } from '../open-payment.ts';
import { surfaceOf } from '../surface.ts';
import { hasApiKey } from './api-key.ts';
import { jsonBody, readBody } from './body.ts';
import { answering } from './operation-errors.ts';
import { paymentJson } from './payments/create.ts';
import { externalIdPattern } from './payments/find.ts';

const body = z.object({
  product_slug: z.string().regex(/^[a-z0-9-]{1,40}$/),
  quantity: z.number().int().min(1).max(5).default(1),
  email: z.email().max(254),
  payment_method: z.string().trim().max(40).optional(),
  input: z.unknown().optional(),
  external_id: z.string().trim().regex(externalIdPattern).optional(),
});
type Wish = z.output<typeof body>;

/** What shops call some ways to pay. */
const ALIASES: Readonly<Record<string, ProviderName>> = { usdt: 'oxapay', alipay_redpacket: 'redpacket' };

/** `POST /api/create-order`: an order of the shop, without an account; delivered on its page. */
export function createOrderRoutes(deps: HttpDeps): Router {
  const router = express.Router();
  router
    .route('/api/create-order')
    .post(jsonBody(), async (req, res) => {
      const wish = readBody(req, body);
      if (wish.external_id !== undefined && !hasApiKey(req, deps.settings.apiKey))
        throw new HttpError(401, 'unauthorized', 'external_id is for callers with the API key', 'external_id');
      const product = await productOf(deps, wish);
      const provider = wish.payment_method === undefined ? undefined : providerOf(deps, wish.payment_method);
      if (provider !== undefined) await checkPayable(deps, req, provider, product, wish.quantity);
      const order = await placeOrder(deps, wish, product, languageOf(req, res));
      res.set('Cache-Control', 'no-store');
      res.json({ success: true, data: await orderJson(deps, order, { provider, named: wish.payment_method }, req) });
    })
    .all(onlyAllow('POST'));
  return router;
}

async function productOf({ db }: HttpDeps, { product_slug, quantity }: Wish): Promise<Product> {
  const product = await findProduct(db, product_slug);
  if (!product) throw new HttpError(404, 'product_not_found', 'There is no such product', 'product_slug');
  if (quantity > 1 && product.kind !== 'goods')
    throw new HttpError(422, 'invalid_field', 'The field quantity can be more than 1 for goods only', 'quantity');
  return product;
}

function providerOf(deps: HttpDeps, named: string): ProviderName {
  const word = named.toLowerCase();
  const provider = ALIASES[word] ?? providerNames.find((known) => known === word);
  if (provider && deps.operations.settings.offered.includes(provider)) return provider;
  throw new HttpError(
    422,
    'invalid_field',
    'The field payment_method names no way to pay that is offered',
    'payment_method',
  );
}

/** Before the order is made: a way to pay that cannot take its amount, or wants an account or a chat, would leave it unpaid for ever. */
async function checkPayable(
  { db, operations }: HttpDeps,
  req: Request,
  provider: ProviderName,
  { price, priceStars }: Product,
  quantity: number,
): Promise<void> {
  if (price.minor === 0) return;
  const known = providerCapabilities.get(provider);
  const method = known?.methods.find((each) => each.method === known.web[surfaceOf(req)]);
  const buying = {
    amount: { ...price, minor: price.minor * quantity },
    amountStars: priceStars === null ? null : priceStars * quantity,
    rates: (await readSiteSettings(db)).rates,
    userId: null,
    chatId: null,
  };
  if (method && payable(operations, buying, method) !== null) return;
  throw new HttpError(422, 'method_not_offered', 'This way to pay cannot take this order', 'payment_method');
}

async function placeOrder(deps: HttpDeps, wish: Wish, product: Product, language: string): Promise<Order> {
  const { db, vault, clock, settings } = deps.operations;
  const { order, created } = await answering(
    createOrder(
      db,
      vault,
      {
        userId: null,
        product,
        input: inputOf(product, wish.input, clock.now()),
        language,
        confirmationId: `api:${randomToken()}`,
        baziSource: deps.settings.baziSource,
        expiryMinutes: settings.orderExpiryMinutes,
        maxOpen: settings.maxOpenOrdersPerBuyer,
        quantity: wish.quantity,
        email: wish.email,
        ...(wish.external_id === undefined ? {} : { externalId: wish.external_id }),
      },
      clock,
    ),
  );
  if (!created && (order.productSlug !== product.slug || order.quantity !== wish.quantity))
    throw new HttpError(409, 'external_id_taken', 'This external_id is of another order', 'external_id');
  if (created)
    deps.log.info(
      { order_no: order.orderNo, product: order.productSlug, amount_minor: order.amount.minor },
      'order created',
    );
  return order;
}

function inputOf(product: Product, input: unknown, now: Date): unknown {
  if (product.input === 'none') return {};
  try {
    return checkOrderBirth(input ?? {}, now);
  } catch (error) {
    if (!(error instanceof BirthError)) throw error;
    const field = error.field === 'input' ? 'input' : `input.${error.field}`;
    throw new HttpError(422, error.code, `The field ${field} cannot be right: ${error.message}`, field);
  }
}

async function orderJson(
  deps: HttpDeps,
  order: Order,
  { provider, named }: { provider: ProviderName | undefined; named: string | undefined },
  req: Request,
): Promise<object> {
  const data = {
    order_no: order.orderNo,
    amount: Number(formatAmount(order.amount)),
    currency: order.amount.currency,
    order_url: orderLink(deps.operations.settings, order.orderNo),
    expires_at: order.expiresAt.toISOString(),
    // in the caller's own word
    ...(named === undefined ? {} : { payment_method: named }),
  };
  if (provider === undefined || order.status !== 'pending_payment') return data;
  try {
    const started = await answering(openPayment(deps, req, { orderNo: order.orderNo, provider }));
    return { ...paymentJson(started, { provider, method: started.method }), ...data };
  } catch (error) {
    // The order stands and can be paid another way: the buyer is told which, not that nothing happened.
    if (!(error instanceof HttpError)) throw error;
    deps.log.warn(
      { order_no: order.orderNo, provider, cause: error.code },
      'the payment of a new order was not opened',
    );
    return { ...data, payment_error: { code: error.code, message: error.message } };
  }
}
