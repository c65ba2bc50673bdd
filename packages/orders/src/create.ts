import { changed, type Db, row } from '@mingdan/db';
import { type Clock, MingdanError, orderNumber, type Vault } from '@mingdan/kernel';
import {
  findOrderByConfirmation,
  findOrderByExternalId,
  ORDER_COLUMNS,
  type Order,
  sealEmail,
  sealInput,
} from './order.ts';
import type { Product } from './products.ts';
import { defaultRates, RATES_NOW, readMaintenance } from './site-settings.ts';

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
  /** the seller's own number of the order */
  readonly externalId?: string;
}

export class OrderRefused extends MingdanError {}

/**
 * Writes an order at the catalogue's price. A free one is paid in the same transaction.
 * @throws OrderRefused `too_many_open_orders` | `maintenance`
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
      await row(tx, 'select 1 from users where id = :userId for update', { userId: request.userId });
    const before = await sameOrder(tx, request);
    if (before) return { order: before, created: false };
    await checkMaintenance(tx);
    await checkOpenOrders(tx, request);

    const order = await insertOrder(tx, vault, request, clock);
    if (!order) return { order: (await sameOrder(tx, request)) as Order, created: false };
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

async function checkOpenOrders(tx: Db, request: NewOrder): Promise<void> {
  if (request.userId === null || request.product.price.minor === 0) return;
  const open = await row<{ count: number }>(
    tx,
    `select count(*) as count from orders where user_id = :userId and status = 'pending_payment'`,
    {
      userId: request.userId,
    },
  );
  if ((open?.count ?? 0) < request.maxOpen) return;
  throw new OrderRefused('too_many_open_orders', `${request.maxOpen} unpaid orders are open already`, {
    hint: 'The buyer pays or cancels one of them; they expire by themselves',
  });
}

/** Undefined where another transaction wrote the order of this confirmation first. */
async function insertOrder(tx: Db, vault: Vault, request: NewOrder, clock: Clock): Promise<Order | undefined> {
  const { product, quantity = 1 } = request;
  return row<Order>(
    tx,
    `insert into orders as o (order_no, kind, user_id, product_id, product_slug, product_names, quantity, amount_minor, currency, amount_stars, rates, language, input, bazi_source,
                              confirmation_id, promoter_id, expires_at, status_by, email, external_id)
     values (:orderNo, :kind, :userId, :productId, :slug, :names::jsonb, :quantity, :minor, :currency, :stars::bigint, ${RATES_NOW}, :language, :input,
             :baziSource, :confirmationId, (select promoter_id from users where id = :userId), now() + make_interval(secs => 60 * :expiryMinutes::float8),
             'buyer', :email, :externalId)
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
      minor: product.price.minor * quantity,
      currency: product.price.currency,
      stars: product.priceStars === null ? null : product.priceStars * quantity,
      defaultRates: JSON.stringify(defaultRates),
      email: request.email === undefined ? null : sealEmail(vault, request.email),
      externalId: request.externalId ?? null,
      language: request.language,
      input: sealInput(vault, request.input),
      baziSource: request.baziSource,
      confirmationId: request.confirmationId,
      expiryMinutes: request.expiryMinutes,
    },
  );
}
