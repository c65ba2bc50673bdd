import { type Db, row } from '@mingdan/db';
import { type Clock, randomToken, type Vault } from '@mingdan/kernel';
import { createOrder, type NewOrder } from './create.ts';
import { type Gift, lockGiftOfLink, standingOf, takeGift } from './gifts.ts';
import { emailDigest, findOrder, type Order } from './order.ts';
import { OrderRefused } from './refused.ts';

export type GiftOrder =
  | { readonly outcome: 'unknown' | 'taken' | 'revoked' | 'own' }
  /** the gift's order: made now, or by the same request (or person) before */
  | { readonly outcome: 'claimed' | 'yours'; readonly giftId: number; readonly order: Order };

/**
 * Takes a gift and makes the order that it pays, in one transaction: of many who do so at once, by web and by chat, one has both. It needs
 * no account: without one the order itself says whose the gift is.
 * @throws OrderRefused `maintenance` | `gift_not_valid` (for what is no report)
 */
export async function orderByGift(
  db: Db,
  vault: Vault,
  token: string,
  request: Omit<NewOrder, 'claimsGift' | 'gift' | 'coupon' | 'quantity'>,
  clock: Clock,
): Promise<GiftOrder> {
  const { userId, email, confirmationId } = request;
  const digest = email === undefined ? null : emailDigest(vault, email);
  return db.transaction(async (tx): Promise<GiftOrder> => {
    // Their row before the gift's, as in createOrder: two ways to one gift must not wait for each other crosswise.
    if (userId !== null) await row(tx, 'select 1 from users where id = :userId for no key update', { userId });
    const gift = await lockGiftOfLink(tx, token);
    if (!gift) return { outcome: 'unknown' };
    const standing = standingOf(gift, { userId, emailDigest: digest });
    const before = standing === 'yours' || gift.confirmationId === confirmationId ? await orderOf(tx, gift) : undefined;
    if (before && standing !== 'revoked') return { outcome: 'yours', giftId: gift.id, order: before };
    if (standing !== 'open' && standing !== 'yours') return { outcome: standing };
    if (gift.kind !== 'report')
      throw new OrderRefused('gift_not_valid', `gift ${gift.id} is no report`, { hint: 'It is claimed in Telegram' });
    if (standing === 'open') await takeGift(tx, gift.id, userId);
    return {
      outcome: 'claimed',
      giftId: gift.id,
      order: await newOrder(tx, vault, { ...request, claimsGift: gift.id }, clock),
    };
  });
}

/** The same form sent again after its first order had failed is a new order. */
async function newOrder(tx: Db, vault: Vault, request: NewOrder, clock: Clock): Promise<Order> {
  const made = await createOrder(tx, vault, request, clock);
  if (made.created) return made.order;
  const confirmationId = `${request.confirmationId}:${randomToken(9)}`;
  return (await createOrder(tx, vault, { ...request, confirmationId }, clock)).order;
}

async function orderOf(tx: Db, { orderNo }: Gift): Promise<Order | undefined> {
  return orderNo === null ? undefined : findOrder(tx, orderNo);
}
