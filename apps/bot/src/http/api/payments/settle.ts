import { formatAmount } from '@mingdan/kernel';
import {
  askForRefund,
  attemptsOf,
  cancelOrder,
  paymentStatus,
  queryPayment,
  type RefundAnswer,
} from '@mingdan/operations';
import { type FoundRefund, findOrder, findRefund, type Order, openRefundOf, refundOfOrder } from '@mingdan/orders';
import type { ProviderName } from '@mingdan/payments';
import { providerCapabilities } from '@mingdan/payments/capabilities';
import type { Request } from 'express';
import type { HttpDeps } from '../../deps.ts';
import { HttpError } from '../../errors.ts';
import { hasApiKey, noApiKey } from '../api-key.ts';
import { readBody } from '../body.ts';
import { answering } from '../operation-errors.ts';
import { callersOrder, namedAmount, orderById, providerByName } from './find.ts';
import { refundBody } from './schemas.ts';

/** `GET /api/v1/payments/<provider>/query/<orderId>`: asks the gateway now and books what it says. */
export async function queryOrder(deps: HttpDeps, req: Request): Promise<object> {
  const provider = providerByName(String(req.params.provider));
  const order = await callersOrder(deps, req, String(req.params.orderId));
  await requireAttempt(deps, order, provider);
  const { providerStatus } = await answering(queryPayment(deps.operations, order, provider));
  // Who keeps no books knows nothing: then the word is ours.
  const hasBooks = providerCapabilities.get(provider)?.query !== false;
  return stateJson(deps, order, hasBooks ? providerStatus : undefined);
}

/** `POST /api/v1/payments/<provider>/close/<orderId>`: ends an unpaid order at its gateways and here. A repeat changes nothing. */
export async function closeOrder(deps: HttpDeps, req: Request): Promise<object> {
  const provider = providerByName(String(req.params.provider));
  const order = await callersOrder(deps, req, String(req.params.orderId));
  await requireAttempt(deps, order, provider);
  const outcome = await answering(cancelOrder(deps.operations, { orderNo: order.orderNo, by: 'api' }));
  if (outcome === 'paid') throw new HttpError(409, 'order_paid', 'The order is paid: refund it instead');
  if (outcome === 'processing')
    throw new HttpError(409, 'payment_processing', 'The gateway sees money for this order: it cannot be closed now');
  return stateJson(deps, order, 'closed');
}

/** `POST /api/v1/payments/<provider>/refund`: all that is left, or a part. The same refundId again is the same refund. */
export async function refundOrder(deps: HttpDeps, req: Request): Promise<object> {
  if (!hasApiKey(req, deps.settings.apiKey)) throw noApiKey();
  const provider = providerByName(String(req.params.provider));
  const wish = readBody(req, refundBody);
  const order = await orderById(deps.db, wish.orderId);
  const attempt = await requireAttempt(deps, order, provider);
  if (order.paidAt !== null && order.provider !== attempt.provider)
    throw new HttpError(409, 'other_provider', `The order was not paid by ${provider}`);
  const amount = wish.amount === undefined ? undefined : namedAmount(wish.amount, order.amount.currency);
  if (amount?.minor === 0)
    throw new HttpError(422, 'invalid_field', 'The field amount has to be more than 0', 'amount');
  const answer = await answering(
    askForRefund(deps.operations, {
      orderNo: order.orderNo,
      reason: wish.reason ?? '',
      by: 'api',
      amount,
      refundId: wish.refundId,
    }),
  );
  const refund = await refundBehind(deps, order, answer, wish.refundId);
  if (!refund) throw new HttpError(409, 'nothing_to_refund', 'Nothing of the order is left that could be given back');
  return refundJson(order, refund);
}

/** The refund that this call made or met. None where there was nothing to give back, or where all of it goes back under another id. */
async function refundBehind(
  { db }: HttpDeps,
  order: Order,
  answer: RefundAnswer,
  refundId: string | undefined,
): Promise<FoundRefund | undefined> {
  if (answer.outcome === 'nothing_to_refund') return undefined;
  const known = answer.refundId ?? refundId;
  return known === undefined ? openRefundOf(db, order.id) : findRefund(db, known);
}

function refundJson(order: Order, { refundId, status, amount }: FoundRefund): object {
  return {
    order_no: order.orderNo,
    refund_id: refundId,
    status,
    amount: Number(formatAmount(amount)),
    currency: amount.currency,
  };
}

/** @throws HttpError 404 `payment_not_found` where the order has no payment at this provider */
async function requireAttempt(deps: HttpDeps, order: Order, provider: ProviderName) {
  const attempts = await attemptsOf(deps.db, order.id);
  const attempt = attempts.find((each) => each.provider === provider);
  if (!attempt) throw new HttpError(404, 'payment_not_found', `The order has no payment at ${provider}`);
  return attempt;
}

async function stateJson(deps: HttpDeps, { id, orderNo }: Order, providerStatus: string | undefined): Promise<object> {
  const order = (await findOrder(deps.db, orderNo)) as Order;
  const status = paymentStatus(order, await refundOfOrder(deps.db, id));
  return {
    order_no: order.orderNo,
    status,
    order_status: order.status,
    provider_status: providerStatus ?? status,
    amount: Number(formatAmount(order.amount)),
    currency: order.amount.currency,
    ...(order.paidAt === null ? {} : { paid_at: order.paidAt.toISOString() }),
  };
}
