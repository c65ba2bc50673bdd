import { type Db, row } from '@mingdan/db';
import type { Order } from '@mingdan/orders';

/** Who an order is of, and which orders it belongs to: what operators need to answer somebody. No address: that is sealed. */
export interface Buyer {
  /** null: a buyer of the shop, who is written to by mail */
  readonly telegram_id: number | null;
  readonly coupon: string | null;
  /** coins that pay a part of it */
  readonly coins_used: number;
  /** the order that bought the gift which pays this one */
  readonly gift_of: string | null;
  /** the order that claimed this gift */
  readonly claimed_by: string | null;
  /** the first order of the subscription that this one renews */
  readonly renews: string | null;
}

export async function buyerOf(db: Db, order: Order): Promise<Buyer> {
  const found = await row<Omit<Buyer, 'telegram_id' | 'coins_used'>>(
    db,
    `select (select c.code from coupon_uses u join coupons c on c.id = u.coupon_id where u.order_id = o.id) as coupon,
            (select b.order_no from gifts g join orders b on b.id = g.order_id where g.id = o.claims_gift) as gift_of,
            (select c.order_no from gifts g join orders c on c.id = g.claimed_order_id where g.order_id = o.id) as claimed_by,
            (select f.order_no from orders f where f.id = o.renews) as renews
       from orders o where o.id = :id`,
    { id: order.id },
  );
  const none = { coupon: null, gift_of: null, claimed_by: null, renews: null };
  return { telegram_id: order.chatId, coins_used: order.coinsUsed, ...(found ?? none) };
}
