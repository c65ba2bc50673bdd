import { createHash } from 'node:crypto';
import { changed, type Db, row } from '@mingdan/db';
import { randomToken } from '@mingdan/kernel';
import { activateMembership, revokeMembership } from './memberships.ts';
import { ORDER_COLUMNS, type Order } from './order.ts';
import { OrderRefused } from './refused.ts';

/** What is open to a claim: its order's buyer gives it, whoever opens the link first has it. */
export type GiftClaim =
  /** no such link: wrong, of another bot, or replaced by a newer one */
  | { readonly outcome: 'unknown' }
  /** somebody else has it, or its money went back, or it is the buyer's own link */
  | { readonly outcome: 'taken' | 'revoked' | 'own' }
  /** this person's: now, or since an earlier opening */
  | {
      readonly outcome: 'claimed' | 'yours';
      readonly giftId: number;
      readonly productSlug: string;
      /** the order that it pays, where it was made already; a membership needs none */
      readonly orderNo: string | null;
    };

interface Gift {
  readonly id: number;
  readonly kind: string;
  readonly productSlug: string;
  readonly buyerId: number | null;
  readonly claimedBy: number | null;
  readonly revoked: boolean;
  readonly orderNo: string | null;
  readonly months: number | null;
}

export const giftCause = (giftId: number): string => `gift:${giftId}`;

export interface GiftToken {
  /** for the link alone; it is kept nowhere */
  readonly token: string;
  readonly digest: Buffer;
}

export function newGiftToken(): GiftToken {
  const token = randomToken(32);
  return { token, digest: digestOf(token) };
}

const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** Opens a gift to whoever has the link. In the transaction that fulfils its order. */
export async function openGift(tx: Db, order: Pick<Order, 'id' | 'productSlug'>, digest: Buffer): Promise<void> {
  await changed(
    tx,
    'insert into gifts (order_id, digest, product_slug) values (:id, :digest, :productSlug) on conflict (order_id) do nothing',
    { id: order.id, productSlug: order.productSlug, digest },
  );
}

/** A link for one that was lost; the old one ends. @returns false where nobody can claim it any more */
export async function renewGift(db: Db, orderId: number, digest: Buffer): Promise<boolean> {
  const renewed = await changed(
    db,
    'update gifts set digest = :digest where order_id = :orderId and claimed_by is null and revoked_at is null',
    { orderId, digest },
  );
  return renewed === 1;
}

/** True while somebody may still open the link of this order. */
export async function isGiftOpen(db: Db, orderId: number): Promise<boolean> {
  const open = await row(
    db,
    'select 1 from gifts where order_id = :orderId and claimed_by is null and revoked_at is null',
    {
      orderId,
    },
  );
  return open !== undefined;
}

/**
 * Takes a gift: of many who open its link at once, one has it. A membership is given in the same transaction; a report waits for the
 * order that its taker makes (`createOrder` with `claimsGift`).
 */
export async function claimGift(db: Db, token: string, userId: number): Promise<GiftClaim> {
  if (!/^[\w-]{43}$/.test(token)) return { outcome: 'unknown' };
  return db.transaction(async (tx) => {
    const gift = await lockGift(tx, 'g.digest = :digest', { digest: digestOf(token) });
    if (!gift) return { outcome: 'unknown' };
    const { id: giftId, productSlug, orderNo } = gift;
    if (gift.revoked) return { outcome: 'revoked' };
    if (gift.claimedBy === userId) return { outcome: 'yours', giftId, productSlug, orderNo };
    if (gift.claimedBy !== null) return { outcome: 'taken' };
    if (gift.buyerId === userId) return { outcome: 'own' };
    await changed(tx, 'update gifts set claimed_by = :userId, claimed_at = now() where id = :giftId', {
      userId,
      giftId,
    });
    if (gift.kind === 'membership') await giveMembership(tx, gift, userId);
    return { outcome: 'claimed', giftId, productSlug, orderNo: null };
  });
}

/** Its row is locked before anything is read of it: a claim and a refund of one gift come one after the other. */
function lockGift(
  tx: Db,
  where: string,
  bindings: Readonly<Record<string, Buffer | number>>,
): Promise<Gift | undefined> {
  return row<Gift>(
    tx,
    `select g.id, o.kind, g.product_slug as "productSlug", o.user_id as "buyerId", g.claimed_by as "claimedBy", g.revoked_at is not null as revoked,
            (select order_no from orders c where c.id = g.claimed_order_id) as "orderNo", (select months from products p where p.id = o.product_id) as months
       from gifts g join orders o on o.id = g.order_id where ${where} for update of g`,
    bindings,
  );
}

async function giveMembership(tx: Db, { id, productSlug, months }: Gift, userId: number): Promise<void> {
  if (months === null)
    throw new OrderRefused('gift_not_valid', `gift ${id} is no membership any more`, {
      hint: 'mingdan products list tells',
    });
  await activateMembership(tx, { userId, productSlug, months, cause: giftCause(id), orderId: null, actor: 'gift' });
}

/** The order that bought a gift. */
export async function orderOfGift(db: Db, giftId: number): Promise<Order | undefined> {
  return row<Order>(
    db,
    `select ${ORDER_COLUMNS} from orders o join gifts g on g.order_id = o.id where g.id = :giftId`,
    {
      giftId,
    },
  );
}

/** Locks the gift that pays for an order. @throws OrderRefused gift_not_valid */
export async function checkGift(tx: Db, giftId: number, userId: number | null, productSlug: string): Promise<void> {
  const gift = await lockGift(tx, 'g.id = :giftId', { giftId });
  const pays =
    gift?.kind === 'report' &&
    !gift.revoked &&
    gift.claimedBy === userId &&
    gift.orderNo === null &&
    gift.productSlug === productSlug;
  if (!pays)
    throw new OrderRefused('gift_not_valid', `gift ${giftId} does not pay for this order`, {
      hint: 'It is claimed by somebody else, used, or its money went back',
    });
}

export async function noteGiftOrder(tx: Db, giftId: number, orderId: number): Promise<void> {
  await changed(tx, 'update gifts set claimed_order_id = :orderId where id = :giftId', { giftId, orderId });
}

/**
 * Ends a gift whose money goes back, so that nobody can claim it any more; in the transaction that asks for the refund.
 * @param claimedToo operators refund also what somebody has @returns false where nothing of it was left to end
 */
export async function revokeGift(tx: Db, orderId: number, claimedToo: boolean): Promise<boolean> {
  const ended = await changed(
    tx,
    'update gifts set revoked_at = now() where order_id = :orderId and revoked_at is null and (claimed_by is null or :claimedToo::boolean)',
    { orderId, claimedToo },
  );
  return ended === 1;
}

/** Its refund failed: who has its link may claim it after all, and who had claimed it keeps it. */
export async function reviveGift(tx: Db, orderId: number): Promise<void> {
  await changed(tx, 'update gifts set revoked_at = null where order_id = :orderId', { orderId });
}

/** All of its money is back: it is over, and so is the membership that was claimed with it. A report that was written stays. */
export async function endGift(tx: Db, orderId: number): Promise<void> {
  await revokeGift(tx, orderId, true);
  const gift = await row<{ id: number }>(tx, 'select id from gifts where order_id = :orderId', { orderId });
  if (gift) await revokeMembership(tx, giftCause(gift.id));
}
