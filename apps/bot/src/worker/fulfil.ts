import {
  createSlots,
  type Fulfiller,
  type FulfillerKey,
  type FulfilmentDeps,
  fulfillerKey,
  runOrder,
} from '@mingdan/fulfilment';
import { claimPaid, type Holder, type Order, putDown, renewLeases, takeOverDue } from '@mingdan/orders';
import { createLoop, type Loop } from './loop.ts';

export interface FulfilSettings {
  readonly owner: string;
  readonly concurrency: number;
  readonly leaseSeconds: number;
}

/**
 * Orders in hand for each slot: an order is claimed and its buyer told at once, also while all slots are busy with a slow model. What is in
 * hand and waits for a slot keeps its lease.
 */
const WAITING_PER_SLOT = 25;
const BATCH = 50;

interface InHand {
  readonly order: Order;
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/**
 * Claims paid orders, and works on up to `concurrency` of them at once beyond their first stage. Whoever dies with orders in hand loses them when their lease
 * ends; whoever stops gracefully hands them back at once.
 */
export function createFulfilment(
  deps: FulfilmentDeps,
  fulfillers: ReadonlyMap<FulfillerKey, Fulfiller>,
  settings: FulfilSettings,
): Loop {
  const holder: Holder = { owner: settings.owner, leaseSeconds: settings.leaseSeconds };
  const inHand = new Map<number, InHand>();
  const slotted: FulfilmentDeps = { ...deps, slots: createSlots(settings.concurrency) };
  const loop = createLoop('fulfil', deps.log, claimWhatFits);
  const heartbeat = setInterval(() => void renew().catch(() => undefined), (settings.leaseSeconds * 1000) / 3);

  async function claimWhatFits(): Promise<void> {
    for (;;) {
      const free = settings.concurrency * WAITING_PER_SLOT - inHand.size;
      if (free <= 0) return;
      // New orders first: their buyers have heard nothing yet, and orders that rest must not keep them waiting.
      const paid = await claimPaid(deps.db, holder, Math.min(free, BATCH));
      const room = Math.min(free - paid.length, BATCH);
      const due = room > 0 ? await takeOverDue(deps.db, holder, room, [...inHand.keys()]) : [];
      for (const order of [...paid, ...due]) start(order);
      if (due.length + paid.length === 0) return;
    }
  }

  function start(order: Order): void {
    deps.log.info(
      { order_no: order.orderNo, status: 'generating', kind: order.kind, takeovers: order.takeovers },
      'order claimed',
    );
    const stop = new AbortController();
    const done = work(order, stop.signal).finally(() => {
      inHand.delete(order.id);
      loop.wake();
    });
    inHand.set(order.id, { order, stop, done });
  }

  async function work(order: Order, signal: AbortSignal): Promise<void> {
    const fulfiller = fulfillers.get(fulfillerKey(order));
    if (fulfiller) return runOrder(slotted, fulfiller, order, settings.owner, signal);
    deps.log.error({ order_no: order.orderNo, kind: order.kind }, 'nobody here makes this kind of product');
    await putDown(deps.db, settings.owner, order.id, 600);
  }

  async function renew(): Promise<void> {
    if (inHand.size === 0) return;
    // As it is now: what is claimed while the database answers is not asked about.
    const asked = [...inHand];
    const held = await renewLeases(
      deps.db,
      holder,
      asked.map(([id]) => id),
    );
    for (const [id, { stop }] of asked) if (!held.has(id)) stop.abort();
  }

  return {
    name: loop.name,
    wake: loop.wake,
    async stop() {
      clearInterval(heartbeat);
      await loop.stop();
      for (const { stop } of inHand.values()) stop.abort();
      await Promise.all([...inHand.values()].map(({ done }) => done));
    },
  };
}
