import type { Db } from '@mingdan/db';
import { giftPage, tellBuyer } from '@mingdan/fulfilment';
import type { Vault } from '@mingdan/kernel';
import {
  claimGift,
  type GiftClaim,
  type GiftOrder,
  newGiftToken,
  type Order,
  orderByGift,
  orderOfGift,
  renewGift,
} from '@mingdan/orders';
import type { OperationDeps } from './contract.ts';
import { wakeOutbox, wakeWorkers } from './settle.ts';

/** The giver's message waits, and perhaps an order. */
async function wake(db: Db): Promise<void> {
  await wakeWorkers(db);
  await wakeOutbox(db);
}

/** Who gave it hears that it arrived, in chat or by mail; not who took it. A claim that came back and was taken again is told once. */
async function tellGiver(db: Db, vault: Vault, giftId: number): Promise<void> {
  const order = await orderOfGift(db, giftId);
  if (!order) return;
  const { orderNo, productNames: product } = order;
  const message = { template: 'gift_claimed', params: { orderNo, product } } as const;
  await tellBuyer(db, vault, order, { dedupeKey: `gift-claimed:${orderNo}`, message });
}

/** Takes a gift for a user: a membership begins, a report waits for its order. */
export async function claimForUser(
  { db, vault, log }: OperationDeps,
  token: string,
  userId: number,
): Promise<GiftClaim> {
  const answer = await db.transaction(async (tx) => {
    const claim = await claimGift(tx, token, userId);
    if (claim.outcome === 'claimed') await tellGiver(tx, vault, claim.giftId);
    return claim;
  });
  log.info({ outcome: answer.outcome, user_id: userId }, 'gift opened');
  if (answer.outcome === 'claimed') await wake(db);
  return answer;
}

/** Takes the gift of a report with the order that it pays, also for people without an account. @throws OrderRefused as orderByGift does */
export async function orderClaimedGift(
  { db, vault, clock, log }: OperationDeps,
  token: string,
  request: Parameters<typeof orderByGift>[3],
): Promise<GiftOrder> {
  const answer = await db.transaction(async (tx) => {
    const ordered = await orderByGift(tx, vault, token, request, clock);
    if (ordered.outcome === 'claimed') await tellGiver(tx, vault, ordered.giftId);
    return ordered;
  });
  log.info(
    { outcome: answer.outcome, ...('order' in answer ? { order_no: answer.order.orderNo } : {}) },
    'gift opened',
  );
  if (answer.outcome === 'claimed') await wake(db);
  return answer;
}

/** A claim link for one that was lost; the old one ends. @returns its token and its page, or undefined where nobody can claim the gift any more */
export async function newGift(
  { db, vault, settings }: OperationDeps,
  order: Pick<Order, 'id'>,
): Promise<{ token: string; page: string } | undefined> {
  const given = newGiftToken(vault);
  if (!(await renewGift(db, order.id, given))) return undefined;
  return { token: given.token, page: giftPage(settings.publicUrl, given.token) };
}
