import { randomBytes } from 'node:crypto';
import { changed, type Db } from '@mingdan/db';
import {
  coinsFulfiller,
  type Fulfiller,
  giftFulfiller,
  goodsFulfiller,
  membershipFulfiller,
  runOrder,
} from '@mingdan/fulfilment';
import { systemClock } from '@mingdan/kernel';
import {
  claimPaid,
  completeIfDelivered,
  createOrder,
  findOrder,
  findProduct,
  type NewOrder,
  type Order,
} from '@mingdan/orders';
import { aUser, testVault } from '@mingdan/orders/testing';
import type { OperationDeps } from '../src/index.ts';

export async function now(db: Db, { orderNo }: Pick<Order, 'orderNo'>): Promise<Order> {
  return (await findOrder(db, orderNo)) as Order;
}

/** Unpaid; of somebody new, where the wish names nobody. */
export async function orderOf(db: Db, slug: string, wish: Partial<NewOrder> = {}): Promise<Order> {
  const product = await findProduct(db, slug);
  if (!product) throw new Error('no such product');
  const userId = wish.userId === undefined ? (await aUser(db)).id : wish.userId;
  const usual = { input: {}, language: 'en', baziSource: 'local', expiryMinutes: 30, maxOpen: 1000 } as const;
  const confirmationId = randomBytes(9).toString('hex');
  const made = await createOrder(db, testVault, { ...usual, product, confirmationId, ...wish, userId }, systemClock);
  return made.order;
}

/** As the worker does with a paid order. */
export async function fulfil(deps: OperationDeps, order: Order): Promise<Order> {
  const shared = {
    ...deps,
    operatorChatId: -100,
    retryBaseMs: 1,
    confirm: async () => 'confirmed' as const,
    orderLink: () => 'https://mingdan.example/x',
    botAddress: async () => 'https://t.me/mingdan_bot',
    publicUrl: 'https://mingdan.example',
  };
  const all: Fulfiller[] = [coinsFulfiller(shared), membershipFulfiller(shared), goodsFulfiller(shared)];
  const fulfiller = order.gift ? giftFulfiller(shared) : all.find(({ kind }) => kind === order.kind);
  await claimPaid(deps.db, { owner: 'A', leaseSeconds: 60 }, 100);
  await runOrder(shared, fulfiller as Fulfiller, await now(deps.db, order), 'A', new AbortController().signal);
  return now(deps.db, order);
}

/** Its message is out. */
export async function sent(db: Db, order: Order): Promise<Order> {
  await changed(db, `update outbox set status = 'sent', sent_at = now() where order_id = :id and delivers`, {
    id: order.id,
  });
  await completeIfDelivered(db, order.id);
  return now(db, order);
}
