import { row } from '@mingdan/db';
import { formatAmount } from '@mingdan/kernel';
import { type PaymentStatus, paymentStatus } from '@mingdan/operations';
import { findProductById, type Order, refundOfOrder } from '@mingdan/orders';
import type { Request } from 'express';
import { ownerOf } from '../../auth/users.ts';
import type { HttpDeps } from '../../deps.ts';
import { HttpError } from '../../errors.ts';
import { orderByNumber } from '../../orders-by-number.ts';
import { hasApiKey } from '../api-key.ts';
import { coinsOf } from './packages.ts';

const STATES: Readonly<Record<PaymentStatus, string>> = {
  waiting: 'PENDING',
  processing: 'PENDING',
  paid: 'PAID',
  failed: 'FAILED',
  expired: 'EXPIRED',
  refunded: 'REFUNDED',
};

/** `GET /api/coin/order/status/<order_no>`: an order of coins of who asks. */
export async function coinOrderStatus(deps: HttpDeps, req: Request): Promise<object> {
  const isServer = hasApiKey(req, deps.settings.apiKey);
  const named = req.query.user_id;
  const owner = isServer && named === undefined ? undefined : await ownerOf(deps, req, named, 'user_id');
  const order = await orderByNumber(deps.db, req.params.orderNo);
  if (order.kind !== 'coins' || (owner && owner.id !== order.userId))
    throw new HttpError(404, 'order_not_found', 'There is no order of coins of yours with this number', 'order_no');
  const refund = await refundOfOrder(deps.db, order.id);
  return {
    order_no: order.orderNo,
    status: STATES[paymentStatus(order, refund)],
    amount: Number(formatAmount(order.amount)),
    currency: order.amount.currency,
    ...(await coinPart(deps, order)),
    created_at: order.createdAt.toISOString(),
    expires_at: order.expiresAt.toISOString(),
    ...(order.paidAt === null ? {} : { paid_at: order.paidAt.toISOString() }),
    refund_status: refund.status,
  };
}

/** What an order of coins brings, and when it did; nothing of the account. */
export async function coinPart(
  { db }: Pick<HttpDeps, 'db'>,
  order: Order,
): Promise<{ coins: number; credited_at?: string }> {
  const credit = await row<{ amount: number; at: Date }>(
    db,
    `select amount, created_at as at from coin_ledger where cause = 'credit:' || :orderNo`,
    { orderNo: order.orderNo },
  );
  if (credit) return { coins: credit.amount, credited_at: credit.at.toISOString() };
  const product = order.productId === null ? undefined : await findProductById(db, order.productId);
  return { coins: product ? coinsOf(product) : 0 };
}
