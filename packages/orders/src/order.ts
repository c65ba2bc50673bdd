import { type Db, row, rows } from '@mingdan/db';
import type { Localised, Money, OrderKind, Vault } from '@mingdan/kernel';
import type { OrderStatus } from './states.ts';

export type Delivery = 'none' | 'sending' | 'delivered' | 'parked';

export interface Order {
  readonly id: number;
  readonly orderNo: string;
  readonly status: OrderStatus;
  /** why it is in this state, as a short code; null where the state says it all */
  readonly reason: string | null;
  readonly kind: OrderKind;
  readonly productSlug: string;
  readonly productNames: Localised;
  readonly quantity: number;
  readonly amount: Money;
  readonly provider: string | null;
  readonly userId: number | null;
  /** the buyer's chat; null for buyers without Telegram */
  readonly chatId: number | null;
  readonly language: string;
  readonly input: Buffer | null;
  readonly baziSource: 'local' | 'yuanfenju';
  readonly delivery: Delivery;
  readonly takeovers: number;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly paidAt: Date | null;
  readonly completedAt: Date | null;
  readonly failedAt: Date | null;
}

/** Reads from `orders o left join users u`. */
export const ORDER_COLUMNS = `o.id, o.order_no as "orderNo", o.status, o.status_reason as reason, o.kind, o.product_slug as "productSlug",
  o.product_names as "productNames", o.quantity, jsonb_build_object('minor', o.amount_minor, 'currency', o.currency) as amount, o.provider,
  o.user_id as "userId", (select telegram_id from users where users.id = o.user_id) as "chatId", o.language, o.input,
  o.bazi_source as "baziSource", o.delivery, o.takeovers, o.created_at as "createdAt", o.expires_at as "expiresAt", o.paid_at as "paidAt",
  o.completed_at as "completedAt", o.failed_at as "failedAt"`;

export async function findOrder(db: Db, orderNo: string): Promise<Order | undefined> {
  return row<Order>(db, `select ${ORDER_COLUMNS} from orders o where order_no = :orderNo`, { orderNo });
}

export async function findOrderByConfirmation(db: Db, confirmationId: string): Promise<Order | undefined> {
  return row<Order>(db, `select ${ORDER_COLUMNS} from orders o where confirmation_id = :confirmationId`, {
    confirmationId,
  });
}

/** Newest first. */
export async function ordersOfUser(db: Db, userId: number, limit: number): Promise<Order[]> {
  return rows<Order>(
    db,
    `select ${ORDER_COLUMNS} from orders o where user_id = :userId order by id desc limit :limit`,
    { userId, limit },
  );
}

const INPUT = 'orders.input';

export function sealInput(vault: Vault, input: unknown): Buffer {
  return vault.seal(INPUT, input);
}

/** What the buyer typed, or undefined where it was forgotten. */
export function openInput(vault: Vault, order: Pick<Order, 'input'>): unknown {
  return order.input === null ? undefined : vault.open(INPUT, order.input);
}
