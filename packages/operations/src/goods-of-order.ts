import { changed, type Db, row } from '@mingdan/db';
import { BY_HAND, type HandedOver, handedOverSchema } from '@mingdan/fulfilment';
import { pause } from '@mingdan/kernel';
import { codesOfOrder, commitStock, findOrder, type Order, refundOfOrder, savedSteps } from '@mingdan/orders';
import type { OperationDeps } from './contract.ts';
import { OperationRefused } from './errors.ts';
import { wakeWorkers } from './settle.ts';

export interface DeliveredGoods {
  readonly codes: readonly string[];
  /** of goods that a person delivered: what they wrote to the buyer */
  readonly note: string | null;
}

/**
 * What was delivered of an order of goods, for whoever holds its signed link; the codes count as seen from now on. Undefined where
 * nothing was (yet), and while money goes back for codes that were never seen.
 */
export async function readGoods(deps: OperationDeps, order: Order): Promise<DeliveredGoods | undefined> {
  if (order.kind !== 'goods' || order.delivery === 'none' || order.status === 'failed') return undefined;
  return deps.db.transaction(async (tx) => {
    // A refund that is asked for at this moment waits, or is seen here.
    await row(tx, 'select 1 from orders where id = :id for update', { id: order.id });
    const seen = await row(tx, 'select 1 from inventory_items where order_id = :id and shown_at is not null limit 1', {
      id: order.id,
    });
    const goesBack = (await isAllReserved(tx, order.id)) && (await refundOfOrder(tx, order.id)).status !== 'failed';
    const codes = goesBack && !seen ? [] : await codesOfOrder(tx, deps.vault, order.id, true);
    const saved = await savedSteps(tx, deps.vault, order.id);
    const note = handedOverSchema.safeParse(saved.get(BY_HAND)?.result).data?.note ?? null;
    return codes.length === 0 && note === null ? undefined : { codes, note };
  });
}

export interface HandOver extends HandedOver {
  readonly orderNo: string;
}

/**
 * A person has delivered goods: the order goes on at once, and its buyer reads the note. Repeated it changes nothing.
 * @throws OperationRefused order_not_found | not_by_hand | sold_out
 */
export async function deliverByHand(
  deps: OperationDeps,
  { orderNo, note, by }: HandOver,
): Promise<'delivered' | 'already'> {
  const order = await findOrder(deps.db, orderNo);
  if (!order) throw new OperationRefused('order_not_found', `there is no order ${orderNo}`);
  const result = deps.vault.seal('order_steps.result', { note, by } satisfies HandedOver);
  const outcome = await deps.db.transaction(async (tx) => {
    const waiting = await row<{ waits: boolean }>(
      tx,
      `select o.status in ('paid', 'generating') and o.delivery = 'none' as waits
         from orders o join products p on p.id = o.product_id where o.id = :id and p.handed_out_by = 'hand' for update of o`,
      { id: order.id },
    );
    const before = await row(
      tx,
      'select 1 from order_steps where order_id = :id and step = :step and finished_at is not null',
      {
        id: order.id,
        step: BY_HAND,
      },
    );
    if (waiting && before) return 'already';
    if (!waiting?.waits)
      throw new OperationRefused('not_by_hand', `order ${orderNo} does not wait for a person to deliver it`);
    await changed(
      tx,
      `insert into order_steps (order_id, step, result, finished_at) values (:id, :step, :result, now())
       on conflict (order_id, step) do update set result = excluded.result, finished_at = now() where order_steps.finished_at is null`,
      { id: order.id, step: BY_HAND, result },
    );
    // Sold out meanwhile, it would fail behind the back of the person who has delivered it.
    if (!(await commitStock(tx, order.id)))
      throw new OperationRefused('sold_out', `there is no stock for order ${orderNo} any more`);
    return 'delivered';
  });
  if (outcome === 'delivered') await wakeOrder(deps.db, order.id);
  deps.log.info({ order_no: orderNo, outcome, by }, 'goods delivered by hand');
  return outcome;
}

async function isAllReserved(tx: Db, orderId: number): Promise<boolean> {
  const paid = await row<{ all: boolean | null }>(
    tx,
    'select bool_and(refund_reserved_minor >= amount_minor) as all from payment_transactions where order_id = :orderId',
    { orderId },
  );
  return paid?.all ?? false;
}

/** A worker that looks at it at this moment puts it down with its old pause: it is waited for. */
async function wakeOrder(db: Db, orderId: number): Promise<void> {
  for (let tries = 0; tries < 20; tries += 1) {
    const woken = await changed(
      db,
      `update orders set due_at = now() where id = :orderId and status = 'generating' and lease_owner is null`,
      { orderId },
    );
    if (woken > 0) break;
    if (!(await row(db, `select 1 from orders where id = :orderId and lease_owner is not null`, { orderId }))) break;
    await pause(100);
  }
  await wakeWorkers(db);
}
