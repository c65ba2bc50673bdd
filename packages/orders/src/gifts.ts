import { createHash } from 'node:crypto';
import { changed, type Db, row } from '@mingdan/db';
import { type OrderKind, randomToken, type Vault } from '@mingdan/kernel';
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

export interface Gift {
  readonly id: number;
  readonly kind: OrderKind;
  readonly productId: number | null;
  readonly productSlug: string;
  /** the order that bought it, and whose that is */
  readonly buyerOrderNo: string;
  readonly buyerId: number | null;
  readonly buyerEmail: Buffer | null;
  readonly claimed: boolean;
  /** null also where the one who claimed it has no account */
  readonly claimedBy: number | null;
  readonly revoked: boolean;
  /** the order that it pays, and the request that made it */
  readonly orderNo: string | null;
  readonly confirmationId: string | null;
  readonly months: number | null;
}

/** Who opens a claim link, as far as they are known. */
export interface Claimer {
  readonly userId: number | null;
  readonly emailDigest?: Buffer | null;
}

/** What a gift is to somebody. */
export type GiftStanding = 'open' | 'yours' | 'taken' | 'revoked' | 'own';

export const giftCause = (giftId: number): string => `gift:${giftId}`;

export interface GiftToken {
  /** for the link alone */
  readonly token: string;
  /** by which the gift is found */
  readonly digest: Buffer;
  /** for its buyer to read the link again */
  readonly sealed: Buffer;
}

const TOKEN = 'gifts.token';
const tokenPattern = /^[\w-]{43}$/;

export function newGiftToken(vault: Vault): GiftToken {
  const token = randomToken(32);
  return { token, digest: digestOf(token), sealed: vault.seal(TOKEN, token) };
}

const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** Opens a gift to whoever has the link. In the transaction that fulfils its order. */
export async function openGift(
  tx: Db,
  order: Pick<Order, 'id' | 'productSlug'>,
  { digest, sealed }: Pick<GiftToken, 'digest' | 'sealed'>,
): Promise<void> {
  await changed(
    tx,
    'insert into gifts (order_id, digest, token, product_slug) values (:id, :digest, :sealed, :productSlug) on conflict (order_id) do nothing',
    { id: order.id, productSlug: order.productSlug, digest, sealed },
  );
}

/** A link for one that was lost; the old one ends. @returns false where nobody can claim it any more */
export async function renewGift(
  db: Db,
  orderId: number,
  { digest, sealed }: Pick<GiftToken, 'digest' | 'sealed'>,
): Promise<boolean> {
  const renewed = await changed(
    db,
    'update gifts set digest = :digest, token = :sealed where order_id = :orderId and claimed_at is null and revoked_at is null',
    { orderId, digest, sealed },
  );
  return renewed === 1;
}

/** How a gift stands, for who bought it. */
export interface GiftOfOrder {
  readonly state: 'open' | 'claimed' | 'revoked';
  /** of the claim link, while it is open; undefined where it cannot be read any more: a new one takes its place */
  readonly token: string | undefined;
  readonly claimedAt: Date | null;
}

/** Undefined while there is none: it is not paid yet, or its order was no gift. */
export async function giftOfOrder(db: Db, vault: Vault, orderId: number): Promise<GiftOfOrder | undefined> {
  const gift = await row<{ token: Buffer | null; claimedAt: Date | null; revoked: boolean }>(
    db,
    'select token, claimed_at as "claimedAt", revoked_at is not null as revoked from gifts where order_id = :orderId',
    { orderId },
  );
  if (!gift) return undefined;
  const { claimedAt, revoked } = gift;
  if (revoked) return { state: 'revoked', token: undefined, claimedAt };
  if (claimedAt !== null) return { state: 'claimed', token: undefined, claimedAt };
  return { state: 'open', token: openToken(vault, gift.token), claimedAt };
}

/** Whose data key is gone must not keep a page from its reader. */
function openToken(vault: Vault, sealed: Buffer | null): string | undefined {
  try {
    return sealed === null ? undefined : String(vault.open(TOKEN, sealed));
  } catch {
    return undefined;
  }
}

/** True while somebody may still open the link of this order. */
export async function isGiftOpen(db: Db, orderId: number): Promise<boolean> {
  const open = await row(
    db,
    'select 1 from gifts where order_id = :orderId and claimed_at is null and revoked_at is null',
    { orderId },
  );
  return open !== undefined;
}

/**
 * Takes a gift: of many who open its link at once, one has it. A membership is given in the same transaction; a report waits for the
 * order that its taker makes (`createOrder` with `claimsGift`).
 */
export async function claimGift(db: Db, token: string, userId: number): Promise<GiftClaim> {
  return db.transaction(async (tx) => {
    const gift = await lockGiftOfLink(tx, token);
    if (!gift) return { outcome: 'unknown' };
    const { id: giftId, productSlug, orderNo } = gift;
    const standing = standingOf(gift, { userId });
    if (standing === 'yours') return { outcome: 'yours', giftId, productSlug, orderNo };
    if (standing !== 'open') return { outcome: standing };
    await takeGift(tx, giftId, userId);
    if (gift.kind === 'membership') await giveMembership(tx, gift, userId);
    return { outcome: 'claimed', giftId, productSlug, orderNo: null };
  });
}

export function standingOf(gift: Gift, { userId, emailDigest }: Claimer): GiftStanding {
  if (gift.revoked) return 'revoked';
  if (gift.claimed) return userId !== null && gift.claimedBy === userId ? 'yours' : 'taken';
  const isBuyer = (userId !== null && gift.buyerId === userId) || (emailDigest && gift.buyerEmail?.equals(emailDigest));
  return isBuyer ? 'own' : 'open';
}

/** To be called with its row locked. @param userId null: somebody without an account, whose order follows in the same transaction */
export async function takeGift(tx: Db, giftId: number, userId: number | null): Promise<void> {
  await changed(tx, 'update gifts set claimed_by = :userId::bigint, claimed_at = now() where id = :giftId', {
    userId,
    giftId,
  });
}

/** The gift of a claim link, to be looked at only; undefined where there is none. */
export async function findGift(db: Db, token: string): Promise<Gift | undefined> {
  if (!tokenPattern.test(token)) return undefined;
  return row<Gift>(db, `${GIFT} where g.digest = :digest`, { digest: digestOf(token) });
}

/** The same, locked. */
export async function lockGiftOfLink(tx: Db, token: string): Promise<Gift | undefined> {
  if (!tokenPattern.test(token)) return undefined;
  return lockGift(tx, 'g.digest = :digest', { digest: digestOf(token) });
}

const GIFT = `select g.id, o.kind, o.product_id as "productId", g.product_slug as "productSlug", o.order_no as "buyerOrderNo", o.user_id as "buyerId",
  o.email_digest as "buyerEmail", g.claimed_at is not null as claimed, g.claimed_by as "claimedBy", g.revoked_at is not null as revoked,
  (select order_no from orders c where c.id = g.claimed_order_id) as "orderNo",
  (select confirmation_id from orders c where c.id = g.claimed_order_id) as "confirmationId",
  coalesce(o.months, (select months from products p where p.id = o.product_id)) as months
  from gifts g join orders o on o.id = g.order_id`;

/**
 * Its row is locked before anything is read of it: a claim and a refund of one gift come one after the other. Two statements: one that waited
 * for a lock sees the new gift, but not the order that was made for it meanwhile.
 */
async function lockGift(
  tx: Db,
  where: string,
  bindings: Readonly<Record<string, Buffer | number>>,
): Promise<Gift | undefined> {
  const locked = await row<{ id: number }>(tx, `select id from gifts g where ${where} for update`, bindings);
  return locked && row<Gift>(tx, `${GIFT} where g.id = :id`, { id: locked.id });
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
    gift.claimed &&
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
    'update gifts set revoked_at = now() where order_id = :orderId and revoked_at is null and (claimed_at is null or :claimedToo::boolean)',
    { orderId, claimedToo },
  );
  return ended === 1;
}

/** Its refund failed, and nothing of its money is back: who has its link may claim it after all, and who had claimed it keeps it. */
export async function reviveGift(tx: Db, orderId: number): Promise<void> {
  await changed(
    tx,
    `update gifts set revoked_at = null where order_id = :orderId
        and not exists (select 1 from payment_transactions t where t.order_id = gifts.order_id and t.refunded_minor > 0)`,
    { orderId },
  );
}

/** All of its money is back: it is over, and so is the membership that was claimed with it. A report that was written stays. */
export async function endGift(tx: Db, orderId: number): Promise<void> {
  await revokeGift(tx, orderId, true);
  const gift = await row<{ id: number }>(tx, 'select id from gifts where order_id = :orderId', { orderId });
  if (gift) await revokeMembership(tx, giftCause(gift.id));
}
