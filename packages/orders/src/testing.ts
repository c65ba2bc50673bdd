import { randomBytes } from 'node:crypto';
import { type Db, row } from '@mingdan/db';
import { freshDatabase, type TestDatabase } from '@mingdan/db/testing';
import { createVault, formatAmount, type Money, systemClock, type Vault } from '@mingdan/kernel';
import { createOrder } from './create.ts';
import { findOrder, type Order } from './order.ts';
import { prepareDatabase } from './prepare.ts';
import { findProduct } from './products.ts';
import { recordNotice } from './record-notice.ts';
import { rememberTelegramUser, type User } from './users.ts';

/** A migrated database of its own for one test file. */
export function testDatabase(): Promise<TestDatabase> {
  return freshDatabase(prepareDatabase);
}

export const testVault: Vault = createVault([{ id: 'test', key: Buffer.alloc(32, 7) }]);

/** A buyer with a chat nobody else has. */
export function aUser(db: Db): Promise<User> {
  return rememberTelegramUser(db, { telegramId: randomBytes(5).readUIntBE(0, 5), language: 'zh-CN' });
}

interface WantedOrder {
  readonly slug?: string;
  readonly userId?: number;
}

/** An unpaid order that nobody has tried to pay. */
export async function anOrder(db: Db, wanted: WantedOrder = {}): Promise<Order> {
  const product = await findProduct(db, wanted.slug ?? 'bazi-basic');
  if (!product) throw new Error('no such product');
  const userId = wanted.userId ?? (await aUser(db)).id;
  const { order } = await createOrder(
    db,
    testVault,
    {
      userId,
      product,
      input: { name: '张三' },
      language: 'zh-CN',
      confirmationId: randomBytes(9).toString('hex'),
      baziSource: 'local',
      expiryMinutes: 30,
      maxOpen: 1000,
    },
    systemClock,
  );
  return order;
}

/** An unpaid order with an open payment at PingPong. */
export async function anUnpaidOrder(
  db: Db,
  { paymentId, ...wanted }: WantedOrder & { readonly paymentId?: string | null } = {},
): Promise<Order> {
  const order = await anOrder(db, wanted);
  if (order.amount.minor > 0) await anAttempt(db, order, paymentId === undefined ? `PAY-${order.orderNo}` : paymentId);
  return order;
}

export async function anAttempt(db: Db, order: Order, paymentId: string | null, provider = 'pingpong'): Promise<void> {
  await row(
    db,
    `insert into payment_attempts (order_id, provider, method, gateway_order_id, amount_minor, currency, provider_payment_id)
     values (:id, :provider, 'TEST', :orderNo, :minor, :currency, :paymentId)`,
    { id: order.id, provider, orderNo: order.orderNo, ...order.amount, paymentId },
  );
}

/** The same order after its gateway's notice came. */
export async function aPaidOrder(db: Db, wanted: Parameters<typeof anUnpaidOrder>[1] = {}): Promise<Order> {
  const order = await anUnpaidOrder(db, wanted);
  if (order.amount.minor > 0) await recordNotice(db, paidNotice(order));
  return (await findOrder(db, order.orderNo)) as Order;
}

export function paidNotice(
  order: Pick<Order, 'orderNo' | 'amount'>,
  changes: { paymentId?: string | null; amount?: Money | null; provider?: string } = {},
) {
  const paymentId = changes.paymentId === undefined ? `PAY-${order.orderNo}` : changes.paymentId;
  return {
    provider: changes.provider ?? 'pingpong',
    eventId: `paid:${paymentId ?? order.orderNo}:${changes.amount ? formatAmount(changes.amount) : ''}`,
    kind: 'paid',
    gatewayOrderId: order.orderNo,
    providerPaymentId: paymentId,
    refundId: null,
    amount: changes.amount === undefined ? order.amount : changes.amount,
    merchantMatches: true,
    occurredAt: null,
  } as const;
}
