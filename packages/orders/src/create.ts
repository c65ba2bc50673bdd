import { changed, type Db, row } from '@mingdan/db';
import { type Clock, orderNumber, type Vault } from '@mingdan/kernel';
import { noteCouponUse } from './coupons.ts';
import { checkGift, noteGiftOrder } from './gifts.ts';
import {
  emailDigest,
  findOrderByConfirmation,
  findOrderByExternalId,
  ORDER_COLUMNS,
  type Order,
  sealEmail,
  sealInput,
} from './order.ts';
import { type PricedOrder, priceOf } from './price.ts';
import type { Product } from './products.ts';
import { OrderRefused } from './refused.ts';
import { defaultRates, RATES_NOW, readMaintenance } from './site-settings.ts';
import { reserveStock } from './stock.ts';

export interface NewOrder {
  readonly userId: number | null;
  readonly product: Product;
  /** what the product needs to know of the buyer; encrypted at rest */
  readonly input: unknown;
  readonly language: string;
  /** the same id again returns the same order, so that a double tap buys once */
  readonly confirmationId: string;
  readonly baziSource: 'local' | 'yuanfenju';
  readonly expiryMinutes: number;
  /** how many unpaid orders a buyer may have open */
  readonly maxOpen: number;
  /** more than 1 for goods only; 1 when left out */
  readonly quantity?: number;
  /** of a buyer of the shop */
  readonly email?: string;
  /** where a buyer without an account orders from, as `clientDigest` keeps it */
  readonly client?: Buffer;
  /** the seller's own number of the order */
  readonly externalId?: string;
  /** as the buyer typed it */
  readonly coupon?: string;
  /** slug of the reading that members have free each month; none when left out */
  readonly memberReading?: string;
  /** bought for somebody else: nothing is made but a link by which they claim it (reports and memberships) */
  readonly gift?: boolean;
  /** the gift that pays it, which its buyer has claimed */
  readonly claimsGift?: number;
}

/**
 * Writes an order at the catalogue's price (a member's, less a coupon), and takes its part of the stock. A free one is paid in the same
 * transaction.
 * @throws OrderRefused `too_many_open_orders` | `maintenance` | `sold_out` | `coupon_not_valid` | `gift_not_valid`
 */
export async function createOrder(
  db: Db,
  vault: Vault,
  request: NewOrder,
  clock: Clock,
): Promise<{ order: Order; created: boolean }> {
  const made = await db.transaction(async (tx) => {
    // One buyer's orders are made one after the other, so that the count below is true.
    if (request.userId !== null)
      await row(tx, 'select 1 from users where id = :userId for no key update', { userId: request.userId });
    const before = await sameOrder(tx, request);
    if (before) return { order: before, created: false };
    await checkMaintenance(tx);
    await checkOpenOrders(tx, vault, request);
    const { claimsGift, userId, product } = request;
    if (claimsGift !== undefined) await checkGift(tx, claimsGift, userId, product.slug);

    const priced = await priceOf(tx, vault, request);
    const order = await insertOrder(tx, vault, request, priced, clock);
    if (!order) return { order: (await sameOrder(tx, request)) as Order, created: false };
    await takeWhatItNeeds(tx, vault, request, order, priced);
    if (order.amount.minor > 0) return { order, created: true };
    const paid = await row<Order>(
      tx,
      `update orders o set status = 'paid', paid_at = now(), status_reason = 'free', status_by = 'system' where id = :id returning ${ORDER_COLUMNS}`,
      { id: order.id },
    );
    return { order: paid as Order, created: true };
  });
  // After the commit: inside, it would make commits wait for each other. A lost one costs a poll.
  if (made.created && made.order.status === 'paid')
    await changed(db, `select pg_notify('mingdan_work', 'orders')`).catch(() => 0);
  return made;
}

/** The order that this very request made before: the same card, or the seller's own number again. */
async function sameOrder(tx: Db, request: NewOrder): Promise<Order | undefined> {
  const byCard = await findOrderByConfirmation(tx, request.confirmationId);
  if (byCard || request.externalId === undefined) return byCard;
  return findOrderByExternalId(tx, request.externalId);
}

/** New orders stop; what is paid, notices and refunds go on. */
async function checkMaintenance(tx: Db): Promise<void> {
  const { on } = await readMaintenance(tx);
  if (!on) return;
  throw new OrderRefused('maintenance', 'no new orders are taken now', { hint: 'mingdan maintenance off ends it' });
}

/**
 * A buyer is a user; without an account, the address that the shop writes to together with the network that it is ordered from: nobody
 * proves an address before the first mail, so that a stranger who orders by it uses up a share of their own, not its owner's.
 */
async function checkOpenOrders(tx: Db, vault: Vault, request: NewOrder): Promise<void> {
  if (request.product.price.minor === 0 || request.claimsGift !== undefined) return;
  const email = request.email === undefined ? null : emailDigest(vault, request.email);
  // One address at a time, too: its row is nowhere, so its digest stands for it.
  if (email !== null)
    await row(tx, 'select pg_advisory_xact_lock(7141003, :key::integer)', { key: email.readInt32BE(0) });
  const open = await row<{ count: number }>(
    tx,
    request.userId === null
      ? `select count(*) as count from orders where status = 'pending_payment' and user_id is null and email_digest = :email
            and client_digest is not distinct from :client`
      : `select count(*) as count from orders where status = 'pending_payment' and user_id = :userId`,
    request.userId === null ? { email, client: request.client ?? null } : { userId: request.userId },
  );
  if ((open?.count ?? 0) < request.maxOpen) return;
  throw new OrderRefused('too_many_open_orders', `${request.maxOpen} unpaid orders are open already`, {
    hint: 'The buyer pays or cancels one of them; they expire by themselves',
  });
}

/** Undefined where another transaction wrote the order of this confirmation first. */
async function insertOrder(
  tx: Db,
  vault: Vault,
  request: NewOrder,
  priced: PricedOrder,
  clock: Clock,
): Promise<Order | undefined> {
  const { product, quantity = 1 } = request;
  return row<Order>(
    tx,
    `insert into orders as o (order_no, kind, user_id, product_id, product_slug, product_names, quantity, amount_minor, currency, amount_stars, rates, language, input, bazi_source,
                              confirmation_id, promoter_id, expires_at, status_by, email, email_digest, external_id, discount_minor, priority,
                              gift, claims_gift, client_digest, months)
     values (:orderNo, :kind, :userId, :productId, :slug, :names::jsonb, :quantity, :minor, :currency, :stars::bigint, ${RATES_NOW}, :language, :input,
             :baziSource, :confirmationId, (select promoter_id from users where id = :userId), now() + make_interval(secs => 60 * :expiryMinutes::float8),
             'buyer', :email, :emailDigest, :externalId, :discount, :priority, :gift, :claimsGift::bigint, :client, :months::integer)
     on conflict do nothing
     returning ${ORDER_COLUMNS}`,
    {
      orderNo: orderNumber(product.kind, clock.now()),
      kind: product.kind,
      userId: request.userId,
      productId: product.id,
      slug: product.slug,
      names: JSON.stringify(product.names),
      quantity,
      minor: priced.amount.minor,
      currency: priced.amount.currency,
      stars: priced.stars,
      discount: priced.discount,
      priority: priced.member,
      gift: request.gift ?? false,
      claimsGift: request.claimsGift ?? null,
      months: product.kind === 'membership' ? product.months : null,
      client: request.userId === null ? (request.client ?? null) : null,
      defaultRates: JSON.stringify(defaultRates),
      email: request.email === undefined ? null : sealEmail(vault, request.email),
      emailDigest: request.email === undefined ? null : emailDigest(vault, request.email),
      externalId: request.externalId ?? null,
      language: request.language,
      input: sealInput(vault, request.input),
      baziSource: request.baziSource,
      confirmationId: request.confirmationId,
      expiryMinutes: request.expiryMinutes,
    },
  );
}

/** What else an order takes in the transaction that makes it. */
async function takeWhatItNeeds(
  tx: Db,
  vault: Vault,
  request: NewOrder,
  order: Order,
  { couponId, discount }: PricedOrder,
): Promise<void> {
  if (couponId !== null)
    await noteCouponUse(tx, {
      orderId: order.id,
      couponId,
      discount,
      userId: request.userId,
      emailDigest: request.email === undefined ? null : emailDigest(vault, request.email),
    });
  if (request.claimsGift !== undefined) await noteGiftOrder(tx, request.claimsGift, order.id);
  if (order.kind === 'goods' && !(await reserveStock(tx, order.id)))
    throw new OrderRefused('sold_out', `there are no ${order.quantity} of ${order.productSlug} left`, {
      hint: 'mingdan stock set or add-codes puts more in',
    });
}
