import { type Db, row, rows } from '@mingdan/db';
import type { Localised, Money, OrderKind, Vault } from '@mingdan/kernel';
import { IS_COIN_PART } from './coins.ts';
import { type Page, pageOf } from './page.ts';
import type { OrderStatus } from './states.ts';

export type Delivery = 'none' | 'sending' | 'delivered' | 'parked';

export interface Order {
  readonly id: number;
  readonly orderNo: string;
  readonly status: OrderStatus;
  /** why it is in this state, as a short code; null where the state says it all */
  readonly reason: string | null;
  readonly kind: OrderKind;
  readonly productId: number | null;
  readonly productSlug: string;
  readonly productNames: Localised;
  readonly quantity: number;
  readonly amount: Money;
  /** whole Telegram Stars; null: not sold for them by the catalogue */
  readonly amountStars: number | null;
  /** the exchange rates it was priced at, see `ratesOf` */
  readonly rates: unknown;
  /** coins that pay a part of it; 0 without, or when they went back because the rest never came */
  readonly coinsUsed: number;
  /** what coins stand for of its price, in its currency; kept when they went back, since the rest is what was asked for */
  readonly coinsMinor: number;
  /** what it was paid with, beside such coins, where that is known: Stars, USDT or coins may stand for the price; null while unpaid */
  readonly paidWith: Money | null;
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
  /** a gateway sees the money but does not call it final yet */
  readonly paymentSeenAt: Date | null;
  /** what a coupon took off its price; `amount` is without it */
  readonly discountMinor: number;
  /** sealed address of a buyer of the shop */
  readonly email: Buffer | null;
  /** bought for somebody else: what is made of it is a claim link */
  readonly gift: boolean;
  /** the gift that paid it */
  readonly claimsGift: number | null;
  /** of a membership, how long; null where the product says it (an order from before it was kept) */
  readonly months: number | null;
  /** the first order of the subscription that it renews */
  readonly renews: number | null;
  readonly paidAt: Date | null;
  readonly completedAt: Date | null;
  readonly failedAt: Date | null;
}

/** Reads from `orders o left join users u`. */
export const ORDER_COLUMNS = `o.id, o.order_no as "orderNo", o.status, o.status_reason as reason, o.kind, o.product_id as "productId", o.product_slug as "productSlug",
  o.product_names as "productNames", o.quantity, jsonb_build_object('minor', o.amount_minor, 'currency', o.currency) as amount,
  o.amount_stars as "amountStars", o.rates, o.payment_seen_at as "paymentSeenAt", o.discount_minor as "discountMinor", o.email,
  case o.coins_state when 'returned' then 0 else o.coins_used end as "coinsUsed", o.coins_minor as "coinsMinor",
  (select jsonb_build_object('minor', t.amount_minor, 'currency', t.currency) from payment_transactions t
    where t.order_id = o.id and not ${IS_COIN_PART} order by t.id limit 1) as "paidWith", o.provider,
  o.user_id as "userId", (select telegram_id from users where users.id = o.user_id) as "chatId", o.language, o.input,
  o.bazi_source as "baziSource", o.delivery, o.takeovers, o.gift, o.claims_gift as "claimsGift", o.months, o.renews, o.created_at as "createdAt", o.expires_at as "expiresAt", o.paid_at as "paidAt",
  o.completed_at as "completedAt", o.failed_at as "failedAt"`;

/** What a gateway is to be asked for: the price without what coins pay of it. */
export function dueOf({ amount, coinsMinor = 0 }: Pick<Order, 'amount'> & Partial<Pick<Order, 'coinsMinor'>>): Money {
  return { ...amount, minor: amount.minor - coinsMinor };
}

export async function findOrder(db: Db, orderNo: string): Promise<Order | undefined> {
  return row<Order>(db, `select ${ORDER_COLUMNS} from orders o where order_no = :orderNo`, { orderNo });
}

export async function findOrderByConfirmation(db: Db, confirmationId: string): Promise<Order | undefined> {
  return row<Order>(db, `select ${ORDER_COLUMNS} from orders o where confirmation_id = :confirmationId`, {
    confirmationId,
  });
}

/** By the gateway's number of a payment that was opened for it. */
export async function findOrderByPayment(db: Db, paymentId: string): Promise<Order | undefined> {
  return row<Order>(
    db,
    `select ${ORDER_COLUMNS} from orders o
      where id = (select order_id from payment_attempts where provider_payment_id = :paymentId limit 1)`,
    { paymentId },
  );
}

/** Newest first. @param before an order number of theirs: only what is older than that one */
export async function ordersOfUser(
  db: Db,
  userId: number,
  limit: number,
  { before, kind }: { readonly before?: string | undefined; readonly kind?: Order['kind'] | undefined } = {},
): Promise<Order[]> {
  return rows<Order>(
    db,
    `select ${ORDER_COLUMNS} from orders o
      where user_id = :userId and (:kind::text is null or kind = :kind)
        and (:before::text is null or id < (select id from orders where order_no = :before and user_id = :userId))
      order by id desc limit :limit`,
    { userId, limit, before: before ?? null, kind: kind ?? null },
  );
}

/** A page of them. @param before number of an order: those that are older than it */
export async function orderPage(
  db: Db,
  userId: number,
  { limit, before }: { readonly limit: number; readonly before?: string | undefined },
): Promise<Page<Order, string>> {
  return pageOf(await ordersOfUser(db, userId, limit + 1, { before }), limit, ({ orderNo }) => orderNo);
}

/** Of one kind, and still to be paid. */
export async function openOrdersOf(db: Db, userId: number, kind: Order['kind']): Promise<Order[]> {
  return rows<Order>(
    db,
    `select ${ORDER_COLUMNS} from orders o
      where user_id = :userId and kind = :kind and status = 'pending_payment' and expires_at > now() order by id desc limit 20`,
    { userId, kind },
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

const EMAIL = 'orders.email';

export function sealEmail(vault: Vault, email: string): Buffer {
  return vault.seal(EMAIL, email);
}

/** Where the buyer is written to, or undefined where there is no address (any more). */
export function openEmail(vault: Vault, order: Pick<Order, 'email'>): string | undefined {
  return order.email === null ? undefined : String(vault.open(EMAIL, order.email));
}

/** By this an address is found again without being kept readable. */
export function emailDigest(vault: Vault, email: string): Buffer {
  return vault.fingerprint(EMAIL, email.trim().toLowerCase());
}

/** A network address, by which open orders of strangers are told apart without being kept readable. */
export function clientDigest(vault: Vault, client: string): Buffer {
  return vault.fingerprint('orders.client', client);
}

export async function findOrderByExternalId(db: Db, externalId: string): Promise<Order | undefined> {
  return row<Order>(db, `select ${ORDER_COLUMNS} from orders o where external_id = :externalId`, { externalId });
}
